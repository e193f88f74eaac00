"""Fees: each case pays its own row, names add up, an answer may say the sum, and who pays less is a row with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from doorstep.rulebook import pack
from doorstep.rulebook.pack.dated import read_dated
from doorstep.rulebook.pack.fee import charges, fen_of, most, reductions, yuan_of

DAYS = {"from": None, "to": None, "currency": "CNY", "source": "none", "sure": False}
T = {"zh": "什么费", "en": "Which fee"}
EXPIRED: dict[str, Any] = {**DAYS, "title": T, "amount": "20.00", "when": {"/why": "expired"}}
LOST: dict[str, Any] = {**DAYS, "title": T, "amount": "40.00", "when": {"/why": ["lost", "damaged"]}}
POST: dict[str, Any] = {**DAYS, "title": T, "fee": "post", "amount": "12.50", "when": {"/way": "post"}}
FINE: dict[str, Any] = {**DAYS, "title": T, "field": "/fine/amount"}


@pytest.mark.parametrize(
    ("data", "fen"),
    [
        ({"why": "expired"}, 2000), ({"why": "lost"}, 4000), ({"why": "lost", "way": "post"}, 5250), ({}, 0),
        ({"way": "post"}, 1250),
    ],
)  # fmt: skip
def test_each_case_owes_its_own_row_and_names_add_up(data: dict[str, Any], fen: int) -> None:
    assert sum(one.fen for one in charges([EXPIRED, LOST, POST], data, date(2026, 11, 22))) == fen


def test_the_row_of_the_day_is_owed() -> None:
    rows = [EXPIRED | {"to": "2026-11-30"}, EXPIRED | {"from": "2026-12-01", "amount": "15.00"}]
    for day, fen in ((date(2026, 11, 30), 2000), (date(2026, 12, 1), 1500)):
        assert [one.fen for one in charges(rows, {"why": "expired"}, day)] == [fen]


def test_a_fine_is_what_the_answer_says() -> None:
    assert [one.fen for one in charges([FINE], {"fine": {"amount": 150}}, None)] == [15000]
    assert charges([FINE], {"fine": {}}, None) == ()


def test_the_most_it_may_cost_is_the_dearest_case_of_each_name() -> None:
    dearest = most(read_dated([EXPIRED, LOST, POST]))
    assert dearest and dearest.value["amount"] == "52.50"
    assert most(read_dated([FINE])) is None


def test_who_pays_less_is_a_row_with_a_reason() -> None:
    card = pack.current("HZ-077")
    none = [one.name for one in card.reductions({"card": {"why": "lost"}})]
    less = {one.name: one.left(2000) for one in card.reductions({"card": {"why": "expired"}})}
    assert none == [] and less == {"low_income": 0, "hardship": 1000}
    assert all(one.law and not one.sure for one in reductions(card.raw["reductions"], None, None))


@pytest.mark.parametrize("amount", ["", "much", "1.005", "NaN", "Infinity"])
def test_what_is_no_amount_is_said_to_be_none(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        fen_of(amount)
    assert yuan_of(fen_of("52.50")) == "52.50" and yuan_of(-5) == "-0.05"
