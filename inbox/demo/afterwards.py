"""What becomes of a conversation after the words: how it was, what came back, and its ticket's last row."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from inbox.demo.case import DONE, Case
from inbox.demo.desk import POLICY, Desk
from inbox.demo.rows import COLUMNS, moment, perhaps
from inbox.feedback import chosen
from inbox.figures.history import Asked, History, facts
from inbox.models import tally
from inbox.models.ticket import PRIORITIES
from inbox.tickets.bounced import RETURNED

SURVEY = {name: place for place, name in enumerate(COLUMNS["survey"])}
MESSAGE = {name: place for place, name in enumerate(COLUMNS["message"])}


class Front(Desk):
    """The desk, with what customers say of it."""

    # ----------------------------------------------------------------------------------- how it was

    def ask(self, case: Case, at: datetime, row: list[Any]) -> bool:
        """A survey's moment has come; returns whether it was sent."""
        row[SURVEY["attempts"]] = 1
        if why := self._why_not(case, row[SURVEY["event_id"]], at):
            row[SURVEY["state"]], row[SURVEY["reason"]] = "skipped", why
            return False
        case.version += 1
        agent, language = row[SURVEY["agent_id"]], case.language
        text, subject = self.house.question(case, agent)
        message = self._our_row(case, at, None, text, case.version + 1, "survey", subject)
        for name, value in {
            "state": "sent", "language": language, "message_id": message, "sent_at": moment(at),
        }.items():  # fmt: skip
            row[SURVEY[name]] = value
        self._record(case, at, "survey_sent", message, survey=row[0])
        case.version += 1
        self._record(case, at + timedelta(seconds=2), "reply_sent", message)
        case.asked.append(Asked(at, agent, None))
        self.buyers.asked[case.buyer.id] = at.timestamp()
        return True

    def _why_not(self, case: Case, event: int, at: datetime) -> str:
        asked = self.buyers.asked[case.buyer.id]
        reasons = (
            ("spam", case.status == "spam"),
            ("reopened", case.status not in DONE or case.last_resolution != event),
            ("unanswered", case.answered_by is None),
            ("bounced", case.buyer.id in self.bounced),
            ("cap", bool(asked) and at.timestamp() - asked < POLICY.every_days * 86400),
        )
        return next((reason for reason, holds in reasons if holds), "")

    def rate(
        self, case: Case, at: datetime, row: list[Any], score: int, reasons: list[str], comment: str
    ) -> bool:
        """What the customer says; returns whether somebody has to look at it."""
        self.answer += 1
        case.version += 1
        row[SURVEY["state"]] = "answered"
        self._index_message(case, row[SURVEY["message_id"]], comment)
        event = self._record(case, at, "rated", survey=row[0], score=score, comment=bool(comment))
        last = case.asked.pop()
        case.asked.append(Asked(last.at, last.agent, score))
        low = POLICY.is_low(score, case.buyer.tier)
        ticked = json.dumps(chosen(score, reasons))
        said = [self.answer, row[0], score, ticked, comment, event, None, None, None, moment(at), moment(at)]
        case.answers.append(said)
        if low:
            self._take_care(case, at, said, score)
        return low

    def _take_care(self, case: Case, at: datetime, said: list[Any], score: int) -> None:
        said[6] = moment(at)
        did = "urged" if case.is_open else "reopened"
        case.version += 1
        if not case.is_open:
            self._shift(case, at, "open", None)
        case.waiting = case.waiting or at
        if PRIORITIES.index(case.priority) < PRIORITIES.index("high"):
            self._record(case, at, "prioritised", before=case.priority, to="high")
            case.priority = "high"
        self._record(case, at, "low_score", score=score, answer=said[0], did=did)
        self.bell.low(case, at)

    def see(self, case: Case, at: datetime, by: int) -> None:
        """A supervisor has looked at the low score."""
        said = next((one for one in case.answers if one[6] and not one[7]), None)
        if said is not None:
            said[7], said[8] = moment(at), by
            self._record(case, at, "low_score_seen", None, by, answer=said[0], score=said[2])
            self.bell.looks(case, by, at)

    # ----------------------------------------------------------------------------------- what did not arrive

    def come_back(self, case: Case, at: datetime, status: str, diagnostic: str) -> None:
        """The last answer is returned: a report names its Message-ID."""
        row, address = case.our_last, case.buyer.address
        case.version += 1
        payload = self._report(case, at, status, diagnostic)
        mark = {
            "address": address, "action": "failed", "status": status, "diagnostic": diagnostic,
            "at": at.isoformat(), "payload_id": payload,
        }  # fmt: skip
        self._change(case, {
            "state": "failed", "failure": RETURNED, "failure_detail": diagnostic[:255],
            "bounces": json.dumps([mark]), "version": case.version,
        })  # fmt: skip
        said: dict[str, Any] = {
            "payload": payload,
            "status": status,
            "action": "failed",
            "identity": case.buyer.id,
        }
        self._record(case, at, "bounced", row[0], **said)
        self.bounced[case.buyer.id] = (moment(at), diagnostic[:255])
        self._uncounted(case)
        self.bell.failed(case, at, row[0], row[MESSAGE["author_id"]])

    def _report(self, case: Case, at: datetime, status: str, diagnostic: str) -> int:
        self.payload += 1
        address = self.house.addresses[case.address - 1].address
        sha256, size = self.post.report(case, address, status, diagnostic, at)
        self.payloads.append(
            (
                self.payload, case.account, sha256, size, json.dumps([address]), None, 0, "", 0, 0,
                "parsed", "", "",
                1, None, moment(at - timedelta(seconds=1)),
            )
        )  # fmt: skip
        return self.payload

    def fail(self, case: Case, at: datetime, reason: str, detail: str) -> None:
        """The last answer could not be sent: it never left."""
        row = case.our_last
        case.version += 1
        self._change(case, {
            "state": "failed", "failure": reason, "failure_detail": detail, "sent_at": None, "sent_via": None,
            "raw_sha256": None, "undo": case.undo, "version": case.version,
        })  # fmt: skip
        self._record(case, at, "reply_failed", row[0])
        self._uncounted(case)
        self.bell.failed(case, at, row[0], row[MESSAGE["author_id"]])

    def unsent(self, case: Case, at: datetime, by: int, text: str) -> None:
        """An answer of which it is told separately what became of it."""
        self.reply(case, at, by, text, "pending", leaves=False)

    def schedule(self, case: Case, at: datetime, by: int, text: str, leaves: datetime) -> None:
        """An answer that waits for its moment."""
        self.reply(case, at, by, text, "pending", leaves=False)
        self._change(case, {
            "state": "queued", "attempts": 0, "sent_at": None, "sent_via": None, "raw_sha256": None,
            "undo": case.undo, "not_before": moment(leaves), "send_at": moment(leaves),
        })  # fmt: skip
        self._uncounted(case)

    def _change(self, case: Case, values: dict[str, Any]) -> None:
        for name, value in values.items():
            case.our_last[MESSAGE[name]] = value

    def _uncounted(self, case: Case) -> None:
        """What did not arrive is no work that anybody is shown."""
        last = max(n for n, one in enumerate(case.said) if one.kind == "reply")
        case.said[last] = case.said[last]._replace(counts=False)

    # ----------------------------------------------------------------------------------- the end

    def finish(self, case: Case) -> None:
        """Nothing more happens to it: its rows as they are now."""
        self.index_ticket(case)
        if case.thread_row and case.continues is None:
            self.threads.append(tuple(case.thread_row))
        self.batch.rows["survey"] += map(tuple, case.surveys)
        self.batch.rows["answer"] += map(tuple, case.answers)
        self.messages += map(tuple, case.ours_rows)
        self.tallies[tally.place(case.team, case.assignee, case.status)] += 1
        assert case.created is not None and case.active is not None
        self.tickets.append(
            (
                case.id, case.subject, case.status, case.priority, "people", case.spoken, case.buyer.id,
                case.account, case.assignee, case.team, case.topic, case.continues, case.version,
                case.version,
                case.messages, case.snippet, case.spam_reason, case.learnt, perhaps(case.waiting), None,
                perhaps(case.resolved), None, moment(case.active), moment(case.created),
            )
        )  # fmt: skip
        past = History(
            case.status,
            case.team,
            case.assignee,
            case.account,
            case.created,
            case.steps,
            case.said,
            case.asked,
        )
        rows = facts(past)
        self.batch.rows["fact"] += [(self.fact + n, case.id, *row) for n, row in enumerate(rows, 1)]
        self.fact += len(rows)
        self.bell.finish(case)
