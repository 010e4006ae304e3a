"""Whom to ask and when not to: dates and facts in, decisions out."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox import feedback
from inbox.feedback import Facts, Policy, why_not

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
FINE = Facts(due_at=NOON)


def test_nothing_against_it_means_ask() -> None:
    assert why_not(FINE, Policy(), NOON) == ""
    assert why_not(replace(FINE, asked_at=NOON - timedelta(days=8)), Policy(), NOON) == ""


@pytest.mark.parametrize(
    ("fact", "value", "reason"),
    [("on", False, "off"), ("stands", False, "reopened"), ("spam", True, "spam"),
     ("restored", True, "restored"), ("has_link", False, "no_link"),
     ("by_mail", False, "not_mail"), ("person", False, "machine"),
     ("answered", False, "unanswered"), ("bounced", True, "bounced"), ("declined", True, "declined"),
     ("asked_at", NOON - timedelta(days=6), "cap")],
)  # fmt: skip
def test_every_reason_not_to(fact: str, value: Any, reason: str) -> None:
    assert why_not(replace(FINE, **{fact: value}), Policy(), NOON) == reason
    assert reason in feedback.WHY_NOT


def test_the_cap_is_set_in_days_and_can_be_none() -> None:
    asked = replace(FINE, asked_at=NOON - timedelta(minutes=1))
    assert why_not(asked, Policy(every_days=1), NOON) == "cap"
    assert why_not(asked, Policy(every_days=0), NOON) == ""


def test_after_a_short_downtime_it_is_asked_and_after_a_long_one_not() -> None:
    assert why_not(FINE, Policy(), NOON + timedelta(days=6)) == ""
    assert why_not(FINE, Policy(), NOON + timedelta(days=8)) == "late"


@pytest.mark.parametrize(
    ("score", "tier", "low"),
    [
        (1, "standard", True),
        (2, "standard", True),
        (3, "standard", False),
        (3, "vip", True),
        (4, "vip", False),
    ],
)
def test_a_high_tier_is_listened_to_earlier(score: int, tier: str, low: bool) -> None:
    assert Policy().is_low(score, tier) is low


def test_where_nothing_follows_nothing_is_low() -> None:
    assert not Policy(then="nothing").is_low(1, "vip") and not Policy(low=0).is_low(1, "standard")


@pytest.mark.parametrize(
    "kept",
    [{"low": 9}, {"low": -1}, {"low": "2"}, {"low": True}, {"then": "explode"}, {"on": 1}, {"nope": 3},
     {"wait_minutes": 10**9}, {"every_days": None}, {}],
)  # fmt: skip
def test_what_does_not_fit_has_its_default(kept: dict[str, object]) -> None:
    assert Policy.read(kept) == Policy()


def test_what_is_kept_is_read_again() -> None:
    wanted = Policy(on=False, wait_minutes=0, every_days=30, low=1, low_vip=5, then="tell")
    assert Policy.read(wanted.kept()) == wanted and len(wanted.kept()) == len(fields(Policy))


def test_reasons_belong_to_their_score() -> None:
    assert feedback.chosen(5, ["clear", "slow", "fast", "fast", "x"]) == ["fast", "clear"]
    assert feedback.chosen(2, ["clear", "slow"]) == ["slow"] and feedback.chosen(3, []) == []


def test_it_can_be_answered_for_a_month_and_changed_for_two_weeks() -> None:
    assert feedback.ends_at(NOON, None) - NOON == timedelta(days=30)
    assert feedback.ends_at(NOON, NOON + timedelta(days=20)) - NOON == timedelta(days=34)
