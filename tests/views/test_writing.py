"""The composer's requests: fields, drafts, forwards, schedules, and the page of a new conversation."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select

from inbox import db, drafts, tickets
from inbox.channels import Media, Person
from inbox.models import Account, AccountAddress, Agent, Draft, Message, Ticket
from tests.clients import ClientFor, now_of
from tests.mail.pictures import drawing
from tests.people import MailFrom, answer_to


def only_message(kind: str = "reply") -> Message:
    return db.session.scalars(
        select(Message).where(Message.kind == kind).order_by(Message.id.desc()).limit(1)
    ).one()


def test_a_reply_goes_to_whom_the_fields_say(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket = mail_from()
    sent = client_for(ada).post(
        f"/tickets/{ticket.id}/replies",
        data={
            "html": "<p>Hi</p>",
            "to": '"Queiroz, Marina" <marina@queiroz.example>; Rui <rui@x.example>',
            "cc": "eva@x.example",
            "bcc": "boss@x.example",
        },
    )
    assert sent.status_code == 200
    people = only_message().recipients
    assert people["to"][0] == {"name": "Queiroz, Marina", "address": "marina@queiroz.example"}
    assert [one["address"] for role in ("to", "cc", "bcc") for one in people[role]] == [
        "marina@queiroz.example", "rui@x.example", "eva@x.example", "boss@x.example"
    ]  # fmt: skip


def test_each_refusal_is_a_sentence(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(ada)
    for fields, words in (
        ({"to": ""}, "To is empty"),
        ({"to": "nobody there"}, "“nobody there” is not an e-mail address"),
        ({"to": "support@barro.example"}, "one of our own addresses"),
        ({"to": ",".join(f"p{n}@x.example" for n in range(60))}, "at most 50"),
        ({"send_at": "2020-01-01T10:00:00+00:00"}, "choose a later one"),
        ({"from": "999"}, "You cannot write from that address"),
    ):
        answer = client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", **fields})
        assert answer.status_code == 422 and words in answer.text, (fields, answer.text[:300])


def test_offered_people_are_shown_and_not_written_to(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from(cc=(Person("joao@else.example", "João"),))
    page = client_for(ada).get(f"/tickets/{ticket.id}/_composer").text
    assert 'data-do="offer" data-address="joao@else.example"' in page and "Nobody vouches" in page
    client_for(ada).post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>"})
    assert "joao" not in str(only_message().recipients)


def test_an_address_that_bounced_warns(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket = mail_from()
    ticket.identity.bounced_at = db.now()
    db.session.commit()
    client = client_for(ada)
    assert "came back" in client.get(f"/tickets/{ticket.id}/_composer").text
    about = client.get("/recipients/_about?address=MARINA@queiroz.example").text
    assert "Mail to marina@queiroz.example came back" in about


def test_a_draft_keeps_every_field(
    mail_from: MailFrom, support: Account, ada: Agent, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(ada)
    support.addresses.append(AccountAddress(address="hello@barro.example", signature="<p>Hello team</p>"))
    db.session.commit()
    at = (db.now() + timedelta(hours=2)).isoformat()
    typed = {"html": "<p>Half</p>", "to": "marina@queiroz.example", "cc": "a@x.example", "bcc": "b@x.example",
             "from": str(support.addresses[1].id), "signature": "0", "send_at": at}  # fmt: skip
    assert client.put(f"/tickets/{ticket.id}/drafts/reply", data=typed).status_code == 200
    page = client.get(f"/tickets/{ticket.id}/_composer").text
    for part in (
        "Half",
        'value="a@x.example"',
        'value="b@x.example"',
        "data-send-at",
        "Hello team",
        "data-off",
    ):
        assert part in page
    # a field that is not typed any more stands as it usually does
    client.put(f"/tickets/{ticket.id}/drafts/reply", data={"html": "<p>Half</p>"})
    draft = drafts.of(now_of(ticket), now_of(ada))["reply"]
    assert draft and draft.recipients == {}


def test_a_draft_remembers_the_address_it_leaves_from(
    mail_from: MailFrom, support: Account, ada: Agent, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(ada)
    support.addresses.append(AccountAddress(address="hello@barro.example"))
    db.session.commit()
    usual, other = (one.id for one in support.addresses)
    client.put(f"/tickets/{ticket.id}/drafts/reply", data={"html": "<p>Half</p>", "from": str(other)})
    page = client.get(f"/tickets/{ticket.id}/_composer").text
    assert f'name="from" data-usual="{usual}"' in page and f'<option value="{other}" selected>' in page


def test_a_reply_may_be_called_otherwise(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(ada)
    base = f"/tickets/{ticket.id}"
    shown = 'name="subject" type="text" value="{}" data-usual="Re: Cracked cup"'
    assert shown.format("Re: Cracked cup") in client.get(f"{base}/_composer").text
    client.put(f"{base}/drafts/reply", data={"html": "<p>Half</p>", "subject": "Your new cup"})
    assert shown.format("Your new cup") in client.get(f"{base}/_composer").text
    client.post(f"{base}/replies", data={"html": "<p>Hi</p>", "subject": "Your new\r\nBcc: a@x.example cup"})
    message = only_message()
    assert message.subject == "Your new Bcc: a@x.example cup" and message.references
    assert now_of(ticket).subject == "Cracked cup"
    back = client.delete(f"/messages/{message.id}/delivery").text
    assert shown.format("Your new Bcc: a@x.example cup") in back
    # as it usually is again: the draft keeps none, and follows the ticket
    client.put(f"{base}/drafts/reply", data={"html": "<p>Half</p>", "subject": ""})
    client.post(f"{base}/replies", data={"html": "<p>Hi</p>", "subject": " "})
    assert only_message().subject == "Re: Cracked cup"
    client.delete(f"/messages/{only_message().id}/delivery")
    draft = drafts.of(now_of(ticket), now_of(ada))["reply"]
    assert draft and draft.subject == ""


def test_a_reply_leaves_from_the_chosen_address_with_its_signature(
    mail_from: MailFrom, support: Account, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    support.addresses.append(AccountAddress(address="hello@barro.example", signature="<p>Hello team</p>"))
    db.session.commit()
    other = support.addresses[1].id
    client = client_for(ada)
    client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "from": str(other)})
    message = only_message()
    assert message.signature == "<p>Hello team</p>" and message.thread and message.thread.address_id == other
    client.delete(f"/messages/{message.id}/delivery")
    assert tickets.reply(now_of(ticket), now_of(ada), "<p>x</p>", key="2").thread.address_id != other


def test_a_picture_is_kept_by_its_own_name(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(ada)
    base = f"/tickets/{ticket.id}/drafts/reply"
    upload = {"file": (BytesIO(drawing(4, 4, "PNG")), "cup.png"), "inline": "1"}
    made = client.post(f"{base}/files", data=upload, content_type="multipart/form-data")
    assert made.status_code == 200 and "data-src" in made.text
    draft = db.session.scalars(select(Draft)).one()
    file = draft.files[0]
    html = (
        f'<p>See <img src="/files/{file.token}/inline" alt="A cup" onerror="x"></p>'
        '<img src="https://x.example/a.png"><img src="/files/otherotherotherother12345/inline">'
        '<img src="cid:not@ours"><img src="data:image/png;base64,aaaa">'
    )
    client.put(base, data={"html": html})
    draft = db.session.scalars(select(Draft)).one()
    assert draft.html == f'<p>See <img src="cid:{file.content_id}" alt="A cup"></p>'
    assert f"/files/{file.token}/inline" in client.get(f"/tickets/{ticket.id}/_composer").text
    client.post(f"/tickets/{ticket.id}/replies", data={"html": html})
    message = only_message()
    assert message.html == draft.html and [one.inline for one in message.attachments] == [True]
    shown = client.get(f"/messages/{message.id}/_message").text
    assert f'src="/files/{message.attachments[0].token}/inline"' in shown and "cid:" not in shown


def test_a_picture_that_left_the_text_stays_behind(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(ada)
    upload = {"file": (BytesIO(drawing(4, 4, "PNG")), "cup.png"), "inline": "1"}
    client.post(f"/tickets/{ticket.id}/drafts/reply/files", data=upload, content_type="multipart/form-data")
    client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Without</p>"})
    assert only_message().attachments == []


def test_what_is_no_picture_is_not_put_into_the_text(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    upload = {"file": (BytesIO(b"<svg onload=alert(1)>"), "x.png"), "inline": "1"}
    answer = client_for(ada).post(
        f"/tickets/{ticket.id}/drafts/reply/files", data=upload, content_type="multipart/form-data"
    )
    assert answer.status_code == 422 and "attach it instead" in answer.text


def test_forwarding_by_hand(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    message = mail_from.message(files=(Media("order.pdf", "application/pdf", b"%PDF"),))
    ticket, client = message.ticket, client_for(ada)
    page = client.put(f"/tickets/{ticket.id}/drafts/forward/original", data={"message": message.id})
    assert page.status_code == 200 and "order.pdf" in page.text and "Fwd: Cracked cup" in page.text
    shown = client.get(f"/tickets/{ticket.id}/drafts/forward/original").text
    assert "One of the cups came cracked." in shown and "marina@queiroz.example" in shown
    draft = drafts.of(now_of(ticket), now_of(ada))["forward"]
    assert draft
    sent = client.post(
        f"/tickets/{ticket.id}/forwards",
        data={"to": "kiln@x.example", "subject": "A cup", "file": draft.files[0].token},
    )
    assert sent.status_code == 200
    forwarded = only_message()
    assert forwarded.forward and forwarded.subject == "A cup" and len(forwarded.attachments) == 1
    back = client.delete(f"/messages/{forwarded.id}/delivery").text
    assert 'data-kind="forward"' in back and "order.pdf" in back and "kiln@x.example" in back


def test_a_note_is_not_forwarded(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    ticket = mail_from()
    note = tickets.note(ticket, ada, "<p>SECRET</p>", key="n")
    client = client_for(ada)
    answer = client.put(f"/tickets/{ticket.id}/drafts/forward/original", data={"message": note.id})
    assert answer.status_code == 422
    page = client.put(f"/tickets/{ticket.id}/drafts/forward/original", data={"message": "0"})
    assert page.status_code == 200
    assert "SECRET" not in client.get(f"/tickets/{ticket.id}/drafts/forward/original").text


def test_scheduled_then_sent_now(
    mail_from: MailFrom, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(ada)
    at = (db.now() + timedelta(days=1)).isoformat()
    client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "send_at": at})
    message = only_message()
    assert message.is_scheduled
    assert client_for(grace).post(f"/messages/{message.id}/delivery", data={"now": "1"}).status_code == 200
    assert only_message().send_at is None


def test_a_moment_without_a_zone_is_the_agents_own(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    tomorrow = (db.now() + timedelta(days=1)).strftime("%Y-%m-%d")
    client_for(ada).post(
        f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "send_at": f"{tomorrow}T08:00"}
    )
    sent = only_message().send_at
    assert sent and f"{sent:%H:%M}" == "11:00"  # 08:00 in Recife


def test_the_choices_are_said_in_words(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    assert "Tomorrow morning" in client.get("/later/_choices").text
    said = client.get("/later/_say?when=tomorrow+9am").text
    assert "data-at=" in said and "09:00" in said and "Recife" in said
    assert "data-at" not in client.get("/later/_say?when=whenever").text


# -------------------------------------------------------------------------------- a new conversation


def begin(support: Account, **values: Any) -> dict[str, Any]:
    given = {"from": support.addresses[0].id, "to": "Marina <marina@queiroz.example>", "subject": "Your cup"}
    return {**given, "html": "<p>It is ready.</p>", **values}


def test_a_conversation_is_begun_from_a_plain_form(
    support: Account, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    page = client.get("/new?to=marina@queiroz.example").text
    assert 'value="marina@queiroz.example"' in page and "<noscript>" in page and 'name="text"' in page
    form = begin(support, text="Hello Marina,\n\nit is <b>ready</b>.", html="", then="open")
    form["upload"] = (BytesIO(b"%PDF"), "cup.pdf")
    answer = client.post("/new", data=form, content_type="multipart/form-data")
    message = only_message()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{message.ticket_id}")
    assert message.html == "<p>Hello Marina,</p><p>it is &lt;b&gt;ready&lt;/b&gt;.</p>"
    assert [file.filename for file in message.attachments] == ["cup.pdf"]
    assert message.recipients["to"][0]["name"] == "Marina" and message.ticket.status == "open"


def test_a_plain_form_that_is_refused_keeps_what_was_typed(
    support: Account, ada: Agent, client_for: ClientFor
) -> None:
    answer = client_for(ada).post("/new", data=begin(support, to="marina", text="Hello", html=""))
    assert answer.status_code == 422 and "“marina” is not an e-mail address" in answer.text
    assert "Your cup" in answer.text and "Hello" in answer.text
    assert db.session.query(Ticket).count() == 0


def test_a_draft_of_a_new_conversation_has_its_own_page(
    support: Account, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    made = client.post("/new/drafts", data={"html": "<p>Half</p>", "to": "marina@queiroz.example"}).text
    draft = db.session.scalars(select(Draft)).one()
    assert f'data-draft="{draft.id}"' in made
    client.put(f"/new/{draft.id}", data={"html": "<p>Whole</p>", "subject": "Cup", "to": "x@y.example"})
    page = client.get(f"/new/{draft.id}").text
    assert "Whole" in page and 'value="Cup"' in page and "x@y.example" in page
    assert "Cup" in client.get("/new").text  # begun and not sent
    assert client_for(grace).get(f"/new/{draft.id}").status_code == 404
    upload = {"file": (BytesIO(b"x"), "a.txt")}
    assert "a.txt" in client.post(f"/new/{draft.id}/files", data=upload).text
    assert client.delete(f"/new/{draft.id}").status_code == 204
    assert db.session.query(Draft).count() == 0


def test_sending_it_forgets_the_draft_and_undo_gives_it_back(
    support: Account, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    client.post("/new/drafts", data={"html": "<p>x</p>"})
    draft = db.session.scalars(select(Draft)).one()
    headers = {"HX-Request": "true"}
    answer = client.post("/new", data=begin(support, draft=draft.id), headers=headers)
    assert "data-go=" in answer.text and db.session.query(Draft).count() == 0
    message = only_message()
    back = client.delete(f"/messages/{message.id}/delivery", headers=headers).text
    again = db.session.scalars(select(Draft)).one()
    assert f'data-go="/new/{again.id}"' in back and db.session.query(Ticket).count() == 0
    assert client.get(f"/new/{again.id}").status_code == 200


def test_one_writes_only_from_addresses_of_ones_team(
    linen_mailbox: Account, grace: Agent, client_for: ClientFor
) -> None:
    client = client_for(grace)
    assert "linen@barro.example" not in client.get("/new").text
    assert client.post("/new", data=begin(linen_mailbox), headers={"HX-Request": "1"}).status_code == 422


def test_an_open_conversation_with_somebody_is_mentioned(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    about = client_for(ada).get("/recipients/_about?open=1&address=marina@queiroz.example").text
    assert f'href="/tickets/{ticket.id}"' in about and "has an open conversation" in about


def test_the_answer_stops_what_was_scheduled_and_the_screen_says_so(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    later = tickets.reply(ticket, ada, "<p>Two</p>", key="2", send_at=db.now() + timedelta(hours=3))
    tickets.receive(mail_from.account, answer_to(later, text="Wait!"))
    client = client_for(ada)
    shown = client.get(f"/messages/{later.id}/_message").text
    assert "Somebody wrote before it left" in shown and 'data-do="undo-send"' in shown
    assert "Somebody wrote before it left" in client.get("/attention").text


def test_lines_leave_as_they_were_typed(mail_from: MailFrom, ada: Agent, client_for: ClientFor) -> None:
    """The editor's lines are no paragraphs: mail programs would put a blank line between any two."""
    ticket = mail_from()
    typed = "<div>Hi Marina,</div><div><br></div><div>it left today.</div><div>Ada</div>"
    client_for(ada).post(f"/tickets/{ticket.id}/replies", data={"html": typed})
    message = only_message()
    assert message.html == typed and message.text == "Hi Marina,\n\nit left today.\nAda"
