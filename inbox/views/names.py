"""The names behind the ids of events: an event keeps ids only, so that it outlives a person's erasure."""

from __future__ import annotations

from collections.abc import Iterable

from inbox import trees
from inbox.models import Agent, Event, Identity, Tag, Team, Topic

MENTIONS = {
    "assigned": ("agent", ("to", "before")),
    "moved": ("team", ("to",)),
    "topic_set": ("topic", ("to",)),
    "tagged": ("tag", ("tag",)),
    "untagged": ("tag", ("tag",)),
    "customer_set": ("identity", ("to",)),
}
KINDS: dict[str, type[Agent | Team | Tag | Topic | Identity]] = {
    "agent": Agent,
    "team": Team,
    "tag": Tag,
    "topic": Topic,
    "identity": Identity,
}

Names = dict[str, dict[int, str]]


def names_in(events: Iterable[Event]) -> Names:
    """``names["agent"][7]`` for every id these events mention; most are on the page for something else."""
    wanted: dict[str, set[int]] = {what: set() for what in KINDS}
    for event in events:
        what, keys = MENTIONS.get(event.kind, ("agent", ()))
        wanted[what].update(event.data[key] for key in keys if event.data.get(key))
    return {
        what: {number: _name(one) for number, one in trees.numbered(kind, wanted[what]).items()}
        for what, kind in KINDS.items()
    }


def _name(one: Agent | Team | Tag | Topic | Identity) -> str:
    """Not everybody who writes says a name: then it is their address."""
    return one.name or one.address if isinstance(one, Identity) else one.name
