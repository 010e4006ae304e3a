"""A large file is fetched by whoever has its address, until that ends, and by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox import db, downloads, files
from inbox.models import Agent, Attachment
from tests.clients import Browser
from tests.people import MailFrom

EVIL = b"<script>alert(1)</script>"


@pytest.fixture
def large(mail_from: MailFrom, ada: Agent) -> Attachment:
    file = Attachment(
        message_id=mail_from.message().id,
        filename='relatório "final".html',
        content_type="text/html",
        size=len(EVIL),
        sha256=files.put(EVIL),
        linked_until=downloads.ends(),
    )
    db.session.add(file)
    db.session.commit()
    return file


def address(file: Attachment) -> str:
    assert file.linked_until
    return f"/f/{downloads.token(file, file.linked_until)}"


def test_the_page_says_what_it_is(large: Attachment, visitor: Browser) -> None:
    answer = visitor.get(address(large), headers={"Accept-Language": "pt-BR"})
    assert answer.status_code == 200 and "relatório" in answer.text and 'lang="pt-BR"' in answer.text
    assert f'href="{address(large)}/download"' in answer.text and "<script>alert" not in answer.text
    assert "Set-Cookie" not in answer.headers and answer.headers["X-Robots-Tag"].startswith("noindex")
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "csrf" not in answer.text


def test_the_file_is_kept_and_never_shown(large: Attachment, visitor: Browser) -> None:
    answer = visitor.get(f"{address(large)}/download")
    assert answer.data == EVIL and answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Robots-Tag"].startswith("noindex")


def test_whatever_is_wrong_with_an_address_looks_the_same(large: Attachment, visitor: Browser) -> None:
    good, until = downloads.token(large, downloads.ends()), downloads.ends()
    small = Attachment(message_id=large.message_id, filename="a", content_type="a/b", size=1, sha256="0" * 64)
    lost = Attachment(
        message_id=large.message_id, filename="a", content_type="a/b", size=1, sha256="0" * 64,
        linked_until=until,
    )  # fmt: skip
    db.session.add_all([small, lost])
    db.session.commit()
    number, second, seal = good.split("-", 2)
    wrong = {
        "forged": f"{number}-{second}-{'A' * 22}",
        "another file": f"{int(number, 16) + 1:x}-{second}-{seal}",
        "longer": f"{number}-{int(second, 16) + 9999:x}-{seal}",
        "ended": downloads.token(large, db.now() - timedelta(seconds=1)),
        "never linked": downloads.token(small, until),
        "no number": f"fffffff-{second}-{seal}",
        "too large a number": f"ffffffff-{second}-{seal}",
        "words": "no-such-token",
        "its other token": large.token,
    }
    bodies = set()
    for token in wrong.values():
        for path in (f"/f/{token}", f"/f/{token}/download"):
            answer = visitor.get(path)
            assert answer.status_code == 404 and "Set-Cookie" not in answer.headers, path
            bodies.add(answer.data)
    bodies.add(visitor.get(f"/f/{downloads.token(lost, until)}/download").data)
    assert len(bodies) == 1


def test_it_ends(large: Attachment, visitor: Browser) -> None:
    import time_machine

    with time_machine.travel(db.now() + timedelta(days=29, hours=23), tick=False):
        assert visitor.get(address(large)).status_code == 200
    with time_machine.travel(db.now() + timedelta(days=30, minutes=1), tick=False):
        assert visitor.get(address(large)).status_code == 404
