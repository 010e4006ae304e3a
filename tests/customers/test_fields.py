"""What fits into a field of each kind, and how it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.customers import fields
from inbox.customers.fields import Invalid
from inbox.models import CustomerField
from inbox.models.customer_field import KINDS


def of(kind: str) -> CustomerField:
    return CustomerField(name="F", kind=kind, choices=["Red clay", "Préto"])


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  two\n words ", "two words"),
        ("number", "12", "12"),
        ("number", "-1,5", "-1.5"),
        ("number", "1.234,50", "1234.5"),
        ("number", "1,234.50", "1234.5"),
        ("number", "1 234 567", "1234567"),
        ("number", "1.234.567", "1234567"),
        ("number", "1.234", "1.234"),
        ("number", "100000", "100000"),
        ("number", "-0", "0"),
        ("date", "2026-03-09", "2026-03-09"),
        ("date", "9/3/2026", "2026-03-09"),
        ("date", "09.03.2026", "2026-03-09"),
        ("yes_no", "YES", "yes"),
        ("yes_no", "0", "no"),
        ("choice", "preto", "Préto"),
        ("link", "shop.example/x", "https://shop.example/x"),
        ("link", "http://shop.example", "http://shop.example"),
        ("text", "", ""),
        ("number", "  ", ""),
    ],
)
def test_what_is_typed_is_kept_in_one_way(kind: str, typed: str, kept: str) -> None:
    assert fields.read(of(kind), typed) == kept
    assert fields.read(of(kind), kept) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 1001),
        ("number", "twelve"),
        ("number", "1e9"),
        ("number", "NaN"),
        ("number", "1.2.3"),
        ("number", "٣"),
        ("date", "2026-02-30"),
        ("date", "31/2/2026"),
        ("date", "soon"),
        ("yes_no", "maybe"),
        ("choice", "Blue"),
        ("link", "javascript:alert(1)"),
        ("link", "javascript://x.example/%0aalert(1)"),
        ("link", "data:text/html,x"),
        ("link", "https://user:secret@shop.example"),
        ("link", "https://[::1"),
        ("link", "ftp://shop.example"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, typed: str) -> None:
    with pytest.raises(Invalid) as wrong:
        fields.read(of(kind), typed)
    assert wrong.value.reason == kind


@given(kind=st.sampled_from(KINDS), typed=st.text(max_size=60))
def test_anything_is_kept_refused_or_nothing(kind: str, typed: str) -> None:
    try:
        kept = fields.read(of(kind), typed)
    except Invalid:
        return
    assert fields.read(of(kind), kept) == kept and kept.isprintable()
