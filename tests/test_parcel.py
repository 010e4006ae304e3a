"""What leaves with a message: from whom, its pictures in place, large files as links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from inbox import db, downloads, files, oauth, outbox, tickets
from inbox.channels.email import lines, signing
from inbox.mail import marks
from inbox.models import Account, AccountAddress, Agent, Attachment, Message
from inbox.vault import signing_key
from tests.peers.smtp import Peer
from tests.people import MailFrom

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200

Written = Callable[..., Message]


@pytest.fixture
def peer(support: Account) -> Iterator[Peer]:
    with Peer() as made:
        set_up(support, smtp_host="127.0.0.1", smtp_port=made.port, smtp_security="none")
        yield made
    lines.kept.close()


def set_up(account: Account, **settings: Any) -> None:
    account.settings = {**account.settings, **settings}
    db.session.commit()


@pytest.fixture
def written(mail_from: MailFrom, ada: Agent) -> Written:
    """A reply of Ada's that is due; its columns as given."""

    def write(*attached: Attachment, language: str | None = None, **columns: Any) -> Message:
        ticket = mail_from()
        ticket.language = language
        message = tickets.reply(ticket, ada, "<p>On its way</p>", key="k", files=attached)
        message.not_before = db.now() - timedelta(seconds=1)
        for name, value in columns.items():
            setattr(message, name, value)
        db.session.commit()
        return message

    return write


def attached(
    size: int, name: str = "plan.pdf", kind: str = "application/pdf", content: bytes = b"", **columns: Any
) -> Attachment:
    content = content or name.encode() + bytes(size - len(name))
    file = Attachment(
        filename=name, content_type=kind, size=len(content), sha256=files.put(content), **columns
    )
    db.session.add(file)
    db.session.flush()
    return file


def sent(message: Message) -> Message:
    outbox.send_now(message.id)
    db.session.expire_all()
    return db.session.scalars(select(Message).where(Message.id == message.id)).one()


def mail_of(message: Message) -> EmailMessage:
    left = sent(message)
    assert left.state == "sent", (left.failure, left.failure_detail)
    read = message_from_bytes(files.get(left.raw_sha256 or ""), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


# ---------------------------------------------------------------------------------------------- who


def test_the_answer_comes_from_the_address_the_customer_wrote_to(support: Account, written: Written) -> None:
    shop = AccountAddress(address="shop@barro.example", name="Loja Barro", account=support)
    db.session.add(shop)
    message = written()
    assert message.thread
    message.thread.address = shop
    db.session.commit()
    assert str(mail_of(message)["From"]) == '"Ada Prado (Loja Barro)" <shop@barro.example>'


def test_nobody_wrote_an_acknowledgement_and_machines_are_told_so(written: Written) -> None:
    mail = mail_of(written(automated="acknowledgement", author=None))
    assert mail["Auto-Submitted"] == "auto-replied" and mail["X-Auto-Response-Suppress"] == "All"
    assert mail["From"].addresses[0].display_name == "Barro & Linho"


def test_every_mail_of_ours_can_be_told_when_it_comes_back(written: Written) -> None:
    mail = mail_of(written())
    assert marks.is_ours(signing_key(), mail[marks.HEADER])
    assert not marks.is_ours(b"another installation's key", mail[marks.HEADER])


def test_hidden_copies_are_in_the_envelope_and_in_no_header(peer: Peer, written: Written) -> None:
    people = {role: [{"name": "", "address": f"{role}@x.example"}] for role in ("to", "cc", "bcc")}
    mail = mail_of(written(recipients=people))
    assert peer.envelopes[0][1] == ("to@x.example", "cc@x.example", "bcc@x.example")
    assert "bcc@x.example" not in mail.as_string()


def test_a_forward_goes_to_its_own_people_only(peer: Peer, written: Written) -> None:
    people = {"to": [{"name": "Oficina", "address": "oficina@x.example"}]}
    mail_of(written(forward=True, recipients=people, subject="Fwd: Cracked cup"))
    assert peer.envelopes[0][1] == ("oficina@x.example",)


def test_the_number_stands_in_the_subject_once(support: Account, written: Written) -> None:
    set_up(support, subject_number=True)
    message = written()
    assert str(mail_of(message)["Subject"]) == f"Re: Cracked cup [#{message.ticket_id}]"
    subject = f"Re: Cracked cup [#{message.ticket_id}]"
    assert marks.numbered(subject, message.ticket_id) == subject
    assert marks.numbered("x" * 998, 7).endswith("x [#7]") and len(marks.numbered("x" * 998, 7)) <= 998


def test_the_signature_stands_under_text_and_html(written: Written) -> None:
    mail = mail_of(written(signature="<p><b>Barro &amp; Linho</b><br>Rua da Moeda</p>"))
    assert text_of(mail).split("-- \n")[1].split() == ["Barro", "&", "Linho", "Rua", "da", "Moeda"]
    assert text_of(mail, "html").index("On its way") < text_of(mail, "html").index("<b>Barro &amp; Linho</b>")


# --------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("source", ["cid:cup@prosa", "/files/{token}/inline"])
def test_a_picture_in_the_text_travels_with_it(source: str, written: Written) -> None:
    cup = attached(0, "cup.png", "image/png", PNG, inline=True, content_id="cup@prosa")
    message = written(html="x")
    cup.message_id = message.id
    gone = f'<img src="/files/{"x" * 32}/inline">'
    message.html = f'<p>Look</p><img alt="" src="{source.format(token=cup.token)}">{gone}'
    db.session.commit()
    mail = mail_of(message)
    assert 'src="cid:cup@prosa"' in text_of(mail, "html") and "/files/" not in text_of(mail, "html")
    (related,) = [part for part in mail.walk() if part.get_content_type() == "multipart/related"]
    picture = related.get_payload()[1]
    assert picture["Content-ID"] == "<cup@prosa>" and picture.get_content() == PNG
    assert picture.get_content_disposition() == "inline" and not list(mail.iter_attachments())


# ----------------------------------------------------------------------------------------- large files


def test_the_largest_files_become_links_until_the_rest_fits(
    support: Account, peer: Peer, written: Written
) -> None:
    set_up(support, largest_mail=1)
    small, large = attached(300_000, "small.pdf"), attached(900_000, "Vídeo <da> xícara.mp4", "video/mp4")
    mail = mail_of(written(small, large, language="pt"))
    assert [part.get_filename() for part in mail.iter_attachments()] == ["small.pdf"]
    small, large = (db.session.get_one(Attachment, file.id) for file in (small, large))
    assert large.linked_until and small.linked_until is None
    address = downloads.address(large, large.linked_until)
    assert address.startswith("http://127.0.0.1:8000/f/")
    assert downloads.find(address.rpartition("/")[2]) is large
    text, html = text_of(mail), text_of(mail, "html")
    assert address in text and "0,9\u00a0MB" in text and "funciona até" in text
    assert f'href="{address}"' in html and "Vídeo &lt;da&gt; xícara.mp4" in html and "<table" in html


def test_a_server_that_takes_less_gets_links_at_once(peer: Peer, written: Written) -> None:
    peer.extensions = ["SIZE 100000"]
    plan = attached(200_000)
    mail = mail_of(written(plan))
    assert not list(mail.iter_attachments()) and "/f/" in text_of(mail)
    assert peer.taken.total() == 1 and len(peer.mails[0]) < 100_000


def test_a_552_that_names_no_limit_sends_links_instead(peer: Peer, written: Written) -> None:
    peer.after_data.append("552 5.3.4 Message size exceeds fixed limit")
    mail = mail_of(written(attached(200_000)))
    assert not list(mail.iter_attachments()) and "/f/" in text_of(mail)
    assert peer.taken == {mail["Message-ID"]: 1}


def test_sent_again_it_carries_the_same_link(peer: Peer, support: Account, written: Written) -> None:
    set_up(support, largest_mail=1)
    plan = attached(2_000_000)
    message = written(plan)
    peer.after_data.append("451 4.3.0 Try again")
    assert sent(message).state == "queued"
    first = db.session.get_one(Attachment, plan.id).linked_until
    message = db.session.get_one(Message, message.id)
    message.not_before = None
    db.session.commit()
    mail_of(message)
    assert db.session.get_one(Attachment, plan.id).linked_until == first


# ------------------------------------------------------------------------------------------- the account


def test_what_is_kept_is_what_left_signature_included(support: Account, peer: Peer, written: Written) -> None:
    from inbox import vault

    private, _record = signing.new_key("ed25519")
    set_up(support, dkim_selector="prosa", dkim_key=vault.seal(private))
    left = sent(written())
    assert files.get(left.raw_sha256 or "") == peer.mails[0]
    assert peer.mails[0].startswith(b"DKIM-Signature:")


def test_a_broken_dkim_key_fails_before_anything_leaves(
    support: Account, peer: Peer, written: Written
) -> None:
    set_up(support, dkim_selector="prosa", dkim_key="")
    failed = sent(written())
    assert failed.state == "failed" and "DKIM" in failed.failure and peer.connections == 0


def test_a_mailbox_with_a_permission_signs_in_with_it(
    support: Account, peer: Peer, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(support, auth="google")
    peer.users = {"support@barro.example": "token"}
    monkeypatch.setattr(oauth, "access_token", lambda account: "token")
    assert sent(written()).state == "sent"
    assert "access_token" not in outbox.config_of(support, online=False)


@pytest.mark.parametrize("unset", [None, ""])
def test_what_a_form_left_empty_is_as_if_it_was_never_set(
    unset: str | None, support: Account, peer: Peer, written: Written
) -> None:
    set_up(support, auth=unset, largest_mail=unset, hourly_limit=unset, dkim_selector=unset)
    assert sent(written()).state == "sent"


def test_a_permission_that_cannot_be_had_now_waits(
    support: Account, peer: Peer, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_account: Account) -> str:
        raise oauth.NotNow("No answer: %(detail)s", "HTTP 503")

    set_up(support, auth="google")
    monkeypatch.setattr(oauth, "access_token", silent)
    waiting = sent(written())
    assert (waiting.state, waiting.attempts) == ("queued", 0) and "HTTP 503" in waiting.failure_detail
