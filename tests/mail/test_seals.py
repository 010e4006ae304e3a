"""Signed, encrypted and inviting mails say that they are."""

from __future__ import annotations

from base64 import encodebytes

import pytest

from inbox.mail.parse import parse
from tests.mail.letters import letter, mixed

SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
ENVELOPED = bytes.fromhex("300b06092a864886f70d010703")


def der(tag: int, *values: bytes) -> bytes:
    value = b"".join(values)
    size = len(value).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + value


def ber(tag: int, *values: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(values) + b"\0\0"


def signed(content: bytes) -> bytes:
    """S/MIME data that holds its content (RFC 5652), as Outlook writes it."""
    inner = der(0x30, der(0x06, b"\x2a"), der(0xA0, der(0x04, content)))
    return der(0x30, SIGNED_DATA, der(0xA0, der(0x30, der(0x02, b"\1"), der(0x31), inner)))


def signed_in_pieces(content: bytes) -> bytes:
    """The same with lengths left open, as OpenSSL writes it."""
    octets = ber(0x24, *(der(0x04, content[at : at + 7]) for at in range(0, len(content), 7)))
    inner = ber(0x30, der(0x06, b"\x2a"), ber(0xA0, octets))
    return ber(0x30, SIGNED_DATA, ber(0xA0, ber(0x30, der(0x02, b"\1"), der(0x31), inner)))


def sealed(data: bytes, kind: str) -> bytes:
    head = f"Content-Type: application/pkcs7-mime; smime-type={kind}; name=smime.p7m"
    return letter(f"{head}\nContent-Transfer-Encoding: base64", encodebytes(data))


LETTER = (
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nAssinado.\r\n"
    b"--i\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n--i--\r\n"
)


@pytest.mark.parametrize("wrap", [signed, signed_in_pieces])
def test_an_opaque_signature_is_opened_and_noted(wrap: object) -> None:
    assert callable(wrap)
    mail = parse(sealed(wrap(LETTER), "signed-data"))
    assert mail.text == "Assinado." and mail.notes == ("smime_signed",)
    assert [file.filename for file in mail.attachments] == ["a.pdf", "smime.p7m"]


def test_an_encrypted_mail_is_marked_and_kept() -> None:
    mail = parse(sealed(ENVELOPED + b"\0" * 50, "enveloped-data"))
    assert (mail.text, mail.notes) == ("", ("smime_encrypted",))
    assert [file.filename for file in mail.attachments] == ["smime.p7m"]


def test_damaged_signed_data_is_only_marked() -> None:
    mail = parse(sealed(signed(LETTER)[:30], "signed-data"))
    assert (mail.text, mail.notes, len(mail.attachments)) == ("", ("smime_signed",), 1)


@pytest.mark.parametrize(
    ("kind", "second", "note"),
    [
        ("signed; protocol=\"application/pgp-signature\"", "application/pgp-signature", "pgp_signed"),
        ("signed", "application/x-pkcs7-signature", "smime_signed"),
        ("encrypted; protocol=\"application/pgp-encrypted\"", "application/octet-stream", "pgp_encrypted"),
    ],
)  # fmt: skip
def test_signatures_and_encryption_in_parts_are_noted(kind: str, second: str, note: str) -> None:
    body = f"\r\n--s\r\n\r\nOi\r\n--s\r\nContent-Type: {second}\r\n\r\nx\r\n--s--\r\n"
    mail = parse(letter(f"Content-Type: multipart/{kind}; boundary=s", body))
    assert note in mail.notes and len(mail.attachments) == 1


@pytest.mark.parametrize(
    ("mark", "note"),
    [("-----BEGIN PGP MESSAGE-----", "pgp_encrypted"), ("-----BEGIN PGP SIGNED MESSAGE-----", "pgp_signed")],
)
def test_pgp_in_the_text_is_noted(mark: str, note: str) -> None:
    assert parse(letter("", f"{mark}\n\nxyz")).notes == (note,)


CALENDAR = """\
BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VTIMEZONE
TZID:America/Sao_Paulo
BEGIN:STANDARD
DTSTART:16010101T000000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY;LANGUAGE=pt-BR:Visita à oficina\\, com
  café
DTSTART;TZID="America/Sao_Paulo":20261110T093000
DTEND;TZID="America/Sao_Paulo":20261110T103000
LOCATION:Rua das Flores\\, 10
ORGANIZER;CN="Ada: Lima":mailto:ada@x.example
DESCRIPTION:Traga a peça.\\nObrigada!
BEGIN:VALARM
DESCRIPTION:REMINDER
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def calendar(method: str) -> str:
    return f"Content-Type: text/calendar; charset=utf-8; method={method}\r\n\r\n" + CALENDAR.format(
        method=method
    )


def test_an_invitation_without_words_is_read_out() -> None:
    mail = parse(mixed(calendar("REQUEST")))
    assert mail.notes == ("invitation",)
    assert mail.text == (
        "Visita à oficina, com café\n2026-11-10 09:30 – 10:30 (America/Sao_Paulo)\nRua das Flores, 10\n"
        "Ada: Lima <ada@x.example>\n\nTraga a peça.\nObrigada!"
    )
    assert [file.filename for file in mail.attachments] == ["invite-1.ics"]


def test_an_invitation_with_words_keeps_them() -> None:
    assert parse(mixed("\r\nVenha!", calendar("REQUEST"))).text == "Venha!"


@pytest.mark.parametrize(
    ("method", "notes"),
    [("REPLY", ("invitation_reply",)), ("CANCEL", ("invitation_cancelled",)), ("PUBLISH", ())],
)
def test_answers_and_cancellations_are_told_from_invitations(method: str, notes: tuple[str, ...]) -> None:
    assert parse(mixed("\r\nOi", calendar(method))).notes == notes
