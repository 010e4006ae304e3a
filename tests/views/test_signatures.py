"""Signatures with a logo: kept with their address, and within every mail that carries them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from inbox import db, drafts, files, outbox, tickets
from inbox.models import Account, AccountAddress, Agent, Attachment, Message, Ticket
from tests.clients import Browser, ClientFor, now_of
from tests.mail.pictures import drawing
from tests.people import MailFrom


@pytest.fixture
def admin(ada: Agent, client_for: ClientFor) -> Browser:
    return client_for(ada)


def put_up(admin: Browser, row: AccountAddress, content: bytes, name: str = "logo.webp") -> str:
    """The address of a picture for this signature."""
    answer = admin.post(
        f"/settings/mailboxes/{row.account_id}/addresses/{row.id}/pictures",
        data={"file": (BytesIO(content), name)},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200, answer.text
    found = re.search(r'data-src="([^"]+)"', answer.text)
    assert found
    return found[1]


def sign(admin: Browser, row: AccountAddress, html: str) -> None:
    path = f"/settings/mailboxes/{row.account_id}/addresses/{row.id}"
    assert admin.post(path, data={"name": "", "team": "0", "signature": html}).status_code == 303


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from()


@pytest.fixture
def logo(admin: Browser, support: Account, ticket: Ticket) -> AccountAddress:
    """The address of the mailbox, whose signature has one."""
    row = support.addresses[0]
    source = put_up(admin, row, drawing(1200, 300, "WEBP"))
    sign(admin, row, f'<p>Barro &amp; Linho</p><p><img src="{source}" alt="Barro &amp; Linho"></p>')
    return now_of(row)


def mail_of(message: Message) -> bytes:
    message.not_before = db.now()
    db.session.commit()
    outbox.send_now(message.id)
    db.session.expire_all()
    return files.get(db.session.get_one(Message, message.id).raw_sha256 or "")


def test_a_logo_is_drawn_anew_and_named_as_the_mail_names_it(logo: AccountAddress) -> None:
    (picture,) = logo.pictures
    assert (picture.filename, picture.content_type) == ("logo.jpg", "image/jpeg")
    assert Image.open(BytesIO(files.get(picture.sha256))).size == (600, 150)
    assert f'<img src="cid:{picture.content_id}" alt="Barro &amp; Linho">' in logo.signature


def test_every_mail_carries_the_logo(logo: AccountAddress, ada: Agent, ticket: Ticket) -> None:
    for key in ("1", "2"):
        message = tickets.reply(now_of(ticket), now_of(ada), "<p>On its way</p>", key=key)
        mail = message_from_bytes(mail_of(message), policy=policy.default)
        (shown,) = [part for part in mail.walk() if part.get_content_maintype() == "image"]
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert f'src="cid:{shown["Content-ID"].strip("<>")}"' in html and shown["Content-Disposition"]
        assert shown.get_content_disposition() == "inline"
    unsigned = tickets.reply(now_of(ticket), now_of(ada), "<p>Bye</p>", key="3", signed=False)
    assert unsigned.attachments == []


def test_the_logo_is_shown_wherever_the_signature_is(
    logo: AccountAddress, admin: Browser, ticket: Ticket, ada: Agent, linus: Agent, client_for: ClientFor
) -> None:
    source = f"/files/{logo.pictures[0].token}/inline"
    for page in ("/_composer", "/_pane"):
        assert f'src="{source}"' in admin.get(f"/tickets/{ticket.id}{page}").text
    assert (
        f"{source}&#34;" in admin.get(f"/settings/mailboxes/{logo.account_id}").text
    )  # within its text area
    assert client_for(linus).get(source).status_code == 200
    message = tickets.reply(now_of(ticket), now_of(ada), "<p>On its way</p>", key="1")
    db.session.commit()
    letter = admin.get(f"/messages/{message.id}/_message").text
    (copy,) = message.attachments
    assert f'src="/files/{copy.token}/inline"' in letter and "logo.jpg" not in letter
    assert f"/files/{copy.token}/inline" in admin.get(f"/messages/{message.id}/frame").text


def test_what_is_taken_back_or_forwarded_leaves_the_logo_behind(
    logo: AccountAddress, admin: Browser, ticket: Ticket, ada: Agent
) -> None:
    message = tickets.reply(now_of(ticket), now_of(ada), "<p>On its way</p>", key="1")
    db.session.commit()
    admin.put(f"/tickets/{ticket.id}/drafts/forward/original", data={"message": message.id})
    draft = drafts.of(now_of(ticket), now_of(ada))["forward"]
    assert draft and draft.files == []
    draft = tickets.undo(db.session.get_one(Message, message.id), now_of(ada))
    assert draft.files == [] and draft.html == "<p>On its way</p>"
    # only the signature's own is left
    assert [one.address_id for one in db.session.scalars(select(Attachment))] == [logo.id]


def test_a_logo_goes_with_the_words_it_stood_in(logo: AccountAddress, admin: Browser) -> None:
    sign(admin, logo, "<p>Barro &amp; Linho</p>")
    assert now_of(logo).pictures == [] and db.session.query(Attachment).count() == 0


def test_only_an_admin_puts_up_only_pictures(
    support: Account, admin: Browser, grace: Agent, client_for: ClientFor
) -> None:
    row = support.addresses[0]
    path = f"/settings/mailboxes/{support.id}/addresses/{row.id}/pictures"
    for client, content, status in (
        (admin, b"<svg onload=alert(1)>", 422),
        (client_for(grace), drawing(4, 4, "PNG"), 404),
    ):
        answer = client.post(
            path, data={"file": (BytesIO(content), "x.png")}, content_type="multipart/form-data"
        )
        assert answer.status_code == status
    assert db.session.query(Attachment).count() == 0
