"""Mail as values: hostile bytes in, plain values out; values in, bytes for SMTP out. Read `parse.py` first.

An island: it knows nothing of tickets, databases or settings, so that a process of its own can read mail with
nothing else in reach (`reader.Reader` in the parent, `child` in that process). What that process alone needs
is not imported here: `parse` and all it knows are a tenth of what a start would import.
"""

from inbox.mail.clean import clean, clean_written, remote_sources, rewrite_images, to_text, trackers
from inbox.mail.compose import Enclosure, Letter, compose
from inbox.mail.fingerprint import external_id
from inbox.mail.framed import page
from inbox.mail.reader import Reader
from inbox.mail.tokens import Signer
from inbox.mail.values import Address, Attachment, Delivery, Mail, Unreadable

__all__ = [
    "Address",
    "Attachment",
    "Delivery",
    "Enclosure",
    "Letter",
    "Mail",
    "Reader",
    "Signer",
    "Unreadable",
    "clean",
    "clean_written",
    "compose",
    "external_id",
    "page",
    "remote_sources",
    "rewrite_images",
    "to_text",
    "trackers",
]
