"""The verbs: everything that can happen to a ticket. Read this first.

Each changes rows in the caller's transaction, records an ``Event``, bumps ``ticket.version`` and nudges
the screens after commit. None of them commits: the view or the worker that called does.
"""

from inbox.tickets import copies
from inbox.tickets.again import write_again
from inbox.tickets.assign import assign, move
from inbox.tickets.bounced import bounced
from inbox.tickets.customer import NotACustomer, set_customer
from inbox.tickets.edit import prioritise, rename, set_topic, tag, untag
from inbox.tickets.forward import forward
from inbox.tickets.incoming import take_in
from inbox.tickets.macros import perform, run
from inbox.tickets.receive import receive
from inbox.tickets.refused import Newer, Refused
from inbox.tickets.reply import note, reply
from inbox.tickets.scheduled import send_now
from inbox.tickets.spam import mark_spam, not_spam
from inbox.tickets.start import start
from inbox.tickets.status import reopen, resolve, set_status
from inbox.tickets.survey import ask, decline, rate, take_care
from inbox.tickets.undo import TooLate, retry, undo

__all__ = [
    "Newer",
    "NotACustomer",
    "Refused",
    "TooLate",
    "ask",
    "assign",
    "bounced",
    "copies",
    "decline",
    "forward",
    "mark_spam",
    "move",
    "not_spam",
    "note",
    "perform",
    "prioritise",
    "rate",
    "receive",
    "rename",
    "reopen",
    "reply",
    "resolve",
    "retry",
    "run",
    "send_now",
    "set_customer",
    "set_status",
    "set_topic",
    "start",
    "tag",
    "take_care",
    "take_in",
    "undo",
    "untag",
    "write_again",
]
