"""What came back is written to another address."""

from __future__ import annotations

from inbox import drafts
from inbox.db import session
from inbox.models import Agent, Attachment, Draft, Message

COPIED = ("filename", "content_type", "size", "sha256", "inline", "content_id")


def write_again(message: Message, by: Agent) -> Draft:
    """Put an answer that reached nobody into an answer of this agent, words and files, to nobody yet.

    What they had begun stands below. The message stays, with its reason, until somebody puts it aside; asking
    twice changes nothing.
    """
    draft = drafts.of(message.ticket, by)["reply"] or drafts.save(message.ticket, by, "reply", "")
    words = message.html or ""
    if draft.recipients.get("to") == "" and draft.html.startswith(words):
        return draft
    session.add_all(
        Attachment(draft_id=draft.id, **{name: getattr(file, name) for name in COPIED})
        for file in message.attachments
    )
    session.flush()
    session.refresh(draft, ["files"])
    sender = message.thread.address_id if message.thread else None
    return drafts.write(draft, words + draft.html, fields={"to": "", "cc": "", "bcc": "", "from": sender})
