"""Things and what hangs on them, read by one plain statement.

A page shows one thing and a dozen that belong to it. The session's own loading takes several times as long
for them as the database takes to answer. What the session holds already stays as it is, as with its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, bindparam, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.util import ClauseAdapter

from inbox import rows
from inbox.db import Base, asked, session

Loaded = TypeVar("Loaded", bound=Base)
Link = InstrumentedAttribute[Any]
Path = Link | tuple[Link, ...]
"""From the root: a link, or several, each of which begins where the last one leads."""


@dataclass(slots=True)
class _Node:
    kind: type[Base]
    entity: Any
    """Its table, under a name of its own."""
    above: int = -1
    """The place of the node it hangs on; the root hangs on nothing."""
    link: str = ""
    """Which leads here."""
    many: bool = False
    start: int = 0
    end: int = 0
    """Where its columns stand in a row."""
    key_at: tuple[int, ...] = ()
    """And those of its key."""


class Tree(Generic[Loaded]):
    """How things of one kind are read with what their links lead to."""

    def __init__(self, root: type[Loaded], *paths: Path) -> None:
        self._nodes = [_Node(root, root)]
        for path in paths:
            place = 0
            for link in path if isinstance(path, tuple) else (path,):
                place = self._at(place, link)
        wide = 0
        for node in self._nodes:
            node.start, node.end = wide, wide + len(rows.columns(node.kind))
            node.key_at = tuple(wide + place for place in rows.key_at(node.kind))
            wide = node.end

    def _at(self, above: int, link: Link) -> int:
        """The place of the node that this link of that node leads to."""
        for place, node in enumerate(self._nodes):
            if (node.above, node.link) == (above, link.key):
                return place
        kind = link.property.mapper.class_
        self._nodes.append(_Node(kind, aliased(kind), above, link.key, many=link.property.uselist))
        return len(self._nodes) - 1

    def query(self, *which: ColumnElement[bool]) -> Select[Any]:
        """The statement for roots of which all this holds; what it lists is in its order. Make it once."""
        columns = [getattr(node.entity, name) for node in self._nodes for name in rows.columns(node.kind)]
        found = select(*columns).select_from(self._nodes[0].entity).where(*which)
        for node in self._nodes[1:]:
            link = getattr(self._nodes[node.above].entity, node.link)
            found = found.outerjoin(link.of_type(node.entity))
            if node.many:
                renamed = ClauseAdapter(inspect(node.entity).selectable)
                found = found.order_by(*[renamed.traverse(one) for one in link.property.order_by or ()])
        return found

    def read(self, query: Select[Any], **values: Any) -> list[Loaded]:
        """What a statement of ours finds, in its order, each once."""
        known: list[dict[tuple[Any, ...], Any]] = [{} for _node in self._nodes]
        lists: dict[tuple[Base, str], dict[Base, None]] = {}
        for row in asked(query, values):
            things: list[Any] = []
            for node, met in zip(self._nodes, known, strict=True):
                key = tuple([row[place] for place in node.key_at])
                if key not in met:  # lists beside each other repeat what they hang on
                    there = None not in key
                    met[key] = rows.found(node.kind, row[node.start : node.end]) if there else None
                thing, owner = met[key], things[node.above] if things else None
                things.append(thing)
                if owner is None or node.link in vars(owner):
                    continue
                if node.many:
                    lists.setdefault((owner, node.link), {}).update({thing: None} if thing else {})
                else:
                    set_committed_value(owner, node.link, thing)
        for (owner, link), members in lists.items():
            set_committed_value(owner, link, list(members))
        return [root for root in known[0].values() if root]


def numbered(kind: type[Loaded], numbers: Collection[int], *paths: Path) -> dict[int, Loaded]:
    """Those that have these numbers, and are there: what the session holds, and all others at once, with what
    hangs on them.
    """
    there = {number: session.identity_map.get(identity_key(kind, number)) for number in numbers}
    if missing := [number for number, held in there.items() if held is None]:
        tree, query = _numbered(kind, paths, _room(missing))
        there |= {found.id: found for found in tree.read(query, **_named(missing))}
    return {number: found for number, found in there.items() if found is not None}


def fill(things: Sequence[Base], link: Link, *paths: Path) -> None:
    """Load a link of all these, with what hangs on it: what the session does not hold, all at once."""
    kind, column = link.property.mapper.class_, link.property.local_remote_pairs[0][0].key
    waiting = [thing for thing in things if link.key not in vars(thing)]
    there = numbered(kind, {getattr(thing, column) for thing in waiting} - {None}, *paths)
    for thing in waiting:
        set_committed_value(thing, link.key, there.get(getattr(thing, column)))


def gather(owners: Sequence[Base], link: Link) -> None:
    """Load a list of each of these, all by one statement."""
    waiting = {owner.id: owner for owner in owners if link.key not in vars(owner)}  # type: ignore[attr-defined]
    if not waiting:
        return
    lists: dict[int, list[Base]] = {number: [] for number in waiting}
    kind = link.property.mapper.class_
    for number, *said in asked(_gathering(link, _room(waiting)), _named(waiting)):
        lists[number].append(rows.found(kind, said))
    for number, members in lists.items():
        set_committed_value(waiting[number], link.key, members)


# -------------------------------------------------------------------------------- of several numbers


def _room(numbers: Collection[int]) -> int:
    """Places for so many in a statement: a power of two, so that a few statements serve all."""
    return 1 << (len(numbers) - 1).bit_length()


def _named(numbers: Collection[int]) -> dict[str, int]:
    """A number for each place; the last stands in those that are left."""
    every = [*numbers]
    every += every[-1:] * (_room(every) - len(every))
    return {f"number{place}": number for place, number in enumerate(every)}


def _among(column: ColumnElement[int], room: int) -> ColumnElement[bool]:
    """``IN`` a list that is bound as one value would be put into words anew each time."""
    return column.in_([bindparam(f"number{place}", type_=Integer) for place in range(room)])


@cache
def _numbered(kind: Any, paths: tuple[Path, ...], room: int) -> tuple[Tree[Any], Select[Any]]:
    tree = Tree[Any](kind, *paths)
    return tree, tree.query(_among(kind.id, room))


@cache
def _gathering(link: Link, room: int) -> Select[Any]:
    owner, kind = link.class_, link.property.mapper.class_
    members = [getattr(kind, name) for name in rows.columns(kind)]
    found = select(owner.id, *members).select_from(owner).join(link)
    return found.where(_among(owner.id, room)).order_by(*(link.property.order_by or ()))
