"""The settings of a mailbox, in the order they are shown. A default stands for what was never set."""

from __future__ import annotations

from inbox.channels import N_, Field

SECURITY = (("tls", "TLS"), ("starttls", "STARTTLS"), ("none", N_("None")))

FIELDS = (
    Field(
        "auth",
        N_("Sign in with"),
        kind="select",
        default="password",
        choices=(("password", N_("A password")), ("google", "Google"), ("microsoft", "Microsoft 365")),
    ),
    Field("oauth_client_id", N_("Application (client) ID")),
    Field("oauth_client_secret", N_("Client secret"), kind="password"),
    # ------------------------------------------------------------------------------ coming in
    Field(
        "incoming",
        N_("Mail comes in"),
        kind="select",
        default="none",
        choices=(
            ("none", N_("Delivered to us (LMTP, SMTP or a pipe)")),
            ("imap", N_("Fetched by IMAP")),
            ("pop3", N_("Fetched by POP3")),
        ),
        group="in",
    ),
    Field("in_host", N_("Incoming server"), group="in"),
    Field("in_port", N_("Port"), kind="number", default=993, group="in"),
    Field("in_security", N_("Encryption"), kind="select", default="tls", choices=SECURITY, group="in"),
    Field("in_user", N_("User name"), group="in"),
    Field("in_password", N_("Password"), kind="password", group="in"),
    Field(
        "in_folders",
        N_("Folders"),
        default="INBOX",
        group="in",
        help=N_("Several are separated by commas."),
    ),
    Field(
        "in_after",
        N_("Once a mail is kept here"),
        kind="select",
        default="keep",
        choices=(
            ("keep", N_("Leave it in the mailbox")),
            ("move", N_("Move it to another folder")),
            ("delete", N_("Delete it from the mailbox")),
        ),
        group="in",
    ),
    Field("in_move_to", N_("Folder it is moved to"), default="Prosa", group="in"),
    # ------------------------------------------------------------------------------- going out
    Field(
        "smtp_host",
        N_("Outgoing server"),
        help=N_("Empty: mail stays in the mail preview and nothing leaves."),
        group="out",
    ),
    Field("smtp_port", N_("Port"), kind="number", default=587, group="out"),
    Field(
        "smtp_security", N_("Encryption"), kind="select", default="starttls", choices=SECURITY, group="out"
    ),
    Field("smtp_user", N_("User name"), group="out"),
    Field("smtp_password", N_("Password"), kind="password", group="out"),
    Field(
        "hourly_limit",
        N_("At most this many mails an hour"),
        kind="number",
        default=0,
        group="out",
        help=N_("What your provider allows; more wait their turn. 0: no limit."),
    ),
    Field(
        "largest_mail",
        N_("Largest mail, in MB"),
        kind="number",
        default=20,
        group="out",
        help=N_("Files beyond it are sent as links to this server, which work for 30 days."),
    ),
    Field("dkim_selector", N_("DKIM selector"), group="out", help=N_("Empty: your server signs, or nobody.")),
    Field("dkim_key", N_("DKIM private key"), kind="secret", group="out"),
    # ------------------------------------------------------------------------------- behaviour
    Field(
        "plus_addressing",
        N_("Signed reply address"),
        kind="bool",
        default=False,
        group="mail",
        help=N_("Answers go to support+…@, which must reach this mailbox: sub-addressing."),
    ),
    Field(
        "subject_number",
        N_("Number in the subject"),
        kind="bool",
        default=False,
        group="mail",
        help=N_("Adds [#123]: for customers whose mail program loses the thread."),
    ),
    Field(
        "authserv_id",
        N_("Server whose checks of senders count"),
        group="mail",
        help=N_("The name at the start of Authentication-Results, as your own mail server writes it."),
    ),
    Field(
        "acknowledge",
        N_("Confirm that a new request arrived"),
        kind="bool",
        default=True,
        group="mail",
    ),
    Field(
        "survey",
        N_("Ask how it was, once it is resolved"),
        kind="bool",
        default=True,
        group="mail",
        help=N_("When and how often stands under Company."),
    ),
    Field("acknowledge_pt", N_("Confirmation in Portuguese"), kind="textarea", group="mail"),
    Field("acknowledge_en", N_("Confirmation in English"), kind="textarea", group="mail"),
)
