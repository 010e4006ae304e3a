"""Spam is told from mail by filters, by the team's verdicts and by words; and it bothers nobody."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from inbox import access, config, db, lists, live, reactions, search, spam, tickets, timeline
from inbox.models import Agent, Event, Handling, SpamWord, Verdict
from inbox.models.tally import drift, recount
from inbox.spam import filters
from tests.clients import ClientFor
from tests.conftest import Bells
from tests.people import MailFrom

PILLS: dict[str, Any] = {"subject": "Cheap pills", "text": "Buy cheap pills and watches today, click now"}
CUPS: dict[str, Any] = {"subject": "Cracked cup", "text": "The blue cup came cracked, could you send another"}


def test_what_the_mail_server_calls_spam_bothers_nobody(
    mail_from: MailFrom, ada: Agent, bells: Bells
) -> None:
    ticket = mail_from("Eve <eve@evil.example>", spam="headers")
    db.session.commit()
    assert (ticket.status, ticket.spam_reason, ticket.waiting_since) == ("spam", "headers", None)
    counts = lists.counts(ada)
    assert counts.pop("spam") == 1 and not any(counts.values())
    shown = {view: [t.id for t in lists.page(ada, view).tickets] for view in lists.VIEWS}
    assert shown.pop("spam") == [ticket.id] and not any(shown.values())
    told = set().union(*(rooms for what, _news, rooms in bells.told if what == "changed"))
    assert told == {f"ticket:{ticket.id}", "spam:all", "spam:team:0"}
    assert not search.find(ada, "cracked") and [one.id for one in search.find(ada, f"#{ticket.id}")] == [
        ticket.id
    ]
    assert timeline.of(ticket.customer, ada).total == 0
    assert not drift() and not recount()


def test_marking_and_unmarking_is_remembered_of_the_address(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from("Eve <eve@evil.example>")
    tickets.mark_spam(ticket, ada)
    assert (ticket.status, ticket.spam_reason) == ("spam", "agent")
    assert mail_from("Eve <EVE@evil.example>").status == "spam"
    tickets.not_spam(ticket, ada)
    assert (ticket.status, ticket.spam_reason) == ("new", "") and ticket.waiting_since is not None
    assert mail_from("Eve <eve@evil.example>", spam="headers").status == "new"
    assert db.session.scalars(select(Verdict)).one().spam is False
    kinds = [event.kind for event in db.session.scalars(select(Event).where(Event.agent_id == ada.id))]
    assert kinds == ["spam_marked", "spam_cleared"] and not drift()


def test_it_comes_back_as_it_was(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    tickets.set_status(ticket, "on_hold", ada)
    tickets.mark_spam(ticket, ada)
    tickets.not_spam(ticket, ada)
    assert ticket.status == "on_hold"


@pytest.mark.parametrize("then", ["open", "resolved"])
def test_who_answers_it_says_that_it_is_none(
    mail_from: MailFrom, ada: Agent, bells: Bells, then: str
) -> None:
    ticket = mail_from("Eve <eve@evil.example>", spam="headers")
    tickets.note(ticket, ada, "<p>Is it?</p>", key="n")
    assert ticket.status == "spam", "a note is no verdict"
    message = tickets.reply(ticket, ada, "<p>Hi</p>", key="k", then=then)
    db.session.commit()
    assert (ticket.status, ticket.spam_reason, ticket.waiting_since) == (then, "", None)
    assert db.session.scalars(select(Verdict)).one().spam is False
    mine = select(Event).where(Event.agent_id == ada.id).order_by(Event.id)
    kinds = [event.kind for event in db.session.scalars(mine)]
    assert kinds[:3] == ["note_written", "spam_cleared", "reply_written"]
    assert "spam:all" in bells.told[-2][2] and lists.counts(ada)["spam"] == 0 and not drift()
    assert mail_from("Eve <eve@evil.example>", spam="headers").status == "new"
    tickets.undo(message, ada)
    assert ticket.status == "new" and ticket.waiting_since is not None, "the verdict stays"


def test_who_passes_spam_on_to_others_does_not_say_that_it_is_none(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from("Eve <eve@evil.example>", spam="headers")
    tickets.forward(ticket, ada, "<p>Look</p>", key="f", to=["it@else.example"])
    assert ticket.status == "spam"


def test_another_mail_of_a_spam_conversation_stays_there(mail_from: MailFrom) -> None:
    first = mail_from.message("Eve <eve@evil.example>", spam="headers")
    again = mail_from.message("Eve <eve@evil.example>", refers_to=(first.message_id_header or "",))
    assert again.ticket is first.ticket and first.ticket.status == "spam"
    assert first.ticket.waiting_since is None


def test_a_customer_we_know_is_never_guessed_to_send_spam(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    tickets.reply(ticket, ada, "<p>Hi</p>", key="k")
    assert mail_from(spam="headers").status == "new"
    verified = mail_from.message("Rui <rui@else.example>")
    verified.identity.verified = True  # type: ignore[union-attr]
    assert mail_from("Rui <rui@else.example>", spam="rspamd").status == "new"


def test_a_forged_mail_called_spam_blocks_nobody(mail_from: MailFrom, ada: Agent) -> None:
    mail_from()
    tickets.mark_spam(mail_from(trust="fail"), ada)
    assert mail_from().status == "new" and not db.session.scalars(select(Verdict)).all()


def learn(mail_from: MailFrom, ada: Agent, n: int) -> None:
    for number in range(n):
        tickets.mark_spam(mail_from(f"s{number}@evil.example", **PILLS), ada)
        ticket = mail_from(f"g{number}@good.example", **CUPS)
        tickets.reply(ticket, ada, "<p>Sure</p>", key=f"g{number}")
    db.session.commit()
    events = select(Handling.event_id).where(Handling.reaction == "good_words")
    for event_id in db.session.scalars(events).all():
        reactions.run(event_id)


@pytest.mark.slow
def test_words_count_once_enough_mails_of_either_kind_are_known(mail_from: MailFrom, ada: Agent) -> None:
    learn(mail_from, ada, spam.LEAST - 1)
    mail_from = MailFrom(db.session.merge(mail_from.account))
    assert mail_from("x@new.example", **PILLS).status == "new"
    learn_one = mail_from("y@new.example", **PILLS)
    tickets.mark_spam(learn_one, db.session.merge(ada))
    spam.learn(spam.words(CUPS["subject"], CUPS["text"], "z@good.example"), "", "good")
    ticket = mail_from("x2@new.example", **PILLS)
    assert (ticket.status, ticket.spam_reason) == ("spam", "words")
    assert mail_from("x3@new.example", **CUPS).status == "new"


def test_what_was_learnt_wrongly_is_unlearnt(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from(**PILLS)

    def counted() -> set[tuple[int, int]]:
        db.session.expire_all()
        return {(word.spam, word.good) for word in db.session.scalars(select(SpamWord))}

    tickets.mark_spam(ticket, ada)
    assert counted() == {(1, 0)}
    tickets.not_spam(ticket, ada)
    assert counted() == {(0, 1)}
    tickets.mark_spam(ticket, ada)
    assert counted() == {(1, 0)}


def test_the_rooms_of_spam_are_those_of_who_sees_it(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    tickets.assign(ticket, grace, ada)
    tickets.mark_spam(ticket, ada)
    about = access.rooms_about(live.where(ticket))
    assert about & access.rooms_for(grace, "spam") and about & access.rooms_for(ada, "spam")
    assert not about & access.rooms_for(grace, "open")


def test_agents_say_so_by_a_key(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket = mail_from()
    client = client_for(ada)
    head = client.put(f"/tickets/{ticket.id}/spam")
    assert 'data-status="spam"' in head.text and "Not spam" in head.text
    assert client.get(f"/tickets/{ticket.id}").headers["Location"] == f"/views/spam/tickets/{ticket.id}"
    assert f'id="row-{ticket.id}"' in client.get("/views/spam").text
    assert f'id="row-{ticket.id}"' not in client.get("/views/open").text
    assert 'data-status="new"' in client.delete(f"/tickets/{ticket.id}/spam").text
    assert 'data-status="spam"' in client.put(f"/tickets/{ticket.id}/status", data={"status": "spam"}).text
    assert (
        'data-status="resolved"'
        in client.put(f"/tickets/{ticket.id}/status", data={"status": "resolved"}).text
    )


# --------------------------------------------------------------------------------------- filters


@contextmanager
def rspamd(answer: bytes, status: int = 200, wait: float = 0) -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["From"], self.headers["Rcpt"], body))
            time.sleep(wait)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", asked


@contextmanager
def spamd(answer: bytes) -> Iterator[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.read()
            self.wfile.write(answer)

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]  # type: ignore[misc, index]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def these(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"PROSA__SPAM__{name.upper()}", str(value))
        config.settings.cache_clear()

    yield these
    config.settings.cache_clear()


@pytest.mark.parametrize(
    ("action", "said"), [("reject", "rspamd"), ("add header", "rspamd"), ("no action", ""), ("greylist", "")]
)
def test_rspamd_is_asked_where_it_is_named(use: Any, action: str, said: str) -> None:
    with rspamd(json.dumps({"action": action, "score": 12}).encode()) as (url, asked):
        use(rspamd_url=url)
        assert filters.asked(b"Subject: x\r\n\r\nx", "eve@evil.example", ["support@barro.example"]) == said
    assert asked == [("/checkv2", "eve@evil.example", "support@barro.example", b"Subject: x\r\n\r\nx")]


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"[]", b"{}", b'"spam"'])
def test_a_filter_that_answers_nonsense_calls_nothing_spam(use: Any, answer: bytes) -> None:
    with rspamd(answer) as (url, _asked), spamd(answer) as port:
        use(rspamd_url=url)
        assert filters.asked(b"x", "eve@evil.example", []) == ""
        use(rspamd_url="", spamd_host="127.0.0.1", spamd_port=port)
        assert filters.asked(b"x", "eve@evil.example", []) == ""


def test_a_filter_that_is_down_or_slow_stops_no_mail(use: Any) -> None:
    use(rspamd_url="http://127.0.0.1:9", seconds=1)
    assert filters.asked(b"x", "eve@evil.example", []) == ""
    with rspamd(b'{"action": "reject"}', wait=1.5) as (url, _asked):
        use(rspamd_url=url, seconds=1)
        assert filters.asked(b"x", "eve@evil.example", []) == ""
    with rspamd(b'{"action": "reject"}', status=500) as (url, _asked):
        use(rspamd_url=url)
        assert filters.asked(b"x", "eve@evil.example", []) == ""


@pytest.mark.parametrize(
    ("said", "reason"), [(b"True ; 15.0 / 5.0", "spamassassin"), (b"False ; 1.0 / 5.0", "")]
)
def test_spamassassin_is_asked_where_it_is_named(use: Any, said: bytes, reason: str) -> None:
    with spamd(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: " + said + b"\r\n\r\n") as port:
        use(spamd_host="127.0.0.1", spamd_port=port)
        assert filters.asked(b"Subject: x\r\n\r\nx", "eve@evil.example", []) == reason
