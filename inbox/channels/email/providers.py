"""Mail providers whose servers are known, so that nobody has to look them up. Some want more than a password.

What stands here is a proposal that is tried before it is used: providers change their servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inbox.channels import N_

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is fetched or sent: ``protocol`` is ``imap``, ``pop3`` or ``smtp``."""

    protocol: str
    host: str
    port: int
    security: Security
    user: str = ""
    """What to sign in as; empty: the address."""


@dataclass(frozen=True, slots=True)
class Provider:
    label: str
    incoming: Server
    outgoing: Server
    domains: tuple[str, ...] = ()
    """Of its own addresses."""
    exchangers: tuple[str, ...] = ()
    """How the MX of a company that has its mail there ends."""
    auth: str = "password"
    note: str = ""
    """What somebody has to know or do first: a sentence to translate."""
    link: str = ""
    """Where it is done."""
    short_user: bool = False
    """It signs in with what stands before the @."""
    authserv_id: str = ""
    """What its servers call themselves in Authentication-Results, where that never changes."""


def imap(host: str, port: int = 993, security: Security = "tls") -> Server:
    return Server("imap", host, port, security)


def smtp(host: str, port: int = 465, security: Security = "tls") -> Server:
    return Server("smtp", host, port, security)


def submission(host: str) -> Server:
    return smtp(host, 587, "starttls")


APP_PASSWORD = N_(
    "It wants an app password, not the one you sign in with: make one in the security settings there."
)

PROVIDERS = (
    Provider(
        "Google",
        imap("imap.gmail.com"),
        submission("smtp.gmail.com"),
        ("gmail.com", "googlemail.com"),
        ("google.com", "googlemail.com"),
        "google",
        N_(
            "Signing in with Google is the safe way. With a password it must be an app password, which needs "
            "2-step verification."
        ),
        "https://myaccount.google.com/apppasswords",
        authserv_id="mx.google.com",
    ),
    Provider(
        "Microsoft 365",
        imap("outlook.office365.com"),
        submission("smtp.office365.com"),
        ("onmicrosoft.com",),
        ("mail.protection.outlook.com", "mx.microsoft"),
        "microsoft",
        N_(
            "Microsoft takes no passwords from other programs: sign in with Microsoft. Sending also needs "
            "“Authenticated SMTP” to be on for this mailbox in the Microsoft 365 admin center."
        ),
        "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission",
    ),
    Provider(
        "Outlook.com",
        imap("outlook.office365.com"),
        submission("smtp-mail.outlook.com"),
        ("outlook.com", "outlook.com.br", "hotmail.com", "hotmail.com.br", "live.com", "msn.com"),
        ("olc.protection.outlook.com",),
        "microsoft",
        N_("Microsoft takes no passwords from other programs: sign in with Microsoft."),
    ),
    Provider(
        "Yahoo",
        imap("imap.mail.yahoo.com"),
        smtp("smtp.mail.yahoo.com"),
        ("yahoo.com", "yahoo.com.br", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.es", "yahoo.fr"),
        ("yahoodns.net",),
        note=APP_PASSWORD,
        link="https://login.yahoo.com/account/security",
    ),
    Provider(
        "iCloud",
        imap("imap.mail.me.com"),
        submission("smtp.mail.me.com"),
        ("icloud.com", "me.com", "mac.com"),
        ("mail.icloud.com",),
        note=N_("Apple wants an app-specific password, which you make in your Apple account."),
        link="https://account.apple.com",
    ),
    Provider(
        "Zoho Mail",
        imap("imap.zoho.com"),
        smtp("smtp.zoho.com"),
        ("zohomail.com", "zoho.com"),
        note=N_("IMAP must be turned on in Zoho’s settings; with two factors, it wants an app password."),
    ),
    Provider(
        "Zoho Mail",
        imap("imappro.zoho.com"),
        smtp("smtppro.zoho.com"),
        exchangers=("zoho.com",),
        note=N_("IMAP must be turned on in Zoho’s settings; with two factors, it wants an app password."),
    ),
    Provider(
        "Fastmail",
        imap("imap.fastmail.com"),
        smtp("smtp.fastmail.com"),
        ("fastmail.com", "fastmail.fm"),
        ("messagingengine.com",),
        note=APP_PASSWORD,
        link="https://app.fastmail.com/settings/security/apppasswords",
    ),
    Provider(
        "GMX",
        imap("imap.gmx.com"),
        submission("mail.gmx.com"),
        ("gmx.com", "gmx.us"),
        note=N_("Access by IMAP must be turned on in GMX’s settings first."),
    ),
    Provider(
        "GMX",
        imap("imap.gmx.net"),
        submission("mail.gmx.net"),
        ("gmx.net", "gmx.de", "gmx.at", "gmx.ch"),
        note=N_("Access by IMAP must be turned on in GMX’s settings first."),
    ),
    Provider(
        "Mail.ru",
        imap("imap.mail.ru"),
        smtp("smtp.mail.ru"),
        ("mail.ru", "inbox.ru", "list.ru", "bk.ru"),
        ("mail.ru",),
        note=APP_PASSWORD,
    ),
    Provider(
        "Yandex",
        imap("imap.yandex.com"),
        smtp("smtp.yandex.com"),
        ("yandex.com", "yandex.ru", "ya.ru"),
        ("mx.yandex.net", "mx.yandex.ru"),
        note=APP_PASSWORD,
    ),
    Provider(
        "Proton Mail",
        imap("127.0.0.1", 1143, "starttls"),
        smtp("127.0.0.1", 1025, "starttls"),
        ("proton.me", "protonmail.com", "pm.me"),
        ("protonmail.ch",),
        note=N_(
            "Proton Mail is reached through Proton Mail Bridge only. It has to run on the same machine as "
            "Prosa, and shows the password to use."
        ),
        link="https://proton.me/mail/bridge",
    ),
    # ------------------------------------------------------------------------------------- Brazil
    Provider(
        "UOL", imap("imap.uol.com.br"), submission("smtps.uol.com.br"), ("uol.com.br",), short_user=True
    ),
    Provider(
        "BOL", imap("imap.bol.com.br"), submission("smtps.bol.com.br"), ("bol.com.br",), short_user=True
    ),
    Provider(
        "UOL Host",
        imap("imap.uhserver.com"),
        smtp("smtps.uhserver.com"),
        exchangers=("uhserver.com",),
    ),
    Provider("Terra", imap("imap.terra.com.br"), submission("smtp.terra.com.br"), ("terra.com.br",)),
    Provider("iG", imap("imap.ig.com.br"), submission("smtp.ig.com.br"), ("ig.com.br",)),
    Provider("Locaweb", imap("email-ssl.com.br"), smtp("email-ssl.com.br"), exchangers=("locaweb.com.br",)),
    Provider(
        "KingHost",
        imap("imap.kinghost.net"),
        submission("smtp.kinghost.net"),
        exchangers=("kinghost.net",),
    ),
    Provider("Umbler", imap("imap.umbler.com"), submission("smtp.umbler.com"), exchangers=("umbler.com",)),
    Provider(
        "Hostinger",
        imap("imap.hostinger.com"),
        smtp("smtp.hostinger.com"),
        exchangers=("hostinger.com", "hostinger.com.br"),
    ),
    Provider(
        "Titan",  # what HostGator sells in Brazil, among others
        imap("imap.titan.email"),
        smtp("smtp.titan.email"),
        exchangers=("titan.email",),
        note=N_("“Third-party apps” must be allowed in Titan’s settings first."),
    ),
)

_OF_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def of_domain(domain: str) -> Provider | None:
    """Whose addresses end like this."""
    return _OF_DOMAIN.get(domain)


def of_exchangers(hosts: tuple[str, ...]) -> Provider | None:
    """Who takes in the mail of a domain, by its MX; the longest ending decides."""
    endings = sorted(
        ((ending, provider) for provider in PROVIDERS for ending in provider.exchangers),
        key=lambda pair: -len(pair[0]),
    )
    for host in hosts:
        for ending, provider in endings:
            if host == ending or host.endswith(f".{ending}"):
                return provider
    return None


def of_hosts(incoming: str, outgoing: str = "") -> Provider | None:
    """Whose servers these are. Some share one of them."""
    hosts = {host.lower() for host in (incoming, outgoing) if host}
    ours = [(len(hosts & {p.incoming.host, p.outgoing.host}), p) for p in PROVIDERS]
    times, provider = max(ours, key=lambda pair: pair[0])
    return provider if times else None
