"""Every key, once: the handler, the sheet behind ``?``, the palette and the tests read this list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    keys: tuple[str, ...]
    """As ``event.key`` says them; ``Mod`` is Ctrl or Cmd; a space stands between two keys in a row."""
    group: str
    label: Any


KEYS = (
    Key("palette", ("Mod+k",), "any", _("Search or jump to")),
    Key("search", ("/",), "any", _("Search")),
    Key("compose", ("c",), "any", _("New conversation")),
    Key("sheet", ("?",), "any", _("Show all keys")),
    Key("undo", ("z", "Mod+z"), "any", _("Undo the last thing")),
    Key("go.mine", ("g i",), "go", _("Mine")),
    Key("go.unassigned", ("g u",), "go", _("Unassigned")),
    Key("go.open", ("g a",), "go", _("All open")),
    Key("go.resolved", ("g e",), "go", _("All resolved")),
    Key("go.spam", ("g s",), "go", _("Spam")),
    Key("go.attention", ("g n",), "go", _("Needs attention")),
    Key("go.figures", ("g r",), "go", _("Figures")),
    Key("go.customers", ("g c",), "go", _("Customers")),
    Key("go.notices", ("g b",), "go", _("Notices")),
    Key("go.mentions", ("g m",), "go", _("Mentions")),
    Key("go.settings", ("g ,",), "go", _("Settings")),
    Key("next", ("j", "ArrowDown"), "list", _("Next conversation")),
    Key("previous", ("k", "ArrowUp"), "list", _("Previous conversation")),
    Key("open", ("Enter", "o"), "list", _("Open the conversation")),
    Key("back", ("u", "Escape"), "here", _("Back to the list")),
    Key("next.open", ("]",), "here", _("Next one in this view")),
    Key("previous.open", ("[",), "here", _("Previous one in this view")),
    Key("resolve", ("e",), "here", _("Resolve, or reopen")),
    Key("reply", ("r",), "here", _("Reply to everybody")),
    Key("reply.author", ("Shift+r",), "here", _("Reply only to who wrote last")),
    Key("forward", ("f",), "here", _("Forward")),
    Key("note", ("n",), "here", _("Internal note")),
    Key("mine", ("i",), "here", _("Assign to me")),
    Key("assign", ("a",), "here", _("Assign to somebody")),
    Key("status", ("s",), "here", _("Set the status")),
    Key("priority", ("p",), "here", _("Set the priority")),
    Key("tags", ("t",), "here", _("Tags")),
    Key("macro", ("m",), "here", _("Use a macro")),
    Key("move", ("v",), "here", _("Move to a team")),
    Key("spam", ("!",), "here", _("Spam, or not")),
    Key("unfold", (";",), "here", _("Unfold all messages")),
    Key("customer", ("\\",), "here", _("Show or hide the customer")),
    Key("follow", ("w",), "here", _("Follow, or no longer")),
    Key("copy.link", (".",), "here", _("Copy the link")),
    Key("notice.done", ("e",), "notices", _("Put a notice away")),
    Key("notice.read", ("Shift+a",), "notices", _("Mark all as read")),
    Key("send", ("Mod+Enter",), "write", _("Send")),
    Key("send.resolve", ("Mod+Shift+Enter",), "write", _("Send, resolve and go on")),
    Key("send.later", ("Mod+Shift+l",), "write", _("Send later")),
    Key("cc", ("Mod+Shift+c",), "write", _("Add somebody in Cc")),
    Key("bcc", ("Mod+Shift+b",), "write", _("Add somebody in Bcc")),
    Key("attach", ("Mod+Shift+a",), "write", _("Attach files")),
    Key("leave", ("Escape",), "write", _("Leave the composer, keep the draft")),
)


OF_THE_DEMO = (Key("go.tour", ("g t",), "go", _("Guided tour")),)

WRITES = frozenset(
    {
        "compose", "go.attention", "go.figures", "resolve", "reply", "reply.author", "forward", "mine",
        "assign", "status", "priority", "tags", "macro", "move", "spam", "send.resolve", "send.later", "cc",
        "bcc",
    }
)  # fmt: skip
"""What only somebody does who answers customers and changes tickets."""


def registry(*, may_write: bool = True, in_demo: bool = False) -> list[dict[str, Any]]:
    """The list as the page carries it, in the reader's language. A key that is not theirs says so."""
    there = (*KEYS, *OF_THE_DEMO) if in_demo else KEYS
    return [_drawn(key) | ({} if may_write or key.id not in WRITES else {"no": True}) for key in there]


def _drawn(key: Key) -> dict[str, Any]:
    return {"id": key.id, "keys": list(key.keys), "group": key.group, "label": str(key.label)}
