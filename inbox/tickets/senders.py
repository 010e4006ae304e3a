"""Which of our addresses a message leaves from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from inbox.db import session
from inbox.models import Account, AccountAddress, Agent, Thread
from inbox.tickets.refused import Refused


def every() -> Sequence[AccountAddress]:
    """All our addresses that can be written from, by account."""
    return session.scalars(
        select(AccountAddress)
        .join(AccountAddress.account)
        .where(Account.active)
        .options(contains_eager(AccountAddress.account))
        .order_by(Account.name, Account.id, AccountAddress.id)
    ).all()


def for_agent(
    agent: Agent, account: Account | None = None, among: Sequence[AccountAddress] | None = None
) -> list[AccountAddress]:
    """Addresses this agent may write from: of no team, or of one of theirs; of ``account``, if given."""
    found = [
        one
        for one in (every() if among is None else among)
        if account is None or one.account_id == account.id
    ]
    if agent.sees_everything or all(team_of(one) is None for one in found):
        return found
    theirs = {team.id for team in agent.teams}
    return [one for one in found if team_of(one) in (None, *theirs)]


def team_of(address: AccountAddress) -> int | None:
    return address.team_id or address.account.team_id


def chosen(agent: Agent, address_id: int, account: Account | None = None) -> AccountAddress:
    """The address an agent asked for. Raises Refused where it is not theirs to use."""
    found = next((one for one in for_agent(agent, account) if one.id == address_id), None)
    if found is None:
        raise Refused("no_sender")
    return found


def usual(thread: Thread) -> AccountAddress | None:
    """What answers in a thread come from: the address that was written to, else the account's own."""
    return thread.address or main(thread.account)


def signature(writer: Agent | None, sender: AccountAddress | None) -> str:
    """What stands below the words: the writer's own, and below it that of the address."""
    both = [one.signature for one in (writer, sender) if one is not None and one.signature]
    return "".join(f"<div>{html}</div>" for html in both) if len(both) > 1 else "".join(both)


def main(account: Account) -> AccountAddress | None:
    own = (one for one in account.addresses if one.address == account.address.lower())
    return next(own, None) or next(iter(account.addresses), None)
