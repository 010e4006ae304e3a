"""Attack 24: guessing the addresses of files, pictures and exports, and using those of others. Whatever is
wrong with one, the answer is the same.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from math import log2
from typing import Any

import pytest
from flask import Flask

from inbox import db, downloads, drafts, files, people
from inbox.models import Account, Agent, Attachment, Message
from inbox.views import pictures
from tests.clients import CSRF, Browser, ClientFor
from tests.mail.pictures import drawing
from tests.people import MailFrom

pytestmark = pytest.mark.slow

PNG = drawing(8, 8, "PNG")


def put(message: Message, **more: object) -> Attachment:
    file = Attachment(
        message_id=message.id, filename="a.png", content_type="image/png", size=len(PNG),
        sha256=files.put(PNG), **more,
    )  # fmt: skip
    db.session.add(file)
    db.session.commit()
    return file


def words(answer: Any) -> str:
    """The page, without the form token that every page has a fresh one of."""
    return CSRF.sub("", answer.text)


@pytest.fixture
def theirs(mail_from: MailFrom, linen_mailbox: Account) -> Attachment:
    """A picture that only the linen team may see."""
    return put(mail_from.message(account=linen_mailbox, html='<img src="https://shop.example/a.png">'))


def test_attack_24_an_address_has_more_random_bits_than_anybody_can_try(theirs: Attachment) -> None:
    assert len(base64.urlsafe_b64decode(theirs.token + "==")) * 8 >= 128
    assert log2(64) * len(downloads.token(theirs, downloads.ends()).split("-", 2)[2]) >= 128


def test_attack_24_every_wrong_address_of_a_file_gets_the_same_answer(
    theirs: Attachment, grace: Agent, client_for: ClientFor
) -> None:
    """One that another team has, one that nobody has, and one that is no address."""
    client, bodies = client_for(grace), set()
    token = theirs.token
    for tried in (token, "A" * 32, token[:-1], token + "A", token.swapcase(), "%00", "1", str(theirs.id)):
        for path in ("inline", "small", "a.png"):
            answer = client.get(f"/files/{tried}/{path}")
            assert answer.status_code == 404, (tried, path)
            bodies.add(words(answer))
    assert len(bodies) == 1


def test_attack_24_what_is_there_and_what_is_not_look_alike_on_every_number(
    theirs: Attachment, grace: Agent, client_for: ClientFor
) -> None:
    client, bodies = client_for(grace), set()
    message = theirs.message
    assert message
    image = pictures.name_of("https://shop.example/a.png")
    for number in (message.id, 2_000_000_000):
        for path in ("frame", "raw", "source", "headers", "print", f"images/{image}"):
            answer = client.get(f"/messages/{number}/{path}")
            assert answer.status_code == 404, (number, path)
            bodies.add(words(answer))
    for number in (message.ticket_id, 2_000_000_000):
        bodies.add(words(client.get(f"/tickets/{number}/print")))
        bodies.add(words(client.get(f"/tickets/{number}")))
    assert len(bodies) == 1


def test_attack_24_an_address_is_worth_nothing_without_its_right(
    theirs: Attachment, linus: Agent, ada: Agent, client_for: ClientFor, visitor: Browser
) -> None:
    """Shared with a stranger, kept after one left the team, after the ticket moved, after one was let go."""
    path = f"/files/{theirs.token}/inline"
    client = client_for(linus)
    assert client.get(path).status_code == 200
    assert visitor.get(path).status_code in (303, 401)
    linus = db.session.get_one(Agent, linus.id)
    linus.teams = []
    db.session.commit()
    assert client.get(path).status_code == 404
    people.deactivate(db.session.get_one(Agent, linus.id), db.session.get_one(Agent, ada.id))
    db.session.commit()
    assert client.get(path).status_code in (303, 401)


def test_attack_24_a_draft_file_belongs_to_its_draft_alone(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    one, other = mail_from(), mail_from()
    file = drafts.attach(one, grace, "reply", "a.txt", "text/plain", b"x")
    drafts.save(other, grace, "reply", "<p>Hi</p>")
    db.session.commit()
    client = client_for(grace)
    assert client.delete(f"/tickets/{other.id}/drafts/reply/files/{file.token}").status_code == 404
    assert client.delete(f"/tickets/{one.id}/drafts/note/files/{file.token}").status_code == 404
    assert db.session.get(Attachment, file.id) is not None


def test_attack_24_a_signed_address_holds_for_its_file_and_its_time(
    mail_from: MailFrom, visitor: Browser
) -> None:
    until = downloads.ends()
    one, other = (put(mail_from.message(), linked_until=until) for _ in range(2))
    good = downloads.token(one, until)
    assert visitor.get(f"/f/{good}").status_code == 200
    number, second, seal = good.split("-", 2)
    later = f"{int(second, 16) + 1:x}"
    tried = {
        "of another": f"{other.id:x}-{second}-{seal}",
        "a second longer": f"{number}-{later}-{seal}",
        "over": downloads.token(one, db.now() - timedelta(seconds=1)),
        "in capitals": f"{number}-{second}-{seal.swapcase()}",
        "its file's own": one.token,
        "cut": good[:-1],
        "twice": good + good,
        "an address of agents": f"..%2ffiles%2f{one.token}",
    }
    answers = {what: visitor.get(f"/f/{token}") for what, token in tried.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(tried, 404)
    same = {answer.data for what, answer in answers.items() if what != "an address of agents"}
    assert len(same) == 1


def test_attack_24_a_signature_of_another_installation_opens_nothing(
    mail_from: MailFrom, visitor: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = downloads.ends()
    file = put(mail_from.message(), linked_until=until)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("inbox.vault.derived", lambda _purpose: b"another key of the same size....")
        forged = downloads.token(file, until)
    assert visitor.get(f"/f/{forged}").status_code == 404
    assert visitor.get(f"/f/{downloads.token(file, until)}").status_code == 200
