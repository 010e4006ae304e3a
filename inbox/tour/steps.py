"""What the tour says, step by step. The words stand here and in translations/, nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from inbox.models import Agent
from inbox.tour import examples

Find = Callable[[Agent], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One screen, and what to notice there."""

    name: str
    title: Any
    says: Any
    find: Find
    """The address of its example; None where there is none."""
    ring: str
    """A selector of what to notice."""
    keys: tuple[str, ...] = ()
    """Ids of ``web.keys``."""
    typed: tuple[tuple[str, Any], ...] = ()
    """What is typed within a text, which is no key."""
    whose: Callable[[Agent], bool] = lambda _agent: True
    without: tuple[str, Any] = ("/", "")
    """Where to go, and what to say, where there is no example."""


def _at(address: str) -> Find:
    """A page that is always there."""
    return lambda _agent: address


def _writes(agent: Agent) -> bool:
    return agent.may_write


def _is_rated(agent: Agent) -> bool:
    return agent.may_write and not agent.is_supervisor


STEPS = (
    Step(
        "inbox",
        _("Everybody who waits, in one list."),
        _(
            "A dash before a row means that nobody has answered yet. What comes in goes on top, and never "
            "moves the row you are on."
        ),
        _at("/views/open"),
        ring="#rows .row.is-unread",
        keys=("next", "previous", "open"),
    ),
    Step(
        "reply",
        _("An answer can be taken back."),
        _(
            "Write a line and send it: for some seconds Undo brings every word back. Nothing leaves this "
            "machine, so just try it."
        ),
        examples.newest_open,
        ring="#composer",
        keys=("reply", "send", "undo"),
        whose=_writes,
        without=(
            "/views/open",
            _(
                "Nobody waits for an answer just now. In any conversation you can write a line and send it: "
                "for some seconds Undo brings every word back."
            ),
        ),
    ),
    Step(
        "macros",
        _("What you often write is written once."),
        _(
            "Type a slash where a line begins, and choose. A macro fills in the customer’s name, and may "
            "tag, assign or resolve as it is sent."
        ),
        examples.where_a_macro_helps,
        ring="#composer",
        keys=("macro",),
        typed=(("/", _("while you write")),),
        whose=_writes,
        without=(
            "/settings/macros",
            _(
                "There is no macro yet. Write one here: it fills in the customer’s name, and may tag, assign "
                "or resolve as it is sent."
            ),
        ),
    ),
    Step(
        "notes",
        _("A word among yourselves."),
        _(
            "The straw-coloured slip is a note: the team reads it, the customer never does. Write @ and a "
            "name, and that colleague is told."
        ),
        examples.with_a_note,
        ring="#turns .note",
        keys=("note",),
        typed=(("@", _("a colleague")),),
        without=(
            "/views/open",
            _(
                "Nobody has left a note yet. Open a conversation and leave the first: the team reads it, the "
                "customer never does."
            ),
        ),
    ),
    Step(
        "timeline",
        _("One person, one line."),
        _(
            "All that this customer ever wrote, from whichever address, with the newest on top. Choose an "
            "entry to read it where it happened."
        ),
        examples.who_wrote_most,
        ring=".person-talk .timeline",
        keys=("go.customers",),
        without=(
            "/customers",
            _(
                "So far nobody has written twice. Once somebody does, their page shows it all on one line, "
                "from whichever address."
            ),
        ),
    ),
    Step(
        "merging",
        _("Two addresses, one person?"),
        _(
            "Prosa points out who may be the same, and you decide. You see first what merging does, and can "
            "take it apart again later."
        ),
        examples.maybe_the_same,
        ring=".alike",
        whose=lambda agent: agent.may("customers"),
        without=(
            "/customers",
            _(
                "Nobody here looks like somebody else just now. On a customer’s page, Merge puts two "
                "together, and they can be taken apart again later."
            ),
        ),
    ),
    Step(
        "figures",
        _("Every number opens what it counts."),
        _(
            "Choose one, and there are the conversations behind it. The small i beside it says exactly what "
            "is counted."
        ),
        _at("/figures"),
        ring=".figures-cards",
        keys=("go.figures",),
        whose=_writes,
    ),
    Step(
        "low",
        _("A low score calls somebody."),
        _(
            "This customer was not content. So the matter came back with high priority, and it waits under "
            "Needs attention until a supervisor has looked."
        ),
        examples.rated_low,
        ring="#turns .rating-turn.is-low",
        whose=lambda agent: agent.is_supervisor,
        without=(
            "/attention",
            _(
                "Nobody has given a low score yet. It would bring the matter back with high priority, and "
                "wait here until a supervisor has looked."
            ),
        ),
    ),
    Step(
        "ratings",
        _("How it was, in their words."),
        _(
            "Some time after you resolve a conversation, its customer is asked. What they say of your "
            "answers stands here, and in the conversation."
        ),
        _at("/settings/ratings"),
        ring="#my-ratings",
        whose=_is_rated,
    ),
    Step(
        "attention",
        _("Nothing gets lost in silence."),
        _(
            "Mail that could not be read and answers that did not arrive wait here, each with its reason and "
            "a way on."
        ),
        _at("/attention"),
        ring=".room-part",
        keys=("go.attention",),
        whose=_writes,
    ),
    Step(
        "audit",
        _("Who did what, and when."),
        _(
            "Your signing in is written down, too. Nothing here can be changed later, not even by an admin. "
            "Beside it stands everything else one can set."
        ),
        _at("/settings/audit"),
        ring="#audit-rows > li",
        keys=("palette", "sheet"),
        whose=lambda agent: agent.is_admin,
    ),
    Step(
        "settings",
        _("Yours to arrange."),
        _(
            "Your signature, your hours, dark or light, and whether single letters are keys. From here on, "
            "go where you like."
        ),
        _at("/settings/me"),
        ring=".settings-nav",
        keys=("palette", "sheet"),
        whose=lambda agent: not agent.is_admin,
    ),
)
