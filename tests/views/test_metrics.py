"""What Prometheus is told, and who may ask."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from inbox import config, connections, db, metrics
from inbox.models import Account, Agent, Payload
from inbox.views import metrics as view
from tests.people import MailFrom

LINE = re.compile(r'[a-z_]+(\{([a-z_]+="(\\.|[^"\\\n])*",?)+\})? -?[0-9.e+-]+')


def figures(text: str) -> dict[str, float]:
    """Every line is either a comment or one figure, as Prometheus reads it."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert text.endswith("\n") and all(LINE.fullmatch(line) for line in lines), lines
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.usefixtures("ada")
def test_figures_come_from_the_rows(mail_from: MailFrom, support: Account, ada: Agent) -> None:
    from inbox import tickets

    ticket = mail_from()
    sent = tickets.reply(ticket, ada, html="<p>Hi</p>", key="k")
    sent.created_at = sent.not_before = db.now() - timedelta(seconds=90)
    waiting = Payload(
        account_id=support.id, sha256="0" * 64, size=1, created_at=db.now() - timedelta(minutes=5)
    )
    db.session.add(waiting)
    support.address = 'odd"\\\n@barro.example'
    connections.failing(support.id, "in", "No.")
    connections.seen(support.id, "out")
    db.session.commit()
    found = figures(metrics.exposition())
    assert found['prosa_payloads{state="new"}'] == 1 and found['prosa_payloads{state="held"}'] == 0
    assert 300 <= found["prosa_payload_oldest_seconds"] < 330
    assert found['prosa_messages{state="queued"}'] == 1
    assert 90 <= found["prosa_message_oldest_seconds"] < 120
    mailbox = r'mailbox="odd\"\\\n@barro.example"'
    assert found[f'prosa_mailbox_failing{{{mailbox},direction="in"}}'] == 1
    assert found[f'prosa_mailbox_last_seconds{{{mailbox},direction="out"}}'] < 30
    assert found[f"prosa_mailbox_sent_last_hour{{{mailbox}}}"] == 0
    assert found["prosa_redis_up"] == 0 and "prosa_sockets" not in found, "what cannot be asked is left out"
    assert found["prosa_disk_free_bytes"] > 0 and found["prosa_held"] == 0


def test_an_empty_house_waits_for_nothing(house: object) -> None:
    found = figures(metrics.exposition())
    assert found["prosa_payload_oldest_seconds"] == found["prosa_message_oldest_seconds"] == 0


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("192.0.2.7", {}, 404),
    ],
)
def test_without_a_token_only_this_machine_may_ask(
    visitor, house: object, peer: str, headers: dict[str, str], status: int
) -> None:
    answer = visitor.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status
    if status == 200:
        assert answer.content_type.startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(("given", "status"), [("Bearer s3cret", 200), ("Bearer wrong", 404), ("", 404)])
def test_a_token_lets_in_from_anywhere_and_is_then_always_asked_for(
    visitor, house: object, monkeypatch: pytest.MonkeyPatch, given: str, status: int
) -> None:
    now = config.load(web={"metrics_token": "s3cret"})
    monkeypatch.setattr(view, "settings", lambda: now)
    answer = visitor.get(
        "/metrics", headers={"Authorization": given}, environ_base={"REMOTE_ADDR": "127.0.0.1"}
    )
    assert answer.status_code == status
    assert "s3cret" not in repr(now)
