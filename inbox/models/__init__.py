"""The nouns, one per file. Constraints stand in the database, not in good intentions."""

from inbox.models.account import Account, AccountAddress
from inbox.models.acknowledgement import Acknowledgement
from inbox.models.agent import Agent, SignIn
from inbox.models.answer import Answer
from inbox.models.attachment import Attachment
from inbox.models.authorisation import Authorisation
from inbox.models.connection import Connection
from inbox.models.cursor import Cursor
from inbox.models.customer import Customer
from inbox.models.draft import Draft
from inbox.models.event import Event, Handling
from inbox.models.identity import Identity
from inbox.models.installation import Installation
from inbox.models.macro import Macro, MacroFile, MacroText
from inbox.models.mail_import import MailImport
from inbox.models.message import Message
from inbox.models.organisation import Organisation
from inbox.models.payload import Payload
from inbox.models.survey import Survey
from inbox.models.tag import Tag
from inbox.models.tally import Tally
from inbox.models.team import Team
from inbox.models.thread import Thread
from inbox.models.ticket import Ticket
from inbox.models.topic import Topic
from inbox.models.verdict import SpamWord, Verdict

__all__ = [
    "Account",
    "AccountAddress",
    "Acknowledgement",
    "Agent",
    "Answer",
    "Attachment",
    "Authorisation",
    "Connection",
    "Cursor",
    "Customer",
    "Draft",
    "Event",
    "Handling",
    "Identity",
    "Installation",
    "Macro",
    "MacroFile",
    "MacroText",
    "MailImport",
    "Message",
    "Organisation",
    "Payload",
    "SignIn",
    "SpamWord",
    "Survey",
    "Tag",
    "Tally",
    "Team",
    "Thread",
    "Ticket",
    "Topic",
    "Verdict",
]
