"""What the verbs of ``inbox.tickets`` do, as rows: ``tests/demo`` tells the same story to both and compares.

Nothing here asks the database. Ids are counted, and every moment is given.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from html import escape
from typing import Any

from inbox.demo.bell import Bell
from inbox.demo.case import DONE, OPEN, Case
from inbox.demo.customers import Buyers
from inbox.demo.house import House
from inbox.demo.log import REACTED, Log
from inbox.demo.mails import Letter, Post
from inbox.demo.people import TEAM
from inbox.demo.rows import SEARCHED, Batch, moment
from inbox.feedback import Policy
from inbox.figures.history import STEPS, Said, Step
from inbox.mail import junk
from inbox.models import tally
from inbox.text import snippet, words

SENDS_AFTER = timedelta(seconds=12)
"""The undo window, and the second in which it leaves."""

LEARNS_FROM = 2_000
"""So many conversations taught the house what good mail sounds like; more would only take time."""

POLICY = Policy()


class Desk:
    """Everybody's hands: each method is a verb, and what the house does by itself after it."""

    def __init__(self, house: House, buyers: Buyers, post: Post, until: datetime, batch: Batch) -> None:
        self.house, self.buyers, self.post, self.until, self.batch = house, buyers, post, until, batch
        self.log, self.bell = Log(batch, until), Bell(batch, house, until)
        self.ticket = self.message = self.payload = self.thread = 0
        self.survey = self.answer = self.file = self.fact = 0
        self.tallies: Counter[tally.Place] = Counter()
        self.due: list[tuple[datetime, Case, list[Any]]] = []
        """Surveys whose moment comes."""
        self.judged: dict[str, tuple[Any, ...]] = {}
        self.bounced: dict[int, tuple[str, str]] = {}
        """Whose address gave our mail back: when, and why."""
        self.learnt: Counter[tuple[str, str]] = Counter()
        self.last_in = self.last_out = until - timedelta(days=60)
        rows = batch.rows
        self.tickets, self.messages, self.payloads = rows["ticket"], rows["message"], rows["payload"]
        self.threads, self.surveys, self.answers = rows["thread"], rows["survey"], rows["answer"]
        self.searched, self.facts, self.taggings = rows[SEARCHED], rows["fact"], rows["tagging"]

    # ----------------------------------------------------------------------------------- what comes in

    def receive(self, case: Case, at: datetime, letter: Letter) -> None:
        """The customer writes: the first time, or again."""
        opening = not case.id
        if opening:
            self._open(case, at, letter)
        case.version += 1
        self._payload(case, at, letter)
        if opening:
            self._record(case, at, "opened", continues=case.continues, stranger=False)
        message = self._letter(case, at, letter)
        self._describe(case, at, letter, opening)
        facts: dict[str, Any] = {"automated": letter.automated, "opened": opening}
        self._record(case, at, "message_received", message, **{k: v for k, v in facts.items() if v})
        self._hear(case, at, letter, opening, message)

    def _open(self, case: Case, at: datetime, letter: Letter) -> None:
        self.ticket += 1
        case.id = self.ticket
        if not case.thread:
            self.thread += 1
            case.thread = self.thread
        case.created = case.active = at
        case.status = "spam" if case.spam_reason else "new"
        case.first_words = letter.text
        number = case.buyer.id
        self.buyers.first[number] = self.buyers.first[number] or at.timestamp()

    def _payload(self, case: Case, at: datetime, letter: Letter) -> None:
        """The bytes, as they were kept a moment before."""
        self.payload += 1
        address = self.house.addresses[case.address - 1]
        self.post.pack(letter, case, address, self.message + 1, at)
        self.payloads.append(
            (
                self.payload, case.account, letter.sha256, letter.size, json.dumps([address.address]), None,
                0,
                case.buyer.address, 0, 0, "parsed", "", "", 1, None, moment(at - timedelta(seconds=1)),
            )
        )  # fmt: skip
        self.last_in = at

    def _letter(self, case: Case, at: datetime, letter: Letter) -> int:
        self.message += 1
        number, buyer = self.message, case.buyer
        if not case.thread_row:
            case.thread_row = [
                case.thread,
                case.account,
                letter.external_id,
                case.id,
                case.address,
                moment(at),
            ]
        self.messages.append(
            (
                number, case.id, case.thread, case.account, "customer", "received", buyer.id, None, 0,
                letter.subject, letter.text, letter.quoted, None, None, letter.recipients, letter.automated,
                "",
                "{}", "[]", 0, "null", 0, "", "[]", "{}", 0, letter.external_id, letter.message_id,
                json.dumps(letter.refers), self.payload, None, None, None, None, None, None, 0, "", "",
                None, None,
                None, case.version, moment(letter.written), moment(at),
            )
        )  # fmt: skip
        if letter.refers:
            self.buyers.verified[buyer.id] = 1
        case.refers = case.newest = [*letter.refers, letter.message_id]
        names = self.post.attach(self, number, letter.files, at)
        self._index_message(case, number, f"{letter.text} {names}")
        case.said.append(Said("customer", at, None, not letter.automated, False))
        return number

    def _describe(self, case: Case, at: datetime, letter: Letter, opening: bool) -> None:
        case.messages += 1
        stirs = not letter.automated
        if opening or stirs:
            case.snippet, case.active = snippet(letter.text or letter.subject), at
        if not stirs:
            return
        case.unanswered = case.unanswered or at
        if case.status == "spam":
            return
        self.buyers.active[case.buyer.id] = at.timestamp()
        case.waiting = case.waiting or at
        if case.status != "new":
            self._shift(case, at, "open", None)

    def _hear(self, case: Case, at: datetime, letter: Letter, opening: bool, message: int) -> None:
        if not opening and letter.automated:
            return
        if opening:
            self.buyers.spoken.setdefault(case.buyer.id, case.language)
        if case.status != "spam":
            self.bell.received(case, at, message, opening)

    # ----------------------------------------------------------------------------------- what we write

    def reply(
        self, case: Case, at: datetime, by: int, text: str, then: str = "open", leaves: bool = True
    ) -> int:
        """An answer that leaves when its undo window is over; or, not ``leaves``, what is told later."""
        self.bell.looks(case, by, at)
        case.undo = json.dumps(
            {
                "draft": "reply", "status": case.status,
                "waiting_since": case.waiting.isoformat() if case.waiting else None, "address": case.address,
            }
        )  # fmt: skip
        case.version += 1
        number = self._our_row(case, at, by, text, case.version + leaves)
        case.messages += 1
        case.active, case.snippet = at, snippet(text)
        case.waiting = case.unanswered = None
        case.answered_by, case.our_words = by, text
        case.writers.add(by)
        self.buyers.answered[case.buyer.id] = 1
        self.buyers.active[case.buyer.id] = max(self.buyers.active[case.buyer.id], at.timestamp())
        self._index_message(case, number, text)
        self._record(case, at, "reply_written", number, by)
        self._shift(case, at, then if then != "open" else _gone_on(case.status), by)
        self._learn(case, "good")
        if leaves:
            self._sent(case, at, number)
        case.said.append(Said("reply", at + SENDS_AFTER, by, True, False))
        return number

    def _our_row(
        self,
        case: Case,
        at: datetime,
        by: int | None,
        text: str,
        version: int,
        automated: str = "",
        subject: str = "",
    ) -> int:
        """A mail of ours that left."""
        self.message += 1
        number = self.message
        address = self.house.addresses[case.address - 1]
        if not subject:
            subject = case.subject if case.subject.lower().startswith("re:") else f"Re: {case.subject}"
        key = self.post.our_key(case.thread, number, address.address)
        to = {"name": case.buyer.name, "address": case.buyer.address}
        listed = {"to": [to]} if automated else {"to": [to], "cc": [], "bcc": []}
        refers = case.newest if automated else case.refers
        refers = refers if len(refers) <= 20 else [refers[0], *refers[-19:]]
        leaves = None if automated else moment(at + timedelta(seconds=10))
        signature = "" if automated or by is None else self.house.signature(by, address)
        sent = at + SENDS_AFTER if not automated else at + timedelta(seconds=2)
        html = None if automated else _html(text)
        sender = f"{TEAM[by - 1].name} ({address.name})" if by else address.name
        raw = self.post.ours(case, sender, address, (key, subject, text, refers, automated), at)
        row = [
            number, case.id, case.thread, case.account, "reply", "sent", None, by, 0, subject, text, "", html,
            None, json.dumps(listed), automated, "", "{}", "[]", 0, None, 0, signature, "[]", "{}", 0, key,
            key, json.dumps(refers), None, raw, None if automated else f"demo-{number}", leaves, None, None,
            None, 1, "", "", self.house.via(at), moment(sent), "null", version, None, moment(at),
        ]  # fmt: skip
        case.newest = [*refers, key]
        case.ours, case.our_last = key, row
        case.ours_rows.append(row)
        self.last_out = at
        return number

    def _sent(self, case: Case, at: datetime, message: int) -> None:
        case.version += 1
        self._record(case, at + SENDS_AFTER, "reply_sent", message)

    def note(self, case: Case, at: datetime, by: int, html: str, text: str, mentions: list[int]) -> None:
        """Something for colleagues only."""
        self.bell.looks(case, by, at)
        case.version += 1
        self.message += 1
        number = self.message
        self.messages.append(
            (
                number, case.id, None, case.account, "note", "received", None, by, 0, "", text, "", html,
                None,
                "{}", "", "", "{}", "[]", 0, None, 0, "", "[]", "{}", 0, None, None, "[]", None, None,
                f"demo-{number}", None, None, None, None, 0, "", "", None, None, None, case.version, None,
                moment(at),
            )
        )  # fmt: skip
        case.messages += 1
        case.active = at
        self.buyers.active[case.buyer.id] = max(self.buyers.active[case.buyer.id], at.timestamp())
        self._index_message(case, number, text)
        self._record(case, at, "note_written", number, by, **({"mentions": mentions} if mentions else {}))
        case.writers.add(by)
        self.bell.noted(case, at, number, by, mentions)

    # ----------------------------------------------------------------------------------- what is changed

    def assign(self, case: Case, at: datetime, by: int | None, to: int | None) -> None:
        if case.assignee == to:
            return
        if by:
            self.bell.looks(case, by, at)
        case.version += 1
        before, case.assignee = case.assignee, to
        self._record(case, at, "assigned", None, by, before=before, to=to)
        self.bell.assigned(case, at, by)

    def move(self, case: Case, at: datetime, by: int, team: int | None) -> None:
        if case.team == team:
            return
        self.bell.looks(case, by, at)
        case.version += 1
        before, case.team = case.team, team
        self._record(case, at, "moved", None, by, before=before, to=team)
        self.bell.moved(case, at, by)

    def prioritise(self, case: Case, at: datetime, by: int, priority: str) -> None:
        if case.priority != priority:
            case.version += 1
            self._record(case, at, "prioritised", None, by, before=case.priority, to=priority)
            case.priority = priority

    def set_topic(self, case: Case, at: datetime, by: int, topic: int) -> None:
        if case.topic != topic:
            case.version += 1
            self._record(case, at, "topic_set", None, by, before=case.topic, to=topic)
            case.topic = topic

    def tag(self, case: Case, at: datetime, by: int, tag: int) -> None:
        if tag in case.tags:
            return
        case.version += 1
        case.tags.append(tag)
        self.house.tag_used(tag, at)
        self.taggings.append((case.id, tag))
        self._record(case, at, "tagged", None, by, tag=tag)

    def set_status(self, case: Case, at: datetime, by: int | None, status: str) -> None:
        if status != case.status:
            if by:
                self.bell.looks(case, by, at)
            case.version += 1
            self._shift(case, at, status, by)

    def mark_spam(self, case: Case, at: datetime, by: int) -> None:
        if case.status == "spam":
            return
        self.bell.looks(case, by, at)
        case.version += 1
        case.spam_reason = "agent"
        self._shift(case, at, "spam", by)
        self.judged[case.buyer.address] = (case.buyer.address, 1, by, moment(at))
        self._learn(case, "spam")

    def _shift(self, case: Case, at: datetime, status: str, by: int | None) -> None:
        before = case.status
        if status == before:
            return
        case.status = status
        case.resolved = (case.resolved or at) if status in DONE else None
        if status not in OPEN:
            case.waiting = None
        elif before not in OPEN:
            case.waiting = case.unanswered
        kind = _step(before, status)
        event = self._record(case, at, kind, None, by, before=before, to=status)
        if kind == "resolved":
            self._plan(case, at, event, by)
        self.bell.shifted(case, at, kind)

    def _plan(self, case: Case, at: datetime, event: int, by: int | None) -> None:
        """Remember to ask how it was."""
        self.survey += 1
        agent = case.answered_by or case.assignee or by
        due = at + POLICY.wait
        row = [
            self.survey, event, case.id, case.buyer.id, agent, "", "waiting", "", moment(due), 0,
            self.post.token("survey", self.survey), None, None, None, moment(at + REACTED),
        ]  # fmt: skip
        case.surveys.append(row)
        case.last_resolution = event
        self.due.append((due, case, row))

    # ----------------------------------------------------------------------------------- what is kept

    def _record(
        self,
        case: Case,
        at: datetime,
        kind: str,
        message: int | None = None,
        by: int | None = None,
        **data: Any,
    ) -> int:
        if kind in STEPS:
            case.steps.append(Step(at, kind, by, data.get("before"), data.get("to")))
        return self.log.record(
            at,
            kind,
            data,
            ticket=case.id,
            message=message,
            customer=case.buyer.id,
            agent=by,
            version=case.version,
        )

    def _learn(self, case: Case, as_what: str) -> None:
        """Count the words of what began it, as the team's verdicts do."""
        if case.learnt or case.id > LEARNS_FROM:
            return
        case.learnt = as_what
        for word in (junk.words(case.subject, case.first_words, case.buyer.address), ("",)):
            self.learnt.update((one, as_what) for one in word)

    def _index_message(self, case: Case, number: int, text: str) -> None:
        if said := " ".join(words(text)):
            self.searched.append((2 * number, case.id, said))

    def index_ticket(self, case: Case) -> None:
        """Once its tags are known."""
        buyer = case.buyer
        tags = sorted(self.house.tags[tag - 1] for tag in case.tags)
        said = " ".join(filter(None, (case.subject, buyer.name, buyer.address, buyer.name, *tags)))
        self.searched.append((2 * case.id + 1, case.id, " ".join(words(said))))


def _gone_on(status: str) -> str:
    return "open" if status == "new" else status


def _step(before: str, status: str) -> str:
    if "spam" in (before, status):
        return "spam_marked" if status == "spam" else "spam_cleared"
    if status == "resolved":
        return "resolved"
    return "reopened" if before in DONE and status in OPEN else "status_set"


def _html(text: str) -> str:
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in text.split("\n\n"))
