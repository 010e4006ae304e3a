"""The warm child: it reads, it dies, it is replaced, and the next mail is read."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from inbox.mail import Reader, Unreadable, reader
from inbox.mail.parse import parse
from tests.mail import letters, winmail
from tests.mail.letters import html, letter

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def warm() -> Iterator[Reader]:
    with Reader() as warm:
        warm.read(letter())
        yield warm


def children_seconds() -> float:
    """Processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pid_of(reader_: Reader) -> int:
    assert reader_._child is not None
    return reader_._child.pid


@pytest.mark.parametrize("raw", [letters.GMAIL_REPLY, letters.OUTLOOK_HTML, letters.BOUNCE, letter()])
def test_the_child_reads_exactly_what_parse_reads(warm: Reader, raw: bytes) -> None:
    assert warm.read(raw) == parse(raw)


def test_the_child_stays_warm_and_is_renewed_after_its_share() -> None:
    with Reader(mails=3) as short:
        pids = []
        for _ in range(4):
            short.read(letter())
            pids.append(pid_of(short))
    assert pids[0] == pids[1] == pids[2] != pids[3]


def nested(depth: int) -> bytes:
    return letter()[:-4] + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )


def parts(count: int) -> bytes:
    return letter("Content-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * count + b"--b--")


def fonts(count: int) -> str:
    return "".join(f"<font color=#{n:06x}>" for n in range(count))


RICH_BOMB = winmail.prop(
    winmail.BINARY, winmail.RTF, winmail.compressed((b"\xff" + b"\x0c\x8f" * 8) * 500_000, 2**32 - 1)
)
OPEN_LENGTHS = bytes.fromhex("3080 0609 2a864886f70d010702 a080 3080 020101 3100 3080 060101 a080")

POISON = {
    "a kilobyte of brackets": (letter("From: " + "(" * 1_000), ""),
    "two thousand levels": (nested(2_000), "too_deep"),
    "fifty thousand parts": (parts(50_000), "too_many_parts"),
    "twenty thousand encoded words": (letter("Subject: " + "=?utf-8?q?=C3=A9?= " * 20_000), ""),
    "forty thousand recipients": (
        letter("To: " + ", ".join(f"u{n}@x" for n in range(40_000))), "too_many_recipients"
    ),
    "twenty thousand nested divs": (html("<div>" * 20_000 + "x"), ""),
    "five megabytes of html": (html("<p>Hello <b>world</b> and <a href='//x'>link</a></p>\n" * 80_000), ""),
    "a hundred thousand attributes": (html("<a " + " ".join(map("a{}=1".format, range(100_000)))), ""),
    "formatting that multiplies": (html("<p>" + fonts(140) + "<p>x</p>" * 50_000), ""),
    "a list of fifty thousand": (html("<ol>" + "<li>x" * 50_000), ""),
    "half a million entities": (html("&amp" * 500_000), ""),
    "two megabytes of less-than": (html("<" * 2_000_000), ""),
    "a line of a megabyte": (letter("", "On " * 350_000), ""),
    "a million empty lines": (letter("", "\n" * 1_000_000), ""),
    "base64 in two million runs": (letter("Content-Transfer-Encoding: base64", "QQ==" * 2_000_000), ""),
    "a boundary a million times": (letter("Content-Type: multipart/mixed; boundary=b", "--b" * 10**6), ""),
    "parameters without end": (letter("Content-Type: text/plain" + ";" * 60_000), ""),
    "encoded words without end": (letter("Subject: " + "=?a?q?" * 10_000), ""),
    "a header of lines that are none": (letter(("a\n" * 900 + "X-A: x\n") * 300), ""),
    "files that begin and never end": (letter("", "begin-base64 644 x\nQUJD\n" * 100_000), ""),
    "a calendar of parameters": (
        letter("Content-Type: text/calendar", "BEGIN:VEVENT\nA" + ";a=aaaaaaaaaaaaaaaaaaaa" * 20_000), ""
    ),
    "commands of enriched text": (letter("Content-Type: text/enriched", "<param><nl>" * 300_000), ""),
    "rich text that claims four gigabytes": (winmail.mail(winmail.message(RICH_BOMB)), ""),
    "thirty thousand files in a winmail.dat": (winmail.mail(winmail.file("x", b"y") * 30_000), ""),
    "signed mail in open lengths": (
        letter("Content-Type: application/pkcs7-mime", OPEN_LENGTHS + b"\x24\x80" * 2_000_000), ""
    ),
}  # fmt: skip


@pytest.mark.parametrize("poison", POISON)
def test_attack_16_poison_costs_two_seconds_and_the_next_mail_is_read(warm: Reader, poison: str) -> None:
    raw, code = POISON[poison]
    before = children_seconds()
    try:
        warm.read(raw)
        found = ""
    except Unreadable as error:
        found = error.code
    assert found == code
    assert warm.read(letter()).text == "Oi"
    warm.close()  # so that its child is counted
    assert children_seconds() - before < 4, "the kernel stops it after two seconds of processor time"


def test_a_hundred_megabytes_are_refused_without_a_child() -> None:
    with Reader() as idle, pytest.raises(Unreadable) as refused:
        idle.read(b"x" * 100_000_000)
    assert refused.value.code == "too_large"


def test_a_child_killed_between_mails_is_replaced() -> None:
    with Reader() as reader_:
        reader_.read(letter())
        os.kill(pid_of(reader_), signal.SIGKILL)
        assert reader_.read(letter()).text == "Oi"


def test_a_child_killed_in_the_middle_costs_nothing() -> None:
    slow = html("<p>Hello <b>world</b></p>\n" * 20_000)
    with Reader(seconds=10) as reader_:
        reader_.read(letter())
        threading.Timer(0.1, os.kill, (pid_of(reader_), signal.SIGKILL)).start()
        assert "Hello world" in reader_.read(slow).text
        assert reader_.read(letter()).text == "Oi"


def test_a_mail_that_makes_its_reader_fail_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_START", "import sys; sys.stdin.buffer.read(20); sys.exit(3)")
    with Reader() as broken, pytest.raises(Unreadable) as refused:
        broken.read(letter())
    assert refused.value.code == "crash"


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_START", "import time; time.sleep(60)")
    monkeypatch.setattr(reader, "_START_SECONDS", 0)
    with Reader(seconds=0.2) as hanging:
        with pytest.raises(Unreadable) as refused:
            hanging.read(letter())
        assert refused.value.code == "timeout"
        monkeypatch.undo()
        assert hanging.read(letter()).text == "Oi"


def test_a_child_that_talks_nonsense_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "import sys; sys.stdout.buffer.write(b'\\0' * 7 + b'\\2[]' ); sys.stdout.flush(); sys.stdin.read()"
    monkeypatch.setattr(reader, "_START", said)
    with Reader() as lying, pytest.raises(Unreadable) as refused:
        lying.read(letter())
    assert refused.value.code == "crash"


def test_nothing_is_left_behind() -> None:
    me = psutil.Process()
    before = (me.num_fds(), {child.pid for child in me.children()})
    for _ in range(3):
        with Reader() as reader_:
            reader_.read(letter())
            os.kill(pid_of(reader_), signal.SIGKILL)
            reader_.read(letter())
    assert (me.num_fds(), {child.pid for child in me.children()}) == before


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_a_fork_each_process_has_its_own_child() -> None:
    with Reader() as reader_:
        reader_.read(letter())
        forked = os.fork()
        if forked == 0:
            ok = reader_.read(letter()).text == "Oi"
            reader_.close()
            os._exit(0 if ok else 1)
        _, status = os.waitpid(forked, 0)
        assert status == 0
        assert reader_.read(letter()).text == "Oi"


def test_threads_may_share_a_reader(warm: Reader) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(warm.read(letter()).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Oi"] * 8


def test_the_child_ends_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", "import time\nfrom inbox.mail import Reader\nr = Reader()\n"
         "r.read(b'Subject: x\\n\\ny')\nprint(r._child.pid, flush=True)\ntime.sleep(60)"],
        stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    assert child.wait(timeout=5) is None or not child.is_running()


def test_the_child_knows_nothing_but_mail() -> None:
    code = "import sys, inbox.mail.child; print('\\n'.join(sys.modules))"
    names = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    ).stdout.split()
    ours = {name for name in names if name.startswith("inbox")}
    assert all(name == "inbox" or name.startswith("inbox.mail") for name in ours)
    assert not {"flask", "sqlalchemy", "redis", "requests", "gevent"} & set(names)


def test_the_child_may_write_no_file_and_little_memory() -> None:
    code = (
        "from inbox.mail import child; import resource as r; child.restrict(); "
        "print(r.getrlimit(r.RLIMIT_FSIZE)[0], r.getrlimit(r.RLIMIT_CORE)[0], r.getrlimit(r.RLIMIT_AS)[0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    ).stdout.split()
    assert said[:2] == ["0", "0"]
    if sys.platform == "linux":
        assert int(said[2]) <= 1024**3
