from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.rule import compile_table
from doorstep.rulebook.words import Refused

PAPERS: dict[str, Any] = {
    "hit": "first",
    "inputs": {
        "married": "bool",
        "missing": {"type": "int", "min": 0, "max": 9},
        "channel": ["window", "online", "kiosk"],
    },
    "outputs": {"route": ["go", "promise", "ask"], "within": {"type": "limit", "optional": True}},
    "rows": [
        [True, 0, "-", "go", "-"],
        [True, "1..2", "window, kiosk", "promise", "30 day"],
        [True, "1..2", "-", "promise", "15 day"],
        [True, ">= 3", "-", "ask", "-"],
        [False, "-", "-", "ask", "-"],
    ],
}


def changed(**keys: Any) -> dict[str, Any]:
    return PAPERS | keys


def flaws(raw: dict[str, Any]) -> list[tuple[str, tuple[Any, ...], str]]:
    with pytest.raises(Flawed) as refused:
        compile_table("papers", raw)
    assert all(flaw.words.zh and flaw.words.en for flaw in refused.value.flaws)
    return [(flaw.rule, flaw.where, flaw.words.en) for flaw in refused.value.flaws]


def test_the_first_row_that_fits_answers_and_says_which_it_was() -> None:
    decision = compile_table("papers", PAPERS).decide({"married": True, "missing": 2, "channel": "kiosk"})
    assert (decision.row, decision.outputs) == (2, {"route": "promise", "within": "30 day"})


def test_a_case_that_no_row_answers_is_named() -> None:
    found = flaws(changed(rows=PAPERS["rows"][:-1]))
    assert [(rule, where) for rule, where, _ in found] == [("table.gap", ("rows",))]
    assert found[0][2] == "no row answers married = false, missing = 0, channel = window"


def test_a_gap_between_two_numbers_is_found() -> None:
    rows = [[True, "0..3", "-", "go", "-"], [True, ">= 5", "-", "ask", "-"], [False, "-", "-", "ask", "-"]]
    assert "missing = 4" in flaws(changed(rows=rows))[0][2]


def test_a_row_that_can_never_be_reached_is_named_by_its_number() -> None:
    rows = [*PAPERS["rows"], [True, 1, "kiosk", "ask", "-"]]
    assert flaws(changed(rows=rows)) == [("table.dead_row", ("rows", 5), "row 6 can never be reached")]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (["yes", 0, "-", "go", "-"], 0),
        ([True, 12, "-", "go", "-"], 1),
        ([True, "2..1", "-", "go", "-"], 1),
        ([True, True, "-", "go", "-"], 1),
        ([True, "some", "-", "go", "-"], 1),
        ([True, 0, "windw", "go", "-"], 2),
        ([True, 0, "-", "goo", "-"], 3),
        ([True, 0, "-", "go", "5 weeks"], 4),
    ],
)
def test_a_cell_that_does_not_fit_its_column_is_pointed_at(row: list[Any], place: int) -> None:
    found = flaws(changed(rows=[row, *PAPERS["rows"]]))
    assert [(rule, where) for rule, where, _ in found] == [("table.cell", ("rows", 0, place))]


def test_every_flaw_is_reported_not_only_the_first() -> None:
    rows = [[True], ["yes", 0, "windw", "go", "-"], *PAPERS["rows"]]
    assert [where for _, where, _ in flaws(changed(rows=rows))] == [
        ("rows", 0),
        ("rows", 1, 0),
        ("rows", 1, 2),
    ]


@pytest.mark.parametrize("key", ["inputs", "outputs", "rows"])
def test_a_table_without_one_of_its_parts_is_refused(key: str) -> None:
    assert flaws(changed(**{key: None}))


def test_an_unknown_type_is_refused() -> None:
    assert flaws(changed(inputs={"married": "boolean"}))[0][0] == "table.type"


def test_a_fact_that_is_missing_is_asked_for_and_not_guessed() -> None:
    with pytest.raises(Refused) as refused:
        compile_table("papers", PAPERS).decide({"married": True, "channel": "kiosk"})
    assert refused.value.code == "rule.fact_missing"
    assert "missing" in refused.value.words.en


@pytest.mark.parametrize("value", [10, -1, "2", 1.0, True])
def test_a_fact_outside_its_type_is_refused(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        compile_table("papers", PAPERS).decide({"married": True, "missing": value, "channel": "kiosk"})
    assert refused.value.code == "rule.fact_value"


def test_an_optional_fact_may_be_absent_and_asked_about() -> None:
    raw = {
        "inputs": {"held": {"type": "bool", "optional": True}},
        "outputs": {"route": ["ask", "go"]},
        "rows": [["none", "ask"], ["-", "go"]],
    }
    table = compile_table("held", raw)
    assert [table.decide({"held": v}).outputs["route"] for v in (None, True, False)] == ["ask", "go", "go"]


def test_a_table_too_large_to_check_is_refused() -> None:
    inputs = {name: {"type": "int", "min": 0, "max": 9} for name in "abcdefgh"}
    rows = [["5"] * 8 + ["go"], ["-"] * 8 + ["ask"]]
    raw = {"inputs": inputs, "outputs": {"route": ["go", "ask"]}, "rows": rows}
    assert flaws(raw)[0][0] == "table.size"


@given(st.booleans(), st.integers(0, 9), st.sampled_from(["window", "online", "kiosk"]))
def test_a_checked_table_answers_every_possible_case(married: bool, missing: int, channel: str) -> None:
    decision = compile_table("papers", PAPERS).decide(
        {"married": married, "missing": missing, "channel": channel}
    )
    assert 1 <= decision.row <= 5


_NUMBER_CELLS = st.sampled_from(
    ["-", "0", "3", "1..4", "5..9", ">= 2", "<= 6", "> 8", "< 1", "0, 9", "2..3, 7"]
)


def _holds(cell: str, value: int) -> bool:
    """A number cell read the slow and plain way."""
    for part in cell.split(","):
        text = part.strip()
        if text == "-":
            return True
        for sign, good in (
            (">=", value.__ge__),
            ("<=", value.__le__),
            (">", value.__gt__),
            ("<", value.__lt__),
        ):
            if text.startswith(sign):
                if good(int(text[len(sign) :])):
                    return True
                break
        else:
            low, _, high = text.partition("..")
            if int(low) <= value <= int(high or low):
                return True
    return False


@given(st.lists(st.tuples(_NUMBER_CELLS, st.sampled_from(["-", True, False])), min_size=1, max_size=5))
def test_gaps_and_dead_rows_are_found_exactly(rows: list[tuple[str, Any]]) -> None:
    points = [(number, yes) for number in range(10) for yes in (True, False)]
    first = {
        (n, yes): next((at for at, (a, b) in enumerate(rows) if _holds(a, n) and b in ("-", yes)), None)
        for n, yes in points
    }
    gap = None in first.values()
    dead = set(range(len(rows))) - set(first.values())
    raw = {
        "inputs": {"n": {"type": "int", "min": 0, "max": 9}, "yes": "bool"},
        "outputs": {"route": ["go"]},
        "rows": [[a, b, "go"] for a, b in rows],
    }
    try:
        table = compile_table("random", raw)
    except Flawed as flawed:
        found = [(flaw.rule, flaw.where) for flaw in flawed.flaws]
        assert (("table.gap", ("rows",)) in found) == gap
        assert {where[1] for rule, where in found if rule == "table.dead_row"} == dead
    else:
        assert not gap
        assert not dead
        assert all(table.decide({"n": n, "yes": yes}).row == first[n, yes] + 1 for n, yes in points)


LAW: dict[str, Any] = {
    "inputs": {
        "born": {"type": "date", "min": "2000-01-01", "max": "2020-12-31"},
        "fee": {"type": "money", "max": "100.00", "min": "0.00"},
        "ended": {"type": "date", "optional": True},
    },
    "outputs": {"route": ["old", "new", "open"], "pay": "money", "from": {"type": "date", "optional": True}},
    "rows": [
        ["-", "-", "none", "open", "0.00", "-"],
        ["< 2010-06-01", "<= 40.00", "-", "old", "40.00", "2010-06-01"],
        ["< 2010-06-01", "-", "-", "old", "80.50", "-"],
        ["2010-06-01..2020-12-31", "-", "-", "new", "10.00", "-"],
    ],
}


@pytest.mark.parametrize(
    ("born", "fee", "ended", "row"),
    [
        ("2000-01-01", "0.00", None, 1),
        ("2010-05-31", "40.00", "2026-01-01", 2),
        ("2010-05-31", "40.01", "2026-01-01", 3),
        ("2010-06-01", "100.00", "1999-12-31", 4),
    ],
)
def test_dates_and_amounts_are_compared_to_the_day_and_the_cent(
    born: str, fee: str, ended: str | None, row: int
) -> None:
    assert compile_table("law", LAW).decide({"born": born, "fee": fee, "ended": ended}).row == row


def spoilt(at: int, place: int, cell: Any) -> list[tuple[str, tuple[Any, ...], str]]:
    rows = [list(row) for row in LAW["rows"]]
    rows[at][place] = cell
    return flaws(LAW | {"rows": rows})


@pytest.mark.parametrize(
    ("at", "place", "cell", "says"),
    [
        (3, 0, "2010-06-02..2020-12-31", "born = 2010-06-01"),
        (3, 0, "2010-06-01..2020-12-30", "born = 2020-12-31"),
        (3, 0, "> 2010-06-01", "born = 2010-06-01"),
        (3, 1, "<= 99.99", "fee = 100.00"),
        (3, 1, "> 0.00", "fee = 0.00"),
        (3, 2, "none", "ended = 1999-12-31"),
    ],
)
def test_a_gap_of_one_day_one_cent_or_an_absent_fact_is_named(
    at: int, place: int, cell: str, says: str
) -> None:
    found = spoilt(at, place, cell)
    assert [says in words for rule, where, words in found if (rule, where) == ("table.gap", ("rows",))] == [
        True
    ]


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        (0, "2010-02-30"), (0, "2010"), (0, "1999-12-31"), (0, 5), (0, "2020-01-02..2020-01-01"), (0, ">= soon"),
        (1, "40"), (1, "40.0"), (1, "-1.00"), (1, "100.01"), (1, "1e3"), (1, True), (2, "sometime"),
        (3, "younger"), (4, "40"), (4, "-"), (5, "2010-13-01"),
    ],
)  # fmt: skip
def test_a_date_or_amount_that_is_none_is_pointed_at(place: int, cell: Any) -> None:
    found = spoilt(1, place, cell)
    assert [(rule, where) for rule, where, _ in found] == [("table.cell", ("rows", 1, place))]


def test_a_row_behind_a_wider_date_can_never_be_reached() -> None:
    rows = [*LAW["rows"][:2], ["< 2005-01-01", "<= 40.00", "-", "old", "1.00", "-"], *LAW["rows"][2:]]
    assert ("table.dead_row", ("rows", 2)) in [
        (rule, where) for rule, where, _ in flaws(LAW | {"rows": rows})
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "date", "min": "soon"}, {"type": "money", "max": 40}, {"type": "bool", "min": 0},
        {"type": "int", "max": "9"}, {"type": "float"}, {"choices": []}, {"choices": [1, 2]}, {"kind": "int"}, 7,
    ],
)  # fmt: skip
def test_a_type_that_cannot_be_read_is_refused(spec: Any) -> None:
    found = flaws(LAW | {"inputs": LAW["inputs"] | {"born": spec}})
    assert ("table.type", ("inputs", "born")) in [(rule, where) for rule, where, _ in found]


@pytest.mark.parametrize(
    ("name", "value"), [("born", "1999-12-31"), ("born", "12.03.2010"), ("born", 7), ("fee", "40"), ("fee", 40.0)]
)  # fmt: skip
def test_a_fact_that_is_no_date_or_amount_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        compile_table("law", LAW).decide({"born": "2010-01-01", "fee": "1.00", "ended": None} | {name: value})
    assert refused.value.code == "rule.fact_value"


@pytest.mark.parametrize("kind", ["text", "limit"])
def test_texts_are_compared_as_a_whole_and_any_other_text_needs_a_row(kind: str) -> None:
    cells = ["5 workday", "30 day"]
    raw: dict[str, Any] = {
        "inputs": {"a": kind},
        "outputs": {"ok": "bool"},
        "rows": [[cells[0], True], ["-", False]],
    }
    table = compile_table("texts", raw)
    assert [table.decide({"a": cell}).row for cell in cells] == [1, 2]
    assert flaws(raw | {"rows": [[cells[0], True], [cells[1], False]]})[0][0] == "table.gap"


def test_the_number_of_the_row_is_in_the_happening() -> None:
    from doorstep.rulebook import flow as game
    from doorstep.rulebook.flow_source import compile_flow

    flow = compile_flow(
        {"steps": [{"id": "law", "kind": "decide", "table": "law"}]}, {"law": compile_table("law", LAW)}
    )
    _, log = game.start(flow, {"born": "2010-05-31", "fee": "40.01", "ended": "2026-01-01"})
    assert log[0].as_codes() == {
        "kind": "decided", "step": "law", "rule": "law", "row": 3, "outputs": {"route": "old", "pay": "80.50", "from": None},
    }  # fmt: skip
