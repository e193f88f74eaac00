"""Layers: province, city, county, station change a pack within what it leaves them; every value says which of them set it."""

from __future__ import annotations

import copy
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from doorstep.domains import studio
from doorstep.domains.studio import fmt
from doorstep.domains.studio.layer import Layer, lay
from doorstep.rulebook import pack
from doorstep.rulebook.flaw import Flawed
from tests.studio.regions import WHY, op, place_of, town

HAN = re.compile(r"[㐀-鿿]")
TODAY = date(2026, 11, 22)
CHECK = {"id": "second_look", "kind": "task", "by": "competent", "limit": "30 minute",
         "title": {"zh": "再看一眼", "en": "A second look"}}  # fmt: skip


@pytest.fixture(scope="module")
def anlan() -> studio.Stacks:
    return studio.read_stacks("anlan")


def test_E01_every_value_says_which_of_four_layers_set_it_and_why(anlan: studio.Stacks) -> None:
    found = anlan.layered("HZ-078", "AL-YX-TH", TODAY)
    set_by = {way: [(one["layer"], one["was"]) for one in told] for way, told in found.provenance.items()}
    assert set_by["/limits/keep_for_pick_up"] == [("city", ["30 day"])]
    assert set_by["/limits/promise"] == [("yunting", ["1 workday"])]
    assert set_by["/limits/review"] == [("yunting", ["3 workhour"]), ("tanghu", ["1 workhour"])]
    assert set_by["/flow/steps/photo_check"] == [("yunting", None)]
    assert str(found.limit("review")) == "30 minute" and str(found.limit("keep_for_pick_up")) == "45 day"
    assert found.provenance["/limits/promise"][0]["why"]["en"].startswith("The district has two machines")
    assert "/fees" not in found.provenance and found.fee() == anlan.base("HZ-078").fee()


def test_E01_what_a_province_sets_holds_everywhere_below(anlan: studio.Stacks) -> None:
    for unit in ("", "AL-LJ", "AL-YX-DK", "AL-HALL"):
        found = anlan.layered("HZ-106", unit, TODAY)
        assert str(found.limit("correction")) == "20 day"
        assert found.provenance["/limits/correction"][0]["level"] == "province"


def test_E01_the_layers_that_ship_have_no_finding_and_all_examples_come_out(anlan: studio.Stacks) -> None:
    assert [str(one) for one in anlan.check()] == []
    told = [(unit, one) for unit, found in anlan.everywhere() for one in studio.run_examples(found)]
    assert [(unit, one.why) for unit, one in told if not one.ok] == []
    assert {unit for unit, _ in told} == {"", "AL-LJ", "AL-LJ-LX", "AL-YX", "AL-YX-TH"}


def test_E01_places_without_operations_of_their_own_share_one_pack(anlan: studio.Stacks) -> None:
    stations = [anlan.layered("HZ-078", unit, TODAY) for unit in ("AL-YX", "AL-YX-DK", "AL-YX-YT")]
    assert stations[0] is stations[1] is stations[2]
    assert anlan.layered("HZ-106", "AL-LJ", TODAY) is anlan.layered("HZ-106", "", TODAY)
    assert len({anlan.layered("HZ-078", "AL-LJ-LX", TODAY).hash, stations[0].hash}) == 2


def test_E01_a_layered_pack_is_built_again_from_its_content_provenance_included(anlan: studio.Stacks) -> None:
    found = anlan.layered("HZ-078", "AL-YX-TH", TODAY)
    again = pack.Pack.from_content(found.content)
    assert (again.hash, again.provenance) == (found.hash, found.provenance)
    assert '"layers":{' not in anlan.base("HZ-078").content.partition('"examples"')[2]


def test_E01_an_operation_ends_on_its_day(anlan: studio.Stacks) -> None:
    times = anlan.periods("HZ-078", "AL-YX-TH", TODAY)
    assert [(first, last, "workstation" in one.channels) for first, last, one in times] == [
        (TODAY, date(2026, 12, 31), False),
        (date(2027, 1, 1), None, True),
    ]


def test_E01_a_limit_set_for_some_days_leaves_the_days_before_and_after(tmp_path: Path) -> None:
    stacks = town(
        tmp_path,
        city=[op(set="limits/promise", value="4 workhour", from_="2026-12-01", to="2026-12-31")],
    )
    found = stacks.layered("HZ-078", "AL-YX-TH", TODAY)
    days = (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [str(found.promise_on(day)) for day in days] == [
        "1 workday",
        "4 workhour",
        "4 workhour",
        "1 workday",
    ]
    assert stacks.check() == []


ILLEGAL: dict[str, tuple[str, str, dict[str, Any]]] = {
    "the law's limit": ("city", "layer.law", op(set="limits/statutory", value="1 day")),
    "a promise longer than the law": ("county", "layer.law", op(set="limits/promise", value="5 workday")),
    "a promise longer than above": ("county", "layer.burden", op(set="limits/promise", value="2 workday")),
    "a shorter time to fetch it": ("city", "layer.burden", op(set="limits/keep_for_pick_up", value="5 day")),
    "fetched until doomsday": ("city", "layer.bound", op(set="limits/keep_for_pick_up", value="900 day")),
    "a promise nobody can keep": ("station", "layer.bound", op(set="limits/promise", value="5 minute")),
    "a higher fee": ("city", "layer.burden", op(set="fees", value="11.00")),
    "a fee that is none": ("city", "layer.value", op(set="fees", value="much")),
    "a fee set by a county": ("county", "layer.level", op(set="fees", value="5.00")),
    "more visits": ("city", "layer.burden", op(set="visits", value=2)),
    "no limit at all": ("city", "layer.value", op(set="limits/promise", value="soon")),
    "something left to nobody": ("city", "layer.closed", op(set="limits/correction", value="60 day")),
    "a step for the applicant": (
        "city", "layer.burden", op(insert=CHECK | {"by": "applicant"}, after="review")),
    "a step that turns people away": (
        "city", "layer.burden", op(insert=CHECK | {"refuses": True}, after="review")),
    "a step without a limit": (
        "city", "layer.limit", op(insert={k: v for k, v in CHECK.items() if k != "limit"}, after="review")),
    "a step where none may be": ("city", "layer.closed", op(insert=CHECK, after="hand_out")),
    "a step by a station": ("station", "layer.level", op(insert=CHECK, after="review")),
    "a step left out": ("city", "layer.closed", op(skip="review")),
    "a material that is needed": ("city", "layer.closed", op(drop="PHO")),
    "a channel already there": ("city", "layer.closed", op(offer="hall")),
    "a channel not there": ("county", "layer.unknown", op(withdraw="workstation")),
    "a channel that must stay": ("station", "layer.closed", op(withdraw="online")),
    "an end before the beginning": (
        "city", "layer.dates", op(offer="agent", from_="2027-01-01", to="2026-01-01")),
}  # fmt: skip


@pytest.mark.parametrize("case", ILLEGAL)
def test_E01_an_illegal_override_is_refused_in_words_at_its_place(tmp_path: Path, case: str) -> None:
    level, rule, illegal = ILLEGAL[case]
    above = {"city": [op(set="limits/keep_for_pick_up", value="40 day")]} if level != "city" else {}
    if case == "a channel not there":
        above["city"].append(op(withdraw="hall"))
        illegal = illegal | {"withdraw": "workstation"}
        above["county"] = [op(withdraw="workstation"), illegal]
    found = town(tmp_path, **{level: [illegal]} | above).check()
    assert [one.rule for one in found] == [rule], found
    name, line = place_of(tmp_path, level, 1 if case == "a channel not there" else 0)
    wanted = line if rule != "layer.dates" else found[0].line
    assert (Path(found[0].file).name, found[0].line) == (name, wanted) and found[0].col > 1
    assert HAN.search(found[0].message.zh) and not HAN.search(found[0].message.en)


def test_E01_a_flawed_layer_is_blamed_once_not_those_below_it(tmp_path: Path) -> None:
    found = town(
        tmp_path,
        city=[op(set="limits/promise", value="9 workday")],
        county=[op(set="limits/promise", value="2 workhour")],
        station=[op(offer="kiosk")],
    ).check()
    assert [(Path(one.file).name, one.rule) for one in found] == [("city.yaml", "layer.law")]


def test_E01_a_layer_above_that_comes_later_is_told_at_the_one_it_leaves_behind(tmp_path: Path) -> None:
    found = town(
        tmp_path,
        city=[op(set="limits/promise", value="2 workhour")],
        county=[op(set="limits/promise", value="4 workhour")],
    ).check()
    assert [(Path(one.file).name, one.rule) for one in found] == [("county.yaml", "layer.burden")]


def test_E01_a_step_that_breaks_a_base_example_is_refused_until_the_layer_says_how_it_goes(
    tmp_path: Path,
) -> None:
    found = town(tmp_path, city=[op(insert=CHECK, after="issue")]).check()
    assert {one.rule for one in found} == {"pack.example"} and len(found) == 2
    assert "Lost card, taken at a window" in found[0].message.en + found[1].message.en
    told = [
        {"changes": name, "do": [*_do(name), {"step": "second_look"}, {"step": "hand_out"}]}
        for name in (
            "Lost card, taken at a window, approved, made and handed over",
            "Unclear photograph, returned once, granted with another",
        )
    ]
    assert town(tmp_path, city=([op(insert=CHECK, after="issue")], told)).check() == []


def _do(name: str) -> list[dict[str, Any]]:
    examples = studio.read_stacks("anlan").base("HZ-078").raw["examples"]
    return list(next(one["do"] for one in examples if one["name"]["en"] == name)[:-1])


def test_E01_an_example_that_is_not_there_cannot_be_changed(tmp_path: Path) -> None:
    found = town(tmp_path, city=([op(offer="kiosk")], [{"changes": "Nobody told this", "do": []}])).check()
    assert [one.rule for one in found] == ["layer.example"]


def test_E01_a_dropped_material_takes_its_question_with_it(tmp_path: Path) -> None:
    stacks = town(tmp_path, city=[op(drop="HKB")])
    found = stacks.layered("HZ-078")
    assert stacks.check() == [] and found.form.field("/book") is None
    assert [one.material.code for one in found.materials] == ["PHO"]
    assert found.provenance["/materials/HKB"][0]["op"] == "drop"


def test_E01_a_layer_of_a_unit_of_another_level_does_not_load(tmp_path: Path) -> None:
    town(tmp_path, county=[op(offer="kiosk")])
    path = tmp_path / "anlan" / "layers" / "county.yaml"
    path.write_text(path.read_text().replace("AL-YX", "AL-YX-TH"))
    with pytest.raises(pack.Unusable, match="no unit of the level county"):
        studio.read_stacks("anlan", tmp_path)


def test_E01_two_operations_in_one_and_unknown_keys_do_not_load(tmp_path: Path) -> None:
    with pytest.raises(pack.Unusable, match="one operation each"):
        town(tmp_path, city=[op(offer="kiosk", withdraw="hall")])
    with pytest.raises(pack.Unusable, match="unknown key 'hide'"):
        town(tmp_path, city=[op(hide="everything")])


def test_E01_a_pack_leaves_below_only_what_it_has_and_never_the_law(tmp_path: Path) -> None:
    root = tmp_path / "packs"
    shutil.copytree(pack.ROOT, root)
    path = next(root.rglob("HZ-078.yaml"))
    for old, new in (
        ("  insert: {review:", "  insert: {nowhere:"),
        ("limits/intake: {by", "limits/statutory: {by"),
    ):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    assert [one.rule for one in studio.check(root, [path])] == ["pack.bound", "pack.bound"]


def _forked() -> dict[str, Any]:
    """A pack's content as far as laying reads it, with a fork that may grow."""
    look = {
        "id": "look",
        "kind": "task",
        "by": "competent",
        "limit": "1 day",
        "title": {"zh": "看", "en": "Look"},
    }
    branch = {"id": "fire", "title": {"zh": "消防", "en": "Fire"}, "steps": [look]}
    fork = {"id": "ask", "kind": "each", "title": {"zh": "征求", "en": "Ask"}, "branches": [branch]}
    return {
        "code": "XX-001",
        "flow": {"steps": [fork]},
        "layers": {"add_branch": {"ask": ["city"]}},
        "examples": [],
    }


def test_E01_a_fork_gets_a_further_branch_if_it_asks_nothing_of_people() -> None:
    more = {"id": "health", "title": {"zh": "卫生", "en": "Health"}, "steps": [CHECK]}
    raw, told, _ = lay(_forked(), [_layer("city", op(add_branch=more, fork="ask"))], TODAY)
    assert [one["id"] for one in raw["flow"]["steps"][0]["branches"]] == ["fire", "health"]
    assert list(told) == ["/flow/branches/health"]
    asks = more | {"steps": [CHECK | {"by": "applicant"}]}
    with pytest.raises(Flawed, match="asks more of a person"):
        lay(_forked(), [_layer("city", op(add_branch=asks, fork="ask"))], TODAY)


def _layer(level: str, *operations: dict[str, Any], code: str = "XX-001") -> Layer:
    raw = {
        "level": level,
        "unit": level,
        "title": WHY["why"],
        "items": {code: {"operations": list(operations)}},
    }
    return Layer(level, raw)


def test_E09_a_decision_is_handed_to_the_counties_and_comes_back_by_itself() -> None:
    base = {"code": "XX-001", "competent": {"by": "point", "level": "city"}, "examples": [],
            "layers": {"delegate": {"county": ["city"], "station": ["city", "county"]}}}  # fmt: skip
    city = _layer("city", op(delegate="county", from_="2026-12-01", to="2027-11-30"))
    levels = [lay(base, [city], day).raw["competent"]["level"]
              for day in (date(2026, 11, 30), date(2026, 12, 1), date(2027, 11, 30), date(2027, 12, 1))]  # fmt: skip
    assert levels == ["city", "county", "county", "city"]
    assert lay(base, [city], date(2027, 1, 1)).provenance["/competent/level"][0]["was"] == "city"
    on = _layer("county", op(delegate="station"))
    assert lay(base, [city, on], date(2027, 1, 1)).raw["competent"]["level"] == "station"
    with pytest.raises(Flawed, match="cannot hand it on"):
        lay(base, [city, on], TODAY)


def test_E09_nobody_takes_a_decision_that_was_not_handed_down() -> None:
    base = {"code": "XX-001", "competent": {"by": "point", "level": "city"}, "examples": [],
            "layers": {"delegate": {"county": ["city"]}}}  # fmt: skip
    with pytest.raises(Flawed, match="only city may change"):
        lay(base, [_layer("county", op(delegate="county"))], TODAY)


def test_E01_the_layer_in_the_guide_is_a_sound_one(tmp_path: Path) -> None:
    guide = (pack.ROOT.parent / "docs" / "how-to-add-a-service.md").read_text()
    (layer,) = re.findall(r"```yaml\n(level:.*?)```", guide, re.S)
    town(tmp_path)
    (tmp_path / "anlan" / "layers" / "guide.yaml").write_text(layer)
    stacks = studio.read_stacks("anlan", tmp_path)
    assert stacks.check() == []
    found = stacks.layered("HZ-078", "AL-YX-DK", TODAY)
    assert "kiosk" in found.channels
    days = (date(2026, 12, 31), date(2027, 1, 1))
    assert [str(found.promise_on(day)) for day in days] == ["1 workday", "3 workhour"]


def test_E09_the_town_hands_first_passports_to_its_stations_until_a_day(anlan: studio.Stacks) -> None:
    assert anlan.base("CR-001").decided_by == "city"
    times = [(last, one.decided_by) for _, last, one in anlan.periods("CR-001", "AL-LJ-HW", TODAY)]
    assert times == [(date(2027, 12, 31), "station"), (None, "city")]


def _flow(*branches: tuple[str, tuple[str, ...]], after: tuple[str, ...] = ()) -> Any:
    """A fork with named branches, then steps of the trunk."""
    from doorstep.rulebook.flow_source import compile_flow

    def step(name: str) -> dict[str, Any]:
        return CHECK | {"id": name}

    forked = [
        {"id": name, "title": WHY["why"], "steps": [step(one) for one in steps]} for name, steps in branches
    ]
    fork = {"id": "ask", "kind": "each", "title": WHY["why"], "branches": forked}
    return compile_flow({"steps": [fork, *(step(one) for one in after)]})


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (_flow(("fire", ("look", "sign")), ("health", ("test",)), ("water", ("taste",)), after=("end",)), ""),
        (_flow(("fire", ("look",)), ("health", ("test", "sign")), after=("end",)), "another branch"),
        (_flow(("fire", ("look",)), ("health", ("test",)), after=("sign",)), "another branch"),
        (_flow(("fire", ("look", "sign")), after=("end",)), "lost a branch"),
        (_flow(("fire", ("look",)), ("health", ("test",)), after=("end",)), "no step"),
    ],
    ids=["one more branch", "in another branch", "out of the branch", "a branch less", "a step less"],
)
def test_E01_a_state_fits_another_flow_if_its_open_steps_stand_in_the_same_branches(
    new: Any, told: str
) -> None:
    from doorstep.rulebook import flow
    from doorstep.rulebook.flow_fit import misfits

    old = _flow(("fire", ("look", "sign")), ("health", ("test",)), after=("end",))
    state, _ = flow.start(old, {})
    state, _ = flow.act(old, state, "look@fire", "done", {})
    found = " ".join(one.en for one in misfits(old, new, state))
    assert told in found and bool(told) == bool(found)


UNTIDY = """# 一区一策
title: {zh: 区, en: District}
level: county   # 区县一级
unit: AL-YX
items:
  HZ-078:
    examples:
      - do: [{step: intake}]
        changes: Lost card
    operations:
      # 半天办好
      - value: "4 workhour"
        set: limits/promise
        from: null
        why: {en: 'Two, machines', zh: 两台}
        to: null
        sure: false
        source: none
points:
  DK-1:
    closed: [{why: {zh: 盘点, en: stocktaking}, from: 2026-12-01, to: 2026-12-02}]
"""


def test_a_layer_is_put_in_order_and_keeps_comments_and_quotes() -> None:
    tidy = fmt(UNTIDY)
    assert fmt(tidy) == tidy
    keys = [
        line.strip(" -").partition(":")[0] for line in tidy.splitlines() if not line.lstrip().startswith("#")
    ]
    assert keys == [
        "level", "unit", "title", "points", "DK-1", "closed", "items", "HZ-078", "operations", "set", "value", "why",
        "source", "sure", "from", "to", "examples", "changes", "do",
    ]  # fmt: skip
    for kept in ("# 一区一策", "# 区县一级", "# 半天办好", '"4 workhour"', "'Two, machines'"):
        assert kept in tidy


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ({"offer": "agent"}, {"offer": "agent"}),
        ({"withdraw": "workstation"}, {"withdraw": "workstation"}),
        ({"withdraw": "all"}, {"withdraw": "workstation"}),
        ({"drop": "HKB"}, {"drop": "HKB"}),
        ({"drop": "HKB"}, {"optional": "HKB"}),
        ({"optional": "HKB"}, {"optional": "HKB"}),
    ],
)
def test_E01_what_a_level_above_did_already_is_idle_below_and_no_mistake(
    above: dict[str, str], below: dict[str, str]
) -> None:
    base = copy.deepcopy(dict(pack.load_pack(pack.ROOT / "base" / "household" / "HZ-078.yaml").raw))
    levels = ["city", "county", "station"]
    base["layers"] |= {"offer": {"agent": levels}, "withdraw": {"workstation": levels, "all": levels}}
    base["layers"]["drop"] = {"HKB": levels}
    city = _layer("city", op(**above), code="HZ-078")
    county = _layer("county", op(**below), code="HZ-078")
    laid = lay(base, [city, county], TODAY)
    assert laid.raw == lay(base, [city], TODAY).raw and laid.provenance == lay(base, [city], TODAY).provenance
    assert [(name, next(iter(below)) in one) for name, one in laid.idle] == [("county", True)]
    assert lay(base, [county], TODAY).idle == [], "alone it counts"
