"""Mail as values: hostile bytes in, plain values out; values in, bytes for SMTP out. Read `parse.py` first.

An island: it knows nothing of tickets, databases or settings, so that a process of its own can read mail with
nothing else in reach (`reader.Reader` in the parent, `child` in that process).
"""

from inbox.mail.clean import clean, clean_written, remote_sources, rewrite_images, to_text, trackers
from inbox.mail.compose import Enclosure, Letter, compose
from inbox.mail.fingerprint import external_id
from inbox.mail.framed import page
from inbox.mail.parse import parse
from inbox.mail.quotes import split
from inbox.mail.quotes_html import split_html
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
    "parse",
    "remote_sources",
    "rewrite_images",
    "split",
    "split_html",
    "to_text",
    "trackers",
]
