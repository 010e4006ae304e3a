"""The tree of parts (RFC 2046), cut by searching for the delimiter lines: linear, and nothing is read twice a
line.

The standard library's parser asks every enclosing multipart about every line and nests a generator for each,
so that a few kilobytes of boundaries cost minutes or the stack.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from inbox.mail import limits, uuencode
from inbox.mail.charsets import eight_bit
from inbox.mail.headers import Headers, begin, split
from inbox.mail.parameters import parameters
from inbox.mail.values import Unreadable
from inbox.mail.words import base64_bytes

_FIRST_DELIMITER = re.compile(rb"^--(\S[^\r\n]{0,200}?)[ \t]*\r?\n(?=Content-)", re.MULTILINE | re.IGNORECASE)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]|(?<=[^\s])[ \t]+(?=[^\s])")
_MARKS = (b"--", b"__", b"**")  # of a list's footer, of a stray delimiter; a search by lines is slow
_BEHIND_BASE64 = re.compile(rb"^[ \t]*(?:--|__|\*\*)", re.MULTILINE)
_LONE_EQUALS = re.compile(rb"=(?==)")  # a mark that marks nothing: not quoted as it should be
_CLOSING = re.compile(rb"--[^A-Za-z0-9]{0,3}")
_SHORT = {"text": "text/plain", "multipart": "multipart/mixed"}  # RFC 1049 mailers, and `multipart/*`
_SAMPLED = 65_536  # bytes of a mail, for its charset
_LOOKED_AT = 8_192  # bytes of a body, for what its header does not say


@dataclass
class Part:
    """One entity: its headers, its type, and either its undecoded body or its children."""

    headers: Headers
    content_type: str
    params: dict[str, str]
    body: bytes
    children: list[Part] = field(default_factory=list)

    def content(self) -> bytes:
        """The body with its transfer encoding undone (RFC 2045 section 6), as far as it can be."""
        encoding = self.headers.plain("Content-Transfer-Encoding").lower().strip(" ;\"'")
        if encoding.startswith("base64"):
            return self._from_base64()
        if encoding.startswith("quoted"):
            return binascii.a2b_qp(_LONE_EQUALS.sub(b"=3D", self.body))
        if encoding.startswith(("x-uu", "uu")):
            return uuencode.file(self.body)
        return self.body

    def _from_base64(self) -> bytes:
        """What somebody wrote below the base64, as lists do, stays as it is in a text and is none of a
        file.
        """
        marked = any(mark in self.body for mark in _MARKS)
        behind = _BEHIND_BASE64.search(self.body) if marked else None
        coded = self.body[: behind.start()] if behind else self.body
        if not _is_base64(coded) or (behind and not coded.strip()):
            return self.body
        footer = self.body[len(coded) :] if self.content_type.startswith("text/") else b""
        return base64_bytes(coded) + (b"\n" + footer if footer else b"")

    @cached_property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """`attachment`, `inline` or '', and the parameters (RFC 2183)."""
        return parameters(self.headers.plain("Content-Disposition"))

    @property
    def filename(self) -> str:
        """The file name the part suggests, as it stands; '' when it suggests none."""
        given = self.disposition[1]
        return given.get("filename") or given.get("name") or self.params.get("name", "")

    @property
    def content_id(self) -> str:
        """The Content-ID without its brackets."""
        return self.headers.text("Content-ID").strip("<> ")[: limits.MAX_ID_CHARS]


def _is_base64(body: bytes) -> bool:
    """Whether a body that says so can be base64: words with blanks between them are not."""
    sample = body[:_LOOKED_AT]
    return len(_NOT_BASE64.findall(sample)) * 16 < len(sample) + 20


def tree(raw: bytes) -> Part:
    """The whole mail as a tree. Unreadable when it is too large, too deep or has too many parts."""
    if len(raw) > limits.MAX_MAIL_BYTES:
        raise Unreadable("This mail is too large to be read.", "too_large")
    raw = begin(raw)
    root = _Tree(eight_bit(raw[:_SAMPLED])).part(raw, depth=0, default="text/plain")
    charset = next((part.params["charset"] for part in walk(root) if "charset" in part.params), "")
    for part in walk(root):
        part.headers.charset = charset
    return root


def walk(part: Part) -> Iterator[Part]:
    """A part and all parts in it, in reading order."""
    todo = [part]
    while todo:
        part = todo.pop()
        yield part
        todo.extend(reversed(part.children))


class _Tree:
    def __init__(self, sample: bytes) -> None:
        self.count = 0
        self.sample = sample

    def part(self, raw: bytes, depth: int, default: str) -> Part:
        self.count += 1
        if self.count > limits.MAX_PARTS:
            raise Unreadable("This mail has too many parts to be read.", "too_many_parts")
        if depth > limits.MAX_DEPTH:
            raise Unreadable("This mail nests its parts too deeply to be read.", "too_deep")
        headers, body = split(raw)
        headers.sample = self.sample
        kind, params = _type_of(headers, default)
        part = Part(headers, kind, params, body)
        if kind.startswith("multipart/"):
            self._divide(part, depth)
        return part

    def _divide(self, part: Part, depth: int) -> None:
        sections = _sections_of(part, part.body)
        if not sections and (body := part.content()) != part.body:  # encoded as a whole, which no RFC allows
            sections = _sections_of(part, body)
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        self._children(part, sections, depth, default)
        if part.children:
            part.body = b""
        else:  # no delimiter anywhere: whatever is there is shown as text
            part.content_type = "text/plain"

    def _children(self, part: Part, sections: list[tuple[bytes, bool]], depth: int, default: str) -> None:
        """The parts of a multipart. One that uses the boundary of its parent again owns what follows it, up
        to a closing delimiter.
        """
        owner = part
        for raw, last in sections:
            child = self.part(raw, depth + 1, default)
            owner.children.append(child)
            if _shares_boundary(child, part) and owner is part:
                child.content_type, _ = parameters(child.headers.plain("Content-Type"))
                owner = child
            elif last:
                owner = part


def _shares_boundary(child: Part, parent: Part) -> bool:
    boundary = child.params.get("boundary")
    return bool(boundary) and boundary == parent.params.get("boundary") and not child.body.strip()


def _type_of(headers: Headers, default: str) -> tuple[str, dict[str, str]]:
    said, params = parameters(headers.plain("Content-Type"))
    if found := _TYPE.match(said):
        return found[0], params
    text = "/" not in said and "name" not in params
    kind = default if not said else "text/plain" if text else "application/octet-stream"
    return _SHORT.get(said.partition("/")[0], kind), params


def _sections_of(part: Part, body: bytes) -> list[tuple[bytes, bool]]:
    """By the boundary the part names, else by the first line that looks like a delimiter."""
    boundary = part.params.get("boundary", "").rstrip()
    sections = list(_sections(body, boundary.encode("utf-8", "replace"))) if boundary else []
    if not sections and (guess := _FIRST_DELIMITER.search(body[:_LOOKED_AT])):
        sections = list(_sections(body, guess[1]))
    return sections


def _sections(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bodies between delimiter lines, and whether a closing one ends them. A missing last delimiter ends
    with the body, whose last line break belongs to it; after a closing one that came too early, the next
    delimiter begins another part.
    """
    start = -1
    for line_start, line_end, last in _delimiters(body, boundary):
        if start >= 0:
            yield body[start:line_start], last
        start = -1 if last else line_end
    if start >= 0 and body[start:].strip():
        end = _line_break_before(body, len(body)) if body.endswith(b"\n") else len(body)
        yield body[start:end], True


def _delimiters(body: bytes, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """(where the line break before it starts, where the next line starts, whether it is the closing one)."""
    mark, at = b"--" + boundary, 0
    while (at := body.find(mark, at)) >= 0:
        if at and body[at - 1 : at] != b"\n":
            at += len(mark)
            continue
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end + 1
        tail = body[at + len(mark) : min(end, at + len(mark) + 200)].strip()
        if not tail or _CLOSING.fullmatch(tail):
            yield _line_break_before(body, at), end, bool(tail)
        at = max(end, at + len(mark))


def _line_break_before(body: bytes, at: int) -> int:
    if body[max(0, at - 2) : at] == b"\r\n":
        return at - 2
    return max(0, at - 1)
