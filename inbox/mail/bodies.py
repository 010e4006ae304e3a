"""Which parts are the letter, which are its files (RFC 2046, 2183, 2387), and what is special about them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from urllib.parse import unquote

from inbox.mail import cms, filenames, invitation, limits, mime, texts, tnef, uuencode
from inbox.mail.headers import begin, split
from inbox.mail.mime import Part
from inbox.mail.values import Attachment

_CID = re.compile(r"cid:([^\s\"'<>)]{1,300})", re.IGNORECASE)
_HTML = "text/html"
_SAME_AGAIN = {"text/x-amp-html", "text/watch-html"}  # the letter once more, for other programs
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_CALENDARS = {"text/calendar", "application/ics"}
_PGP = (
    ("-----BEGIN PGP MESSAGE-----", "pgp_encrypted"),
    ("-----BEGIN PGP SIGNED MESSAGE-----", "pgp_signed"),
)
_MAX_LAYERS = 3  # signed mail inside signed mail


@dataclass
class Body:
    """One body: `html` is '' for a plain one, `text` is None when only HTML was sent."""

    text: str | None
    html: str = ""


@dataclass
class Letter:
    """What the walk collects: the text and HTML of each body, in order, the files, and codes of what is
    special (see `values.Mail.notes`).
    """

    bodies: list[Body] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(root: Part) -> Letter:
    """The bodies and files of a tree of parts."""
    letter = Letter()
    _Walk(letter).run(root)
    html = "".join(body.html for body in letter.bodies)
    if letter.files and html:
        cids = {cid.lower() for cid in _CID.findall(html[: limits.MAX_HTML_CHARS])}
        shown = cids | {unquote(cid) for cid in cids}
        letter.files = [_inline(file, shown) for file in letter.files]
    return letter


def joined_html(bodies: Sequence[Body]) -> str:
    """The HTML of all bodies in order, '' when none has any; plain ones between are turned into HTML."""
    if not any(body.html for body in bodies):
        return ""
    return "\n".join(body.html or from_text(body.text or "") for body in bodies)


def from_text(text: str) -> str:
    """Plain text as HTML that keeps its lines."""
    return f'<div style="white-space: pre-wrap">{escape(text, quote=False)}</div>'


def _inline(file: Attachment, shown: set[str]) -> Attachment:
    return replace(file, inline=bool(file.content_id) and file.content_id.lower() in shown)


class _Walk:
    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.layers = 0
        self.spare: list[Body] = []  # what is shown if the mail holds no text of its own

    def run(self, root: Part) -> None:
        alone = not root.filename and not root.children
        if alone and root.content_type in ("text/plain", _HTML):  # whatever its disposition says
            self._body(root)
        else:
            self.visit(root)
        if not any((body.text or body.html).strip() for body in self.letter.bodies):
            self.letter.bodies += self.spare

    def visit(self, part: Part) -> None:
        kind = part.content_type
        if kind == "multipart/alternative":
            self._alternative(part)
        elif kind == "multipart/related":
            self._related(part)
        elif part.children:
            self._note_seal(part)
            for child in part.children:
                self.visit(child)
        elif self._is_body(part):
            self._body(part)
        elif kind in _SEALED:
            self._sealed(part)
        elif kind in _TNEF or part.filename.lower() == "winmail.dat":
            self._tnef(part)
        else:
            self._file(part)

    def _is_body(self, part: Part, named: bool = False) -> bool:
        """Whether a part is read, not downloaded. A `named` one may bear a name and be the letter."""
        if part.content_type not in texts.PLAIN and part.content_type != _HTML:
            return False
        if part.disposition[0] == "attachment":
            return False
        return named or not part.filename or not (self.letter.bodies or self.letter.files)

    def _body(self, part: Part) -> None:
        if part.content_type == _HTML:
            self.letter.bodies.append(Body(None, texts.html(part)))
            return
        text, files = uuencode.extract(texts.plain(part))
        self.letter.notes += [note for mark, note in _PGP if mark in text]
        self.letter.bodies.append(Body(text))
        for name, content in files:
            self._add(name, filenames.kind(name), content)

    def _alternative(self, part: Part) -> None:
        """The same said several ways: one body, with the plainest text and the richest HTML on offer."""
        before = len(self.letter.bodies)
        said: list[str] = []
        htmls: list[str] = []
        for child in part.children:
            if child.content_type in _SAME_AGAIN:
                continue
            if self._is_body(child, named=True):
                self._body(child)
            else:
                self.visit(child)
            bodies = self.letter.bodies[before:]
            del self.letter.bodies[before:]
            if html := joined_html(bodies):
                htmls.append(html)
            if bodies and all(body.text is not None for body in bodies):
                said.append("\n\n".join(body.text or "" for body in bodies))
        if said or htmls:
            text = next(filter(str.strip, said), None)
            html = next((html for html in reversed(htmls) if html.strip()), "")
            self.letter.bodies.append(Body(text if text or html else "", html))

    def _related(self, part: Part) -> None:
        """A root and what it shows (RFC 2387): beside the root, everything is a file that could be one."""
        root = _root_of(part)
        self.visit(root)
        for child in part.children:
            if child is not root:
                frame = child.content_type == _HTML and child.content_id
                self._file(child) if frame and not child.children else self.visit(child)

    def _note_seal(self, part: Part) -> None:
        """Signed and encrypted mail in parts (RFC 1847) says so."""
        if part.content_type not in ("multipart/signed", "multipart/encrypted"):
            return
        done = part.content_type.removeprefix("multipart/")
        kinds = [part.params.get("protocol", "").lower(), *(child.content_type for child in part.children)]
        self.letter.notes.append(f"pgp_{done}" if any("pgp" in kind for kind in kinds) else f"smime_{done}")

    def _sealed(self, part: Part) -> None:
        """S/MIME in one part (RFC 8551 section 3.4): what is only signed is opened, unverified."""
        data = part.content()
        inner = cms.signed_content(data) if self.layers < _MAX_LAYERS else None
        kind = part.params.get("smime-type", "").lower()
        signed = inner is not None or kind.startswith(("signed", "certs")) or cms.is_signed(data)
        self.letter.notes.append("smime_signed" if signed else "smime_encrypted")
        if inner:
            self.layers += 1
            self.visit(mime.tree(inner))
            self.layers -= 1
        self._file(part)

    def _tnef(self, part: Part) -> None:
        """Outlook's own wrapping: the files in it are the mail's, and its text if the mail has no other."""
        parcel = tnef.read(part.content())
        if parcel is None:
            self._file(part)
            return
        if parcel.html or parcel.text:
            self.spare.append(Body(parcel.text or None, parcel.html))
        for item in parcel.files:
            self._add(item.name, item.content_type, item.content, item.content_id)

    def _file(self, part: Part) -> None:
        content = part.content()
        self._add(_name_of(part, content), part.content_type, content, part.content_id)
        if part.content_type in _CALENDARS and (found := invitation.read(content)):
            self.letter.notes.append(found.note)
            if not self.spare:
                self.spare.append(Body(found.text))

    def _add(self, name: str, kind: str, content: bytes, content_id: str = "") -> None:
        number = len(self.letter.files) + 1
        self.letter.files.append(
            Attachment(
                filename=filenames.safe(name) or filenames.unnamed(kind, number),
                content_type=kind,
                content=content,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                inline=False,
                content_id=content_id,
            )
        )


def _root_of(part: Part) -> Part:
    """The part that shows the others: the named one, else the one of the named type, else the first that is
    read.
    """
    start, kind = part.params.get("start", "").strip("<> "), part.params.get("type", "").lower()
    for child in part.children:
        if start and child.content_id == start:
            return child
    for child in part.children:
        if child.content_type == kind:
            return child
    return next(
        (c for c in part.children if c.content_type.startswith(("text/", "multipart/"))), part.children[0]
    )


def _name_of(part: Part, content: bytes) -> str:
    """The name a part gives itself; a mail is named by its subject, a thing from the web by its address."""
    if name := filenames.safe(part.filename):
        return name
    if part.content_type in ("message/rfc822", "message/global", "message/partial"):
        subject = filenames.safe(split(begin(content))[0].text("Subject").replace("/", "-"))
        return f"{subject[: limits.MAX_NAME_CHARS - 4]}.eml" if subject else ""
    described = filenames.safe(part.headers.text("Content-Description"))
    if filenames.has_ending(described):
        return described
    located = filenames.safe(unquote(part.headers.text("Content-Location").split("?")[0]))
    return located if filenames.has_ending(located) else ""
