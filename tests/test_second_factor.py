"""The second factor: codes, backup codes, and what stands around them."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import Connection, select

from inbox import cli, db, second_factor, vault
from inbox.models import Agent, BackupCode, Event, Memo, SecondFactor
from inbox.second_factor import SECONDS


def code_of(agent: Agent, steps: int = 0) -> str:
    """What their telephone shows, so many half-minutes from now."""
    row = db.session.get_one(SecondFactor, agent.id)
    at = int(db.now().timestamp()) // SECONDS + steps
    return pyotp.TOTP(vault.unseal(row.secret)).generate_otp(at)


def set_up(agent: Agent) -> list[str]:
    """Turn it on with the code before this one, so that the one that is shown now is not used up."""
    agent = db.session.get_one(Agent, agent.id)
    second_factor.begin(agent)
    db.session.commit()
    codes = second_factor.turn_on(agent, code_of(agent, -1))
    db.session.commit()
    assert codes
    return codes


def kinds() -> list[str]:
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id.is_(None)).order_by(Event.id)))


def test_it_is_on_once_a_first_code_was_right(grace: Agent) -> None:
    second_factor.begin(grace)
    db.session.commit()
    assert not second_factor.is_on(grace)
    assert second_factor.turn_on(grace, "000000") is None or pytest.skip("one in a million")
    assert second_factor.turn_on(grace, code_of(grace)) is not None
    assert second_factor.is_on(grace) and second_factor.waiting(grace) is None
    assert "second_factor_on" in kinds()


def test_the_secret_is_sealed_and_backup_codes_are_hashed(grace: Agent, database: Connection) -> None:
    codes = set_up(grace)
    row = db.session.get_one(SecondFactor, grace.id)
    assert len(vault.unseal(row.secret)) == 32 and vault.unseal(row.secret) not in row.secret
    kept = db.session.scalars(select(BackupCode.code_hash)).all()
    assert len(kept) == len(codes) == 10
    assert not any(code.replace("-", "") in one for code in codes for one in kept)


def test_what_the_telephone_scans_names_the_company(grace: Agent) -> None:
    second_factor.begin(grace)
    address = second_factor.address(grace, second_factor.waiting(grace) or "", "Barro & Linho")
    assert address.startswith("otpauth://totp/Barro%20%26%20Linho:grace%40barro.example?secret=")
    assert "issuer=Barro%20%26%20Linho" in address


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(
    grace: Agent, monkeypatch: pytest.MonkeyPatch, steps: int, right: bool
) -> None:
    set_up(grace)
    at = db.now().replace(second=10, microsecond=0) + timedelta(minutes=5)
    monkeypatch.setattr(second_factor, "now", lambda: at)
    secret = vault.unseal(db.session.get_one(SecondFactor, grace.id).secret)
    shown = pyotp.TOTP(secret).generate_otp(int(at.timestamp()) // SECONDS + steps)
    assert second_factor.is_right(grace, f"{shown[:3]} {shown[3:]}") is right


def test_a_code_from_the_standard_is_right(grace: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6238, appendix B: at 59 seconds it is …287082."""
    set_up(grace)
    row = db.session.get_one(SecondFactor, grace.id)
    row.secret, row.last_counter = vault.seal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), 0
    db.session.commit()
    then = db.now().replace(year=1970, month=1, day=1, hour=0, minute=0, second=59, microsecond=0)
    monkeypatch.setattr(second_factor, "now", lambda: then)
    assert second_factor.is_right(grace, "287082")


def test_no_code_is_taken_twice_nor_one_before_it(grace: Agent) -> None:
    set_up(grace)
    before, code = code_of(grace, -1), code_of(grace)
    assert second_factor.is_right(grace, code)
    assert not second_factor.is_right(grace, code)
    assert not second_factor.is_right(grace, before)


def test_a_backup_code_works_once_however_it_is_typed(grace: Agent, linus: Agent) -> None:
    codes = set_up(grace)
    typed = codes[0].upper().replace("-", " ")
    assert not second_factor.is_right(linus, codes[0])
    assert second_factor.is_right(grace, typed) and not second_factor.is_right(grace, typed)
    assert second_factor.codes_left(grace) == 9


def test_new_backup_codes_replace_those_before(grace: Agent) -> None:
    before = set_up(grace)
    after = second_factor.new_codes(grace)
    assert not second_factor.is_right(grace, before[0]) and second_factor.is_right(grace, after[0])


def test_turned_off_nothing_of_it_is_left(grace: Agent) -> None:
    codes = set_up(grace)
    second_factor.turn_off(grace)
    db.session.commit()
    assert not second_factor.is_on(grace) and not second_factor.is_right(grace, codes[0])
    assert db.session.scalar(select(SecondFactor)) is None
    assert kinds()[-1] == "second_factor_off"


def test_a_secret_of_another_key_fits_no_code_and_breaks_nothing(grace: Agent) -> None:
    set_up(grace)
    db.session.get_one(SecondFactor, grace.id).secret = "gAAAAAB-from-another-house"
    db.session.commit()
    assert not second_factor.is_right(grace, "123456")


def test_an_admin_resets_it_and_its_owner_hears_of_it(ada: Agent, grace: Agent) -> None:
    set_up(grace)
    second_factor.reset(grace, ada)
    db.session.commit()
    last = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert last and (last.kind, last.agent_id, last.data["agent"]) == ("second_factor_off", ada.id, grace.id)
    memo = db.session.scalars(select(Memo).order_by(Memo.id.desc())).first()
    assert memo and memo.address == grace.email and "Ada Prado" in memo.text


def test_the_last_admin_is_let_in_from_the_command_line(
    ada: Agent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(ada)
    monkeypatch.setattr(cli, "connect", lambda: None)
    assert cli.run(["people", "reset-second-factor", "Ada@barro.example"]) == 0
    assert "password alone" in capsys.readouterr().out
    assert not second_factor.is_on(db.session.get_one(Agent, ada.id))
    assert cli.run(["people", "reset-second-factor", "nobody@barro.example"]) == 1


def test_five_tries_of_a_hundred_are_looked_at(grace: Agent) -> None:
    set_up(grace)
    token = second_factor.owe(grace)
    db.session.commit()
    assert [second_factor.count_try(token) for _ in range(100)].count(True) == 5
    assert second_factor.owing(token) is None


def test_the_second_step_ends_after_ten_minutes(grace: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(grace)
    token = second_factor.owe(grace)
    db.session.commit()
    later = db.now() + timedelta(minutes=11)
    monkeypatch.setattr(second_factor, "now", lambda: later)
    assert second_factor.owing(token) is None and not second_factor.count_try(token)
    assert second_factor.pay(token, code_of(grace)) is None
