"""Reading address lists (RFC 5322 section 3.4) strictly: what is not plainly an address is no address.

The syntax is read first and encoded words are decoded after, so nothing encoded can pose as syntax. One pass,
no recursion: the list `((((((…` costs what any other text of its length costs.
"""

from __future__ import annotations

import re

from inbox.mail import limits
from inbox.mail.values import Address, Unreadable
from inbox.mail.words import decode_words, spans

NOBODY = Address("", "")

# A local part, quoted or not, and a domain or an address literal. International ones are fine (RFC 6531).
_CONTROL = r"\x00-\x1f\x7f"
_LOCAL = (  # longer than RFC 5321 has it: SRS, VERP
    rf"(?:\"[^\"\\{_CONTROL}]{{1,64}}\"|[^\s\"<>()\[\]:;@\\,{_CONTROL}]{{1,250}})"
)
_ADDRESS = re.compile(rf"{_LOCAL}@(?:\[[0-9A-Za-z:.]{{1,50}}\]|[^\s\"<>()\[\]:;@\\,=?{_CONTROL}]{{1,255}})")
_NO_ONE = re.compile(r"[^@:]+:(?:@[^@;]+)?;(?:@.*)?")  # `<undisclosed-recipients:;@x.example>`
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTES = ("'", '"')
_MAX_ANGLE = 1_000  # characters between < and >
_MOST_COMMENTS = 5  # inside one another, in one address


def address_list(value: str) -> tuple[Address, ...]:
    """Every mailbox of a header value, group members included. Unreadable when there are too many."""
    found: list[Address] = []
    for mailbox in _Scanner(value).mailboxes():
        found.append(mailbox)
        if len(found) > limits.MAX_RECIPIENTS:
            raise Unreadable("This mail names too many recipients to be read.", "too_many_recipients")
    return tuple(found)


def is_address(text: str) -> bool:
    """Whether `text` is one bare address, nothing around it."""
    return _ADDRESS.fullmatch(text) is not None


class _Scanner:
    """Cuts a list into mailboxes, one character at a time; encoded words are taken whole."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.last_semicolon = value.rfind(";")
        self.last_quote = value.rfind('"')  # one after it that nothing closes is nothing
        self.words = {start: end for start, end, *_ in spans(value)} if "=?" in value else {}
        self.surname = ""  # before a comma that nobody quoted: `Doe, John <john@x.example>`
        self._clear()

    def _clear(self) -> None:
        self.phrase: list[str] = []
        self.comment: list[str] = []
        self.angle: str | None = None
        self.before: int | None = None  # how much of the phrase stood before the address

    def mailboxes(self) -> list[Address]:
        found: list[Address] = []
        at, size = 0, len(self.value)
        while at < size and len(found) <= limits.MAX_RECIPIENTS:
            char = self.value[at]
            if char == '"' and at < self.last_quote:
                at = self._quoted(at + 1)
            elif char == "(":
                at = self._comment(at + 1)
            elif char == "<":
                if self.angle is not None:  # forgotten commas: `Ada <ada@x.example> Bob <bob@x.example>`
                    self._end(found, rest=True)
                at = self._angle(at + 1)
            elif at in self.words:
                self.phrase.append(self.value[at : self.words[at]])
                at = self.words[at]
            else:
                self._plain(char, at, found)
                at += 1
        self._end(found)
        self._leave_surname(found)
        return found

    def _plain(self, char: str, at: int, found: list[Address]) -> None:
        if char in ",;":
            self._end(found)
        elif char == ":" and self.angle is None and not self._in_literal(at) and self._groups(at):
            self.phrase = []  # that was a group's name
        elif char not in '>"':  # nothing opened or closes it
            self.phrase.append(char)

    def _groups(self, at: int) -> bool:
        """Whether a colon can end a group's name: the group ends somewhere, or nothing comes any more."""
        return self.last_semicolon > at or not self.value[at + 1 : at + 20].strip(" ;,")

    def _in_literal(self, at: int) -> bool:
        """Whether a colon stands in an address like `ada@[IPv6:2001:db8::1]`."""
        before = self.value[max(0, at - 50) : at]
        return "@[" in before and "]" not in before[before.rfind("@[") :]

    def _quoted(self, at: int) -> int:
        text: list[str] = []
        while at < len(self.value) and self.value[at] != '"':
            at += self.value[at] == "\\"
            text.append(self.value[at : at + 1])
            at += 1
        # A quoted local part keeps its quotes; a quoted name loses them.
        quote = '"' if self.value[at + 1 : at + 2] == "@" else ""
        self.phrase.append(quote + "".join(text) + quote)
        return at + 1

    def _comment(self, at: int) -> int:
        start, depth = at, 1
        while at < len(self.value) and depth:
            char = self.value[at]
            depth += (char == "(") - (char == ")")
            at += 2 if char == "\\" else 1
        self.comment.append(self.value[start : at - (depth == 0)])
        return at

    def _angle(self, at: int) -> int:
        while self.value[at : at + 1] == "<":  # `<<ada@x.example>>`
            at += 1
        end = self._angle_end(at)
        inside = self.value[at:end]
        if self.value[end : end + 1] == "<" and "@" not in inside:  # a sign in a name
            self.phrase.append(inside)
            return end
        if inside.lstrip().startswith("@") and ":" in inside:  # an obsolete route: <@a,@b:user@c>
            inside = inside.rpartition(":")[2]
        self.angle, self.before = _squeezed(inside), len(self.phrase)
        return end + (self.value[end : end + 1] == ">")

    def _angle_end(self, at: int) -> int:
        """Where the address ends; at the comma or semicolon before the next `<` when nobody closed it."""
        stop = min(len(self.value), at + _MAX_ANGLE)
        end = self.value.find(">", at, stop)
        another = self.value.find("<", at, end if end >= 0 else stop)
        if end >= 0 and another < 0:
            return end
        last = another if another >= 0 else stop
        cuts = [cut for mark in ",;" if (cut := self.value.find(mark, at, last)) >= 0]
        return min(cuts, default=last)

    def _end(self, found: list[Address], rest: bool = False) -> None:
        """The mailbox is over; with `rest`, what was said behind its address begins the next one."""
        phrase, behind = "".join(self.phrase[: self.before]).strip(), self.phrase[self.before :]
        phrase = phrase or "".join(behind).strip()
        if self.angle is None and phrase and "@" not in phrase and not self.comment and not self.surname:
            self.surname = phrase
        elif self.angle is None and not phrase:
            pass
        else:
            if self.surname and self.angle and phrase and "@" not in phrase:
                phrase, self.surname = f"{self.surname}, {phrase}", ""
            self._leave_surname(found)
            found += self._mailboxes(phrase)
        self._clear()
        self.phrase = behind if rest else []

    def _leave_surname(self, found: list[Address]) -> None:
        """What stood alone before a comma was no surname: somebody named without an address."""
        if self.surname:
            found.append(Address(_name(self.surname), ""))
            self.surname = ""

    def _mailboxes(self, phrase: str) -> list[Address]:
        """What one place of the list names: one mailbox, or several addresses with only blanks between."""
        if self.angle is not None:
            if _NO_ONE.fullmatch(self.angle):
                return []
            address = _strict(self.angle)
            name = _name(phrase or "".join(self.comment[-1:]))
            if not address and (said := _name(self.angle)) != name:  # no address, but nothing is lost
                name = f"{name} <{said}>" if name and said else name or said
            return [Address(name, address)] if name or address else []
        phrase = phrase if is_address(phrase) else _squeezed(phrase) if phrase.count("@") == 1 else phrase
        bare = [_strict(word) for word in phrase.split()[: limits.MAX_RECIPIENTS + 1]]
        if len(bare) > 1 and all(bare):
            return [Address("", address) for address in bare]
        return [self._bare(phrase)]

    def _bare(self, phrase: str) -> Address:
        if address := _strict(phrase):
            return Address(_name("".join(self.comment[-1:])), address)
        name, _, last = phrase.rpartition(" ")
        if address := _strict(last):  # `Ada Lovelace ada@example.org`, forgotten brackets
            return Address(_name(name), address)
        first, _, name = phrase.partition(" ")
        if address := _strict(first):
            return Address(_name(name), address)
        return Address(_name(" ".join([phrase, *(f"({text})" for text in self.comment[-1:])])), "")


def _squeezed(text: str) -> str:
    """An address without the blanks and comments that may stand in it, and mostly come from folding."""
    text = text.strip()[:_MAX_ANGLE]
    for _ in range(min(text.count("("), _MOST_COMMENTS)):
        text = re.sub(r"\([^()]*\)", "", text)
    return re.sub(r"\s*([@.])\s*", r"\1", text)


def _strict(text: str) -> str:
    text = text.removeprefix("mailto:")
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    text = text.removesuffix(".")
    return text if is_address(text) else ""


def _name(text: str) -> str:
    name = " ".join(_INVISIBLE.sub("", decode_words(text)).split())
    while len(name) > 1 and name[0] == name[-1] in _QUOTES and name[0] not in name[1:-1]:
        name = name[1:-1].strip()
    return ("" if name in _QUOTES else name)[: limits.MAX_NAME_CHARS]
