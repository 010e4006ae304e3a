"""What is written and not sent: kept on the server, so that no crash, log-out or other device loses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, false, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from inbox import pictures, presence, rivals
from inbox.db import now, session
from inbox.mail.clean import clean_written, to_text
from inbox.models import Agent, Attachment, Draft, MacroFile, Message, Ticket
from inbox.text import snippet
from inbox.trees import Tree

KINDS = ("reply", "note", "forward")
"""Of a ticket, one each. Conversations nobody has begun yet are of the kind ``new``, as many as one likes."""

LONGEST = 500_000
LONGEST_FIELD = 20_000
TYPED = ("to", "cc", "bcc", "send_at", "then", "macros")
"""Fields that are kept as typed. Those nobody touched are not there, and stand as they usually do."""

OURS = ("of", "originals", *rivals.KEPT)
"""What a draft keeps among its fields and nobody typed."""


# --------------------------------------------------------------------------------------- finding

_DRAFT = Tree(Draft, Draft.files)
_OF = _DRAFT.query(Draft.ticket_id == bindparam("ticket"), Draft.agent_id == bindparam("agent"))
"""Asked with every ticket, and so made once."""


def of(ticket: Ticket, agent: Agent) -> dict[str, Draft | None]:
    """The agent's drafts on a ticket, by kind."""
    by_kind = {draft.kind: draft for draft in _DRAFT.read(_OF, ticket=ticket.id, agent=agent.id)}
    return {kind: by_kind.get(kind) for kind in KINDS}


def begun(agent: Agent) -> Sequence[Draft]:
    """Conversations this agent has not sent yet, the newest first."""
    own = (Draft.agent_id == agent.id, Draft.kind == "new")
    return (
        session.scalars(
            select(Draft)
            .where(*own)
            .options(joinedload(Draft.files))
            .order_by(Draft.updated_at.desc())
            .limit(20)
        )
        .unique()
        .all()
    )


def new(agent: Agent, draft_id: int) -> Draft | None:
    """One of them."""
    own = (Draft.id == draft_id, Draft.agent_id == agent.id, Draft.kind == "new")
    return session.scalars(select(Draft).where(*own).options(joinedload(Draft.files))).unique().one_or_none()


# --------------------------------------------------------------------------------------- keeping


def save(ticket: Ticket, agent: Agent, kind: str, html: str, **fields: Any) -> Draft:
    """Keep these words, and what stands in the fields; the newest save wins."""
    if kind not in KINDS:
        raise ValueError(f"a draft is one of {', '.join(KINDS)}")
    return write(of(ticket, agent)[kind] or _begin(ticket, agent, kind), html, **fields)


def begin(agent: Agent) -> Draft:
    """A conversation with nobody yet."""
    draft = Draft(ticket_id=None, agent_id=agent.id, kind="new")
    session.add(draft)
    session.flush()
    return draft


def write(
    draft: Draft,
    html: str,
    *,
    subject: str | None = None,
    fields: Mapping[str, Any] | None = None,
    writer: rivals.Writer | None = None,
) -> Draft:
    """Put these words into a draft. ``fields`` are all that were typed; what is ours in there stays."""
    words, _shown = pictures.keep(_clean(draft, html), draft.files)
    if bool(words) != bool(draft.html):
        presence.draft_changed(draft)
    rivals.settle(draft, words, writer)
    draft.html = words
    draft.updated_at = now()
    if subject is not None:
        draft.subject = subject[:998]
    if fields is not None:
        ours = {name: value for name, value in draft.recipients.items() if name in OURS}
        draft.recipients = ours | _typed(fields)
    session.flush()
    return draft


def _clean(draft: Draft, html: str) -> str:
    return clean_written(html[:LONGEST], mentions=draft.kind == "note")


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        name: str(fields[name])[:LONGEST_FIELD] for name in TYPED if fields.get(name) is not None
    }
    if fields.get("from") is not None:
        kept["from"] = int(fields["from"])
    if fields.get("signature") is not None:
        kept["signature"] = bool(fields["signature"])
    return kept


def _begin(ticket: Ticket, agent: Agent, kind: str) -> Draft:
    """An empty draft, or the one another window of theirs begins in this moment."""
    draft = Draft(ticket_id=ticket.id, agent_id=agent.id, kind=kind, recipients={})
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:
        draft = of(ticket, agent)[kind] or draft
    return draft


def discard(ticket: Ticket, agent: Agent, kind: str, writer: rivals.Writer | None = None) -> None:
    draft = of(ticket, agent).get(kind)
    if draft:
        forget(draft, writer)


def sending(ticket: Ticket, agent: Agent, kind: str, html: str, writer: rivals.Writer | None) -> None:
    """Before these words leave and their draft with them: what another window wrote stays."""
    draft = of(ticket, agent).get(kind)
    if draft and writer:
        rivals.settle(draft, pictures.keep(_clean(draft, html), draft.files)[0], writer)


def forget(draft: Draft, writer: rivals.Writer | None = None) -> None:
    """It was sent or thrown away: what is left in it goes, too, but for what another window wrote."""
    presence.draft_changed(draft)
    rivals.tell(draft)
    stays = rivals.remains(draft, writer)
    if not (stays and draft.html):
        keep = Attachment.inline if stays else false()  # pictures within the words that stay
        session.execute(delete(Attachment).where(Attachment.draft_id == draft.id, not_(keep)))
        session.expire(draft, ["files"])
    if not stays:
        session.delete(draft)
    session.flush()


# ----------------------------------------------------------------------------------------- files


def attach(
    ticket: Ticket, agent: Agent, kind: str, filename: str, content_type: str, content: bytes
) -> Attachment:
    """Put a file into a draft of a ticket."""
    draft = of(ticket, agent).get(kind) or save(ticket, agent, kind, "")
    return put(draft, filename, content_type, content)


def put(
    draft: Draft, filename: str, content_type: str, content: bytes, *, inline: bool = False
) -> Attachment:
    """Put a file into a draft: beside the text, or a picture for within it."""
    attachment = pictures.made(filename, content_type, content, inline=inline)
    attachment.draft_id = draft.id
    session.add(attachment)
    session.flush()
    return attachment


def detach(attachment: Attachment) -> None:
    session.delete(attachment)
    session.flush()


def pass_on(ticket: Ticket, agent: Agent, message: Message | None, originals: Iterable[Attachment]) -> Draft:
    """The draft of a forward of this message, or of the whole conversation, with copies of its files.

    Words that stand in it already stay; only what they are about changes.
    """
    draft = of(ticket, agent)["forward"] or _begin(ticket, agent, "forward")
    about = message.id if message else 0
    if draft.recipients.get("of") == about:
        return draft
    session.refresh(draft, ["files"])
    earlier = draft.recipients.get("originals", ())
    for file in [file for file in draft.files if file.token in earlier]:
        session.delete(file)
    copies = bring(draft, originals)
    draft.recipients = draft.recipients | {"of": about, "originals": [copy.token for copy in copies]}
    draft.updated_at = now()
    session.flush()
    session.refresh(draft, ["files"])
    return draft


def bring(draft: Draft, originals: Iterable[Attachment | MacroFile]) -> list[Attachment]:
    """Put copies of these files into a draft."""
    copies = [_copy(file, draft) for file in originals]
    session.add_all(copies)
    session.flush()
    return copies


def _copy(file: Attachment | MacroFile, draft: Draft) -> Attachment:
    same = {name: getattr(file, name) for name in ("filename", "content_type", "size", "sha256")}
    return Attachment(draft_id=draft.id, **same)


# ------------------------------------------------------------------------------------------ undo


def put_back(message: Message, agent: Agent, fields: Mapping[str, Any]) -> Draft:
    """Turn a message that has not left into its author's draft, before what they began since.

    Their windows are told: one may have been drawn anew in between, and others may stop what was scheduled.
    """
    kind = fields["kind"]
    if kind == "new":
        draft, since = begin(agent), ""
    else:
        draft = of(message.ticket, agent)[kind] or _begin(message.ticket, agent, kind)
        since = draft.html
    _files_back(message, draft)
    write(draft, (message.html or "") + since, subject=fields["subject"], fields=fields)
    if kind == "forward":
        draft.recipients = draft.recipients | {"of": fields["of"], "originals": []}
    session.flush()
    session.refresh(draft, ["files"])
    session.expire(message, ["attachments"])
    rivals.tell(draft)
    return draft


def _files_back(message: Message, draft: Draft) -> None:
    for file in list(message.attachments):
        if file.inline and f"cid:{file.content_id}" not in (message.html or ""):
            session.delete(file)  # a picture of what was forwarded: it comes with that again
        else:
            file.message_id, file.draft_id = None, draft.id
    session.flush()
    session.refresh(draft, ["files"])


def describe_last(ticket: Ticket) -> None:
    """Let the row speak of the newest message again, after one was taken away."""
    last = session.scalar(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.kind != "note", Message.forward.is_(False))
        .where(Message.automated.not_in(("acknowledgement", "survey")))
        .order_by(Message.id.desc())
        .limit(1)
    )
    if last:
        ticket.snippet = snippet(last.text or to_text(last.html or ""))
        ticket.active_at = last.created_at
