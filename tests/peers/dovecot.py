"""A real Dovecot (2.3, as Debian has it) with a user, ports, settings and mail of its own.

``with Dovecot() as server`` takes any user name with the password ``secret``; a user's mail is a Maildir.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import grp
import ipaddress
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from imapclient import IMAPClient

from inbox import lifeline
from tests.house import free_port, wait_for

BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
MISSING = "no Dovecot (Debian: apt install dovecot-imapd dovecot-pop3d)"
PASSWORD = "secret"

CONFIG = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    def __init__(self, more: str = "") -> None:
        self.imap, self.imaps, self.pop3, self.pop3s = (free_port() for _ in range(4))
        self.more = more
        self.folder = Path(tempfile.mkdtemp(prefix="prosa-dovecot-"))  # its path must be short, and its own
        self.user = "nobody" if os.getuid() == 0 else getpass.getuser()
        self.group = grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        (self.folder / "run").mkdir()
        (self.folder / "mail").mkdir()
        _certificate(self.folder)
        values = {"imap": self.imap, "imaps": self.imaps, "pop3": self.pop3, "pop3s": self.pop3s}
        text = CONFIG.format(
            folder=self.folder, user=self.user, group=self.group, password=PASSWORD, **values
        )
        (self.folder / "dovecot.conf").write_text(text + self.more)
        self.own(self.folder)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        assert BINARY, MISSING
        tests, who = os.getpid(), {}
        if os.getuid() == 0:
            who = {"user": self.user, "group": self.group, "extra_groups": []}
        self.process = subprocess.Popen(
            [BINARY, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=(lambda: lifeline.die_with(tests)) if sys.platform == "linux" else None,  # noqa: PLW1509
            **who,  # type: ignore[call-overload]
        )
        wait_for(self._answers, 15, self.said)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, IMAPClient.Error), self.client("probe"):
            return True
        return False

    def said(self) -> str:
        log = self.folder / "dovecot.log"
        return log.read_text()[-3000:] if log.exists() else "Dovecot says nothing"

    def own(self, path: Path) -> None:
        """Give a tree that the tests made to the server's user."""
        if os.getuid() == 0:
            for one in (path, *path.rglob("*")):
                shutil.chown(one, self.user, self.group)

    # ------------------------------------------------------------------------------------- using it

    def settings(self, user: str = "support", **more: Any) -> dict[str, Any]:
        """What a mailbox is connected with."""
        given = {
            "incoming": "imap",
            "in_host": "127.0.0.1",
            "in_port": self.imap,
            "in_security": "none",
            "in_user": user,
            "in_password": PASSWORD,
            "in_folders": "INBOX",
            "in_after": "keep",
        }
        return given | more

    @contextlib.contextmanager
    def client(self, user: str = "support") -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", self.imap, ssl=False, timeout=10) as client:
            client.normalise_times = False
            client.login(user, PASSWORD)
            yield client

    def deliver(
        self,
        *mails: bytes,
        user: str = "support",
        folder: str = "INBOX",
        at: datetime.datetime | None = None,
    ) -> None:
        with self.client(user) as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def mails(self, user: str = "support", folder: str = "INBOX") -> dict[int, dict[bytes, Any]]:
        """By UID, with flags, without touching anything."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return {}
            client.select_folder(folder, readonly=True)
            return dict(client.fetch(client.search(), ["FLAGS", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]))

    def renumber(self, user: str = "support") -> None:
        """As after a restore: new UIDVALIDITY, new UIDs, the same mail."""
        for name in (self.folder / "mail" / user).glob("dovecot*"):
            name.unlink()
        time.sleep(1.1)  # UIDVALIDITY is made of the seconds

    @property
    def authority(self) -> Path:
        """The certificate to trust."""
        return self.folder / "server.pem"


def _certificate(folder: Path) -> None:
    """Self-signed, for localhost and 127.0.0.1, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(*pem))
