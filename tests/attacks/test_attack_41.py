"""Attack 41, the ticket trick: somebody signs up elsewhere with an address of ours, so that the code that is
mailed to it lands in a conversation they can read.
"""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from inbox import db, files, tickets
from inbox.models import Account, Agent, Message
from tests.attacks.post import MARINA, again, answer, letter, post, react, received, send_all, trust
from tests.clients import ClientFor

pytestmark = pytest.mark.slow

CODE = "481-516"
SENDER = "GitWork <no-reply@gitwork.example>"


def sent_to(address: str) -> list[str]:
    """What this address has been sent, as it left."""
    send_all()
    ours = db.session.scalars(select(Message).where(Message.raw_sha256.is_not(None))).all()
    return [
        files.get(one.raw_sha256).decode("latin-1")
        for one in ours
        if one.raw_sha256 and address in str(one.recipients)
    ]


@pytest.mark.parametrize("dmarc", ["pass", ""])
def test_attack_41_a_code_that_is_mailed_to_a_reply_address_never_reaches_who_wrote(
    dmarc: str, support: Account, ada: Agent, client_for: ClientFor
) -> None:
    """The reply address is known to whoever was ever answered; the code comes from somebody else."""
    trust(support)
    support = again(support)
    support.settings = {**support.settings, "plus_addressing": True}
    db.session.commit()
    ours = answer(ada, received(letter(dmarc="pass")).ticket)
    said = message_from_bytes(files.get(ours.raw_sha256 or ""), policy=policy.default)
    reply_to = said["Reply-To"].addresses[0].addr_spec
    assert reply_to.startswith("support+")
    post(letter(SENDER, "Your code", f"Your code is {CODE}.", to=reply_to, dmarc=dmarc), reply_to)
    code = db.session.scalars(select(Message).where(Message.text.contains(CODE))).one()
    assert code.third_party or code.ticket_id != ours.ticket_id, (
        "a colleague sees that it is from somebody else"
    )
    ticket = again(ours).ticket
    assert ticket.identity.address == "marina@queiroz.example", "who wrote stays who wrote"
    assert "marina@queiroz.example" not in str(code.recipients)
    # whatever goes to the customer afterwards has no word of it
    hers = received(
        letter(MARINA, "Re: Cracked cup", "Any news?", f"In-Reply-To: {ours.message_id_header}", dmarc="pass")
    )
    answer(ada, hers.ticket)
    tickets.resolve(again(ticket), again(ada))
    db.session.commit()
    react()
    mails = sent_to("marina@queiroz.example")
    assert len(mails) >= 2 and not [mail for mail in mails if CODE in mail]
    assert sent_to("no-reply@gitwork.example") == [], "nor is a sender like this answered by itself"
    pane = client_for(again(ada)).get(f"/tickets/{code.ticket_id}/_pane").text
    assert CODE in pane


def test_attack_41_a_code_that_is_mailed_to_the_mailbox_is_a_ticket_of_its_own(
    support: Account, ada: Agent
) -> None:
    hers = received(letter(MARINA, "Your code"))
    code = received(letter(SENDER, "Your code", f"Your code is {CODE}."))
    numbered = received(letter(SENDER, f"Your code [#{hers.ticket_id}]", f"Your code is {CODE}."))
    assert len({hers.ticket_id, code.ticket_id, numbered.ticket_id}) == 3 or (
        code.ticket_id == numbered.ticket_id != hers.ticket_id
    )
    answer(ada, again(hers).ticket)
    assert not [mail for mail in sent_to("marina@queiroz.example") if CODE in mail]
