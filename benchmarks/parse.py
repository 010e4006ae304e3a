"""Reading 2,000 mixed mails beside the standard library: median and 99th percentile, in the same run.

Our reading also decodes every part, hashes files, reads HTML, tells new text from quotes and cleans what is
to be shown. The peer parses with ``policy.default``, reads the same headers and decodes every part, nothing
else. Both take the same mails, in turns.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import random
import statistics
import time
from collections.abc import Callable

from benchmarks.mails import varied
from inbox.mail import Unreadable
from inbox.mail.parse import parse

MAILS = 2_000
DAMAGED = 0.1  # of them, as some are on the way


def run() -> None:
    chance = random.Random(5)
    mails = [_damaged(raw, chance) if chance.random() < DAMAGED else raw for raw in varied(MAILS)]
    for raw in mails[:50]:  # warm: codecs and patterns
        _ours(raw)
        _peer(raw)
    ours, peer = [], []
    for raw in mails:
        ours.append(_timed(_ours, raw))
        peer.append(_timed(_peer, raw))
    for name, times in (("ours", ours), ("standard library", peer)):
        print(f"{name:17} median {_median(times):6.2f} ms, p99 {_p99(times):6.2f} ms")
    print(f"{'ratio':17} median {_median(ours) / _median(peer):6.2f}   , p99 {_p99(ours) / _p99(peer):6.2f}")


def _damaged(raw: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return raw[: chance.randint(len(raw) // 2, len(raw))]
    broken = bytearray(raw)
    for _ in range(5):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken)


def _ours(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        parse(raw)


def _peer(raw: bytes) -> None:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for name in ("From", "To", "Cc", "Subject", "Date", "Message-ID"):
        try:
            str(mail[name])
        except (ValueError, AttributeError, TypeError, IndexError):  # it stumbles over some damage
            continue
    for part in mail.walk():
        if not part.is_multipart():
            part.get_payload(decode=True)


def _timed(read: Callable[[bytes], None], raw: bytes) -> float:
    began = time.perf_counter()
    read(raw)
    return 1000 * (time.perf_counter() - began)


def _median(times: list[float]) -> float:
    return statistics.median(times)


def _p99(times: list[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]
