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
from inbox.models.customer_field import CustomerField, CustomerValue
from inbox.models.customer_word import CustomerWord
from inbox.models.doomed_file import DoomedFile
from inbox.models.draft import Draft
from inbox.models.event import Event, Handling
from inbox.models.fact import Fact
from inbox.models.hold import Hold
from inbox.models.identity import Identity
from inbox.models.installation import Installation
from inbox.models.known_browser import KnownBrowser
from inbox.models.macro import Macro, MacroFile, MacroText
from inbox.models.mail_import import MailImport
from inbox.models.memo import Memo
from inbox.models.merge import Merge
from inbox.models.message import Message
from inbox.models.notice import Digest, Following, Notice, NoticeChoice
from inbox.models.organisation import Organisation, OrganisationDomain
from inbox.models.password_reset import PasswordReset
from inbox.models.payload import Payload
from inbox.models.privacy_request import PrivacyRequest
from inbox.models.retention_rule import RetentionRule
from inbox.models.seal import Seal
from inbox.models.second_factor import BackupCode, SecondFactor, SecondStep
from inbox.models.subscription import Push, Subscription
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
    "BackupCode",
    "Connection",
    "Cursor",
    "Customer",
    "CustomerField",
    "CustomerValue",
    "CustomerWord",
    "Digest",
    "DoomedFile",
    "Draft",
    "Event",
    "Fact",
    "Following",
    "Handling",
    "Hold",
    "Identity",
    "Installation",
    "KnownBrowser",
    "Macro",
    "MacroFile",
    "MacroText",
    "MailImport",
    "Memo",
    "Merge",
    "Message",
    "Notice",
    "NoticeChoice",
    "Organisation",
    "OrganisationDomain",
    "PasswordReset",
    "Payload",
    "PrivacyRequest",
    "Push",
    "RetentionRule",
    "Seal",
    "SecondFactor",
    "SecondStep",
    "SignIn",
    "SpamWord",
    "Subscription",
    "Survey",
    "Tag",
    "Tally",
    "Team",
    "Thread",
    "Ticket",
    "Topic",
    "Verdict",
]
