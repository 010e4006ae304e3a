"""One mail, one name: the id by which a mail that is delivered twice is known to be the same.

A Message-ID alone will not do: anybody may reuse somebody else's, and the second mail would vanish as a
duplicate. So the content is hashed with it, without the headers that a relay on the way adds or changes.
"""

from __future__ import annotations

import hashlib

from inbox.mail.headers import begin, split
from inbox.mail.values import Mail

# What a sender writes and no relay touches. A list of what counts is safer than one of what to leave out:
# every hop invents headers of its own.
_SENT = (
    "from", "sender", "reply-to", "to", "cc", "date", "subject", "message-id", "in-reply-to", "references",
    "content-type", "content-transfer-encoding", "auto-submitted",
)  # fmt: skip
_ID_CHARS = 180


def external_id(raw: bytes, mail: Mail) -> str:
    """Message-ID and content hash, at most 255 characters; the same for the same mail by whatever way it
    came.
    """
    return named(raw, mail.message_id)


def named(raw: bytes, message_id: str) -> str:
    """The same, where the Message-ID is known already."""
    return called(message_id, content_hash(raw))


def called(message_id: str, content: str) -> str:
    """The same, where both are."""
    return f"{message_id.strip('<>')[:_ID_CHARS] or 'no-id'}#{content}"


def content_hash(raw: bytes) -> str:
    """Of what its sender wrote, in hexadecimal."""
    headers, body = split(begin(raw))
    said = hashlib.sha256()
    for name in _SENT:
        for value in headers.all(name):
            said.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    said.update(b"\n" + body.replace(b"\r\n", b"\n").rstrip())
    return said.hexdigest()[:40]
