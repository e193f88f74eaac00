"""The packs that ship, and what the linter says about packs that should not."""

from __future__ import annotations

import json
import marshal
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from doorstep.domains import studio
from doorstep.domains.studio import mutate
from doorstep.kernel import paper
from doorstep.rulebook import flow as game
from doorstep.rulebook import pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack.dated import in_force, overlaps, read_dated
from doorstep.rulebook.pack.same import read_same
from doorstep.rulebook.words import Lang, Refused, Words
from tests.items import some

CARD, ENTRY = "HZ-078", "HZ-106"
LOOK = "    - id: look\n"
CALL = (
    "    - id: ask\n      kind: call\n      title: {{zh: 问, en: Ask}}\n      connector: {c}\n"
    "      sends: {{{s}: /landlord/id_no}}\n      fallback: skip\n" + LOOK
)
WAIT = "    - {id: pay, kind: wait, message: payment, title: {zh: 缴费, en: Pay}}\n"
Edit = Callable[..., list[pack.Finding]]


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Change a text in a copy of a pack and return what the linter finds."""
    root = tmp_path / "packs"
    shutil.copytree(pack.ROOT, root)

    def change(code: str, *changes: tuple[str, str]) -> list[pack.Finding]:
        path = next(root.rglob(f"{code}.yaml"))
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        return studio.check(root, [path])

    return change


def lines(code: str, text: str) -> int:
    """The line of a pack on which ``text`` first stands, from 1."""
    path = next(pack.ROOT.rglob(f"{code}.yaml"))
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize("one", pack.every(), ids=lambda one: one.code)
def test_every_example_comes_out_as_told(one: pack.Pack) -> None:
    told = studio.run_examples(one)
    assert [t.example.en for t in told if not t.ok] == []
    courses = {t.course for t in told}
    assert "granted" in courses and courses & {"corrected", "refused"}


def test_formatting_twice_changes_nothing() -> None:
    path = next(path for path in pack.pack_files() if path.stem == CARD)
    loose = (
        path.read_text(encoding="utf-8")
        .replace("\n  - {", "\n- {")
        .replace("for: [person]", "for:   [ person ]")
    )
    once = studio.fmt(loose)
    assert once != loose and studio.fmt(once) == once


def test_the_formatter_puts_keys_in_order_and_keeps_comments() -> None:
    text = "# a card\ntitle: {zh: 证, en: Card}   # its name\ncode: HZ-001\n"
    assert studio.fmt(text).splitlines() == [
        "# a card",
        "code: HZ-001",
        "title: {zh: 证, en: Card}   # its name",
    ] or set(studio.fmt(text).split()) == set(text.split())


@pytest.mark.parametrize(
    ("code", "old", "new", "rule", "at"),
    [
        (CARD, "visits: 1", "visits: 1\ncolour: red", "pack.unknown_key", "kind: confirmation"),
        (CARD, "visits: 1", "visits: many", "pack.type", "visits: 1"),
        (CARD, "kind: confirmation", "kind: wonder", "pack.enum", "kind: confirmation"),
        (CARD, "branch: household\n", "", "pack.required", None),
        (CARD, "{zh: 居民身份证, en: Identity card}", "{zh: 居民身份证}", "pack.required", "group:"),
        (CARD, "value: 1 workday", "value: 4 workday", "pack.promise", "  promise:"),
        (CARD, "accepted_at: intake", "accepted_at: intakes", "pack.accepted_at", "accepted_at:"),
        (CARD, "value: 1 workday", "value: 1 weekday", "pack.pattern", "value: 1 workday"),
        (CARD, "source: none, sure: false", "source: none, sure: true", "pack.source", "value: 1 workday"),
        (CARD, "{code: HKB,", "{code: XXX,", "pack.material", "{code: HKB,"),
        (CARD, "x-material: PHO", "x-material: ID", "pack.material", "x-material: PHO"),
        (
            CARD,
            "field: /household/station",
            "field: /household/town",
            "pack.field",
            "field: /household/station",
        ),
        (
            CARD,
            "x-fact: household.address",
            "x-fact: household.roof",
            "form.unknown_fact",
            "household.address",
        ),
        (CARD, "reason: {x-fact: card.reason}", "reason: {type: string}", "form.no_fact", "reason: {x-fact"),
        (CARD, "  reason: /reason\n", "  reason: /applicant/name\n", "pack.figure", "  reason: /reason"),
        (CARD, "contact: /applicant/mobile\n", "", "pack.needless", None),
        (CARD, "    at: issue\n", "    at: sealing\n", "pack.step", "    at: issue"),
        (CARD, "kind: review", "kind: dance", "pack.enum", "kind: review"),
        (CARD, "limit: review", "limit: forever", "flow.limit", "limit: review"),
        (CARD, "until: issue", "until: never", "flow.unknown_step", "until: issue"),
        (CARD, "purpose: issue_temporary_id", "purpose: curiosity", "pack.purpose", "purpose: issue_temp"),
        (CARD, "course: granted", "course: happy", "pack.enum", "course: granted"),
        (CARD, "ended: granted, papers: [temporary-id]", "ended: refused", "pack.example", "  - name:"),
        (CARD, "code: HZ-078", "code: HZ-079", "pack.file_name", "code: HZ-078"),
        (CARD, "for: [person]", "for:   [person]", "pack.format", None),
        (CARD, "visits: 1", "visits: 1\nvisits: 2", "yaml", None),
        (CARD, "visits: 1", "visits: [1", "yaml", None),
        (ENTRY, "'agent, sublet', look]", "'sublet', look]", "table.gap", "    rows:"),
        (ENTRY, "- [online, false, '-', add_title]", "- ['-', '-', '-', look]", "table.dead_row", None),
        (ENTRY, "[online, false,", "[onlne, false,", "table.cell", "[online, false,"),
        (ENTRY, "has.PRO: bool", "has.LEX: bool", "pack.fact", "has.PRO: bool"),
        (ENTRY, "complete.route: look", "complete.route: dance", "flow.when", "complete.route: look"),
        (ENTRY, "count: /tenants", "count: /guests", "pack.field", "tenants: {count"),
        (ENTRY, "at: register", "at: look", "pack.step", "at: register"),
        (ENTRY, LOOK, CALL.format(c="weather", s="id_no"), "pack.connector", None),
        (ENTRY, LOOK, CALL.format(c="household", s="shoe_size"), "pack.connector", None),
        (ENTRY, LOOK, WAIT + LOOK, "pack.fee", None),
        (ENTRY, "on_the_spot: [station, ", "on_the_spot: [hall, ", "pack.channel", "on_the_spot: "),
        (CARD, "for: [person]", "for: [person]\nno_meeting: [online]", "pack.format", None),
    ],
)
def test_a_mistake_is_found_where_it_stands(
    edit: Edit, code: str, old: str, new: str, rule: str, at: str | None
) -> None:
    found = edit(code, (old, new))
    assert rule in {finding.rule for finding in found}, found
    finding = next(finding for finding in found if finding.rule == rule)
    assert finding.message.zh
    assert finding.message.en
    assert finding.file.endswith(f"{code}.yaml")
    if at is not None:
        shift = 1 if "\n" in new and rule == "pack.unknown_key" else 0
        assert finding.line in (lines(code, at) + shift, lines(code, old.strip()) + shift)


def test_who_need_not_come_is_not_called_in_unless_a_guard_lets_him_stay_away(edit: Edit) -> None:
    hand_out = "      kind: task\n      by: hand_out\n"
    promise = ("visits: 1\n", "visits: 1\nno_meeting: [online]\n")
    assert edit(CARD, promise) == []
    found = edit(CARD, (hand_out, f"{hand_out}      meets: true\n"))
    assert [one.rule for one in found] == ["pack.meets"]


def test_a_part_is_opened_with_all_that_it_asks(edit: Edit) -> None:
    part = "    - {id: sign, kind: sub, item: HZ-078, title: {zh: 签, en: Sign}, who: /tenant}\n"
    found = edit(ENTRY, (LOOK, part + LOOK))
    assert {one.rule for one in found} == {"pack.part", "pack.field"}
    assert any("/household/address" in one.message.en for one in found)


def test_a_pack_with_one_sort_of_example_is_not_enough(edit: Edit) -> None:
    text = next(pack.ROOT.rglob(f"{CARD}.yaml")).read_text(encoding="utf-8")
    start = text.index("  - name:\n      zh: 照片不清楚")
    found = edit(CARD, (text[start:], ""))
    assert "pack.examples" in {finding.rule for finding in found}


def test_a_comma_in_braces_is_recognised_for_what_it_is(edit: Edit) -> None:
    found = edit(
        CARD,
        ("en: 'If you lose it, tell", "en: If you lose it, tell"),
        ("station at once.'", "station at once."),
    )
    assert "quote a text with a comma" in found[0].message.en


def test_a_finding_has_the_shape_that_was_promised(edit: Edit) -> None:
    found = edit(CARD, ("visits: 1", "visits: many"))
    assert set(found[0].as_dict()) == {"file", "line", "col", "rule", "message"}
    assert json.dumps(found[0].as_dict())


def test_a_pack_is_found_by_its_code_and_an_unknown_one_is_refused() -> None:
    assert pack.current(CARD).title.zh == "临时居民身份证申领"
    with pytest.raises(Refused) as refused:
        pack.current("HZ-999")
    assert (refused.value.code, refused.value.status) == ("no-item", 404)


def test_the_hash_stands_for_the_content_and_brings_the_pack_back() -> None:
    one = pack.current(CARD)
    again = pack.Pack.from_content(one.content)
    assert again.hash == one.hash
    assert pack.version(one.hash) is one
    assert again.flow.order == one.flow.order


def test_what_packs_say_alike_is_kept_once_and_answers_stay_their_own() -> None:
    memo: dict[Any, Any] = {}
    told = [pack.current(code) for code in (CARD, ENTRY)]

    def back(one: pack.Pack) -> pack.Pack:
        return pack.Pack.from_whole(marshal.loads(marshal.dumps(read_same(one.content, memo))), one.hash)  # noqa: S302

    first, second = (pack.Pack.from_whole(read_same(one.content, memo), one.hash) for one in told)
    assert [(one.hash, one.content) for one in (first, second)] == [(one.hash, one.content) for one in told]
    facts = [one.library.raw["facts"]["facts"]["applicant.mobile"] for one in (first, second)]
    assert facts[0] is facts[1]
    assert back(told[0]).content == told[0].content
    again = pack.Pack.from_whole(read_same(told[0].content, memo), told[0].hash)
    assert again.raw["title"] is first.raw["title"]
    assert again.raw["examples"][0]["data"] is not first.raw["examples"][0]["data"]


def test_an_older_version_comes_back_from_where_it_was_published() -> None:
    raw = json.loads(pack.current(CARD).content)
    raw["pack"]["visits"] = 2
    older = pack.Pack.from_content(json.dumps(raw, ensure_ascii=False, separators=(",", ":")))
    pack.versions_from(lambda wanted: {older.hash: older.content} if older.hash in wanted else {})
    assert pack.version(older.hash).raw["visits"] == 2
    with pytest.raises(Refused):
        pack.version(b"\0" * 32)


def test_a_change_of_a_fact_that_a_pack_does_not_use_leaves_its_hash_alone() -> None:
    one = pack.current(CARD)
    assert "tenant.name" not in one.content
    assert "applicant.name" in one.content


def lost() -> Any:
    return pack.current(CARD).raw["examples"][0]["data"]


def test_the_card_knows_who_decides_where_it_is_handed_out_and_what_may_be_counted() -> None:
    one = pack.current(CARD)
    assert one.competent_code(lost()) == "example-station"
    assert one.hand_out_code(lost()) == "example-hall"
    assert one.figures_of(lost(), "station") == {"channel": "station", "reason": "lost"}
    assert one.contact(lost()) == "19900000001"
    assert list(one.form.files(lost())) == ["/photo"]


def test_the_card_shows_what_is_on_it_and_asks_neither_sex_nor_birthday() -> None:
    one = pack.current(CARD)
    shown = one.paper_data("temporary-id", lost(), {"issued_on": "2026-11-22", "valid_until": "2027-02-22"})
    assert shown["sex"] == {"zh": "女", "en": "Female"}
    assert (shown["born_on"], shown["valid_until"]) == ("1990-03-07", "2027-02-22")
    assert one.photo_of("temporary-id", lost()) == lost()["photo"]


@pytest.mark.parametrize(
    ("issued", "until"),
    [("2026-11-22", "2027-02-22"), ("2026-11-30", "2027-02-28"), ("2026-01-15", "2026-04-15")],
)
def test_three_months_end_on_the_same_day_or_the_months_last(issued: str, until: str) -> None:
    give = pack.current(CARD).give("temporary-id")
    assert give.valid_until(date.fromisoformat(issued)) == date.fromisoformat(until)


def test_a_receipt_names_who_lives_there_without_their_numbers() -> None:
    one = pack.current(ENTRY)
    data = one.raw["examples"][0]["data"]
    shown = one.paper_data("tenancy-entry", data, {"issued_on": "2026-11-22"})
    assert shown["tenants"] == [{"name": "何晚", "from": "2026-11-01"}]
    assert data["tenants"][0]["id_no"] not in json.dumps(shown)


def test_an_entry_asks_for_no_ethnicity_religion_or_origin() -> None:
    form = pack.current(ENTRY).form
    asked = {item.pointer for one in form.fields for item in (one, *one.items)}
    assert {pointer for pointer in asked if pointer.startswith("/tenants/")} == {
        "/tenants/*/name",
        "/tenants/*/id_no",
        "/tenants/*/from",
    }
    words = " ".join(one.title.en.lower() for one in form.fields)
    assert not any(word in words for word in ("ethnic", "religion", "origin", "native"))


@pytest.mark.parametrize(
    ("channel", "right", "title", "route"),
    [
        ("online", "owner", False, "add_title"),
        ("online", "owner", True, "receipt"),
        ("room", "owner", False, "receipt"),
        ("station", "sublet", True, "look"),
        ("online", "agent", True, "look"),
        ("online", "agent", False, "add_title"),
    ],
)
def test_an_entry_goes_the_way_its_table_says(channel: str, right: str, title: bool, route: str) -> None:
    one = pack.current(ENTRY)
    facts = {"channel": channel, "home.right": right, "has.PRO": title}
    state, _ = game.start(one.flow, facts)
    assert state.decided == {"complete.route": route}


def test_a_fee_is_shown_with_its_source() -> None:
    fee = pack.current(CARD).fee(date(2026, 11, 22))
    assert fee
    assert (fee.value, fee.source, fee.sure) == ({"amount": "10.00", "currency": "CNY"}, "none", False)
    assert pack.current(ENTRY).fee() is None


def test_what_nobody_has_checked_says_so() -> None:
    for one in pack.every():
        for rows in one.raw["limits"].values():
            assert not any(row["sure"] and row["source"] == "none" for row in rows)


def test_a_matter_keeps_the_limits_of_its_day() -> None:
    raw = json.loads(pack.current(CARD).content)
    raw["pack"]["limits"]["review"] = [
        {"from": None, "to": "2026-06-30", "value": "2 workday", "source": "none", "sure": False},
        {"from": "2026-07-01", "to": None, "value": "1 workday", "source": "none", "sure": False},
    ]
    one = pack.Pack.from_content(json.dumps(raw))
    assert one.flow_on(date(2026, 6, 30)).step("review").limit == Limit(2, "workday")
    assert one.flow_on(date(2026, 7, 1)).step("review").limit == Limit(1, "workday")
    assert one.flow.step("review").limit == Limit(1, "workday")


def dated(*spans: tuple[str | None, str | None]) -> Any:
    return read_dated(
        [{"from": a, "to": b, "value": n, "source": "x", "sure": True} for n, (a, b) in enumerate(spans)]
    )


def test_dated_rows_hold_on_their_days_only() -> None:
    rows = dated((None, "2025-12-31"), ("2026-01-01", None))
    held = [in_force(rows, date.fromisoformat(day)) for day in ("2025-12-31", "2026-01-01")]
    assert [row.value["value"] for row in held if row] == [0, 1]
    assert overlaps(rows) == []


@pytest.mark.parametrize(
    ("spans", "rule"),
    [
        (((None, None), ("2026-01-01", None)), "dated.overlap"),
        (((None, "2026-01-01"), ("2026-01-01", None)), "dated.overlap"),
        (((None, "2025-12-01"), ("2026-01-01", None)), "dated.gap"),
    ],
)
def test_dated_rows_that_overlap_or_leave_a_gap_are_found(spans: Any, rule: str) -> None:
    assert [flaw.rule for flaw in overlaps(dated(*spans))] == [rule]


def test_a_unit_is_chosen_from_a_list_that_has_a_name(edit: Edit) -> None:
    found = edit(CARD, ("          x-options-from: units.station\n", ""))
    assert [finding.rule for finding in found] == ["form.options_from"]


def test_an_anchor_that_is_named_twice_is_found(edit: Edit) -> None:
    found = edit(CARD, ("data: *lost", "data: &lost {}"))
    assert [finding.rule for finding in found] == ["yaml"]


def test_whatever_is_torn_out_of_a_pack_the_linter_answers(edit: Edit, tmp_path: Path) -> None:
    chance = random.Random(7)
    path = next((tmp_path / "packs").rglob(f"{ENTRY}.yaml"))
    whole = path.read_text(encoding="utf-8").splitlines()
    for _ in range(30):
        torn = list(whole)
        at = chance.randrange(len(torn))
        key, _, _ = torn[at].partition(":")
        torn[at : at + 1] = chance.choice([[], [f"{key}: null"], [f"{key}: [1, 2]"], [torn[at], torn[at]]])
        path.write_text("\n".join(torn) + "\n", encoding="utf-8")
        for finding in studio.check(tmp_path / "packs", [path]):
            assert finding.line >= 1
            assert finding.message.zh
            assert finding.message.en


def _papers() -> list[tuple[pack.Pack, pack.Give]]:
    """Each template once at least, and what a share of the items gives."""
    first: dict[str, str] = {}
    for one in pack.every():
        for give in one.gives:
            first.setdefault(give.template, one.code)
    drawn = {*some(5), *first.values()}
    return [(one, give) for one in pack.every() if one.code in drawn for give in one.gives]


@pytest.mark.parametrize(("one", "give"), _papers(), ids=lambda x: getattr(x, "template", ""))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_paper_can_be_drawn_from_the_packs_own_example(
    one: pack.Pack, give: pack.Give, lang: Lang
) -> None:
    written = {step: one.writes(step, {}) for step in one.fills}
    data = {**one.raw["examples"][0]["data"], "heard": written}
    shared = {
        "issued_on": date(2026, 11, 22),
        "valid_until": give.valid_until(date(2026, 11, 22), data),
        "number": "LS1",
    }
    known = {
        "unit": Words("示范派出所", "Example Station"),
        "check_url": "https://example.org/v/x",
        "demo": True,
        "matter_number": "9901012611220000042",
        "item": one.title,
    }
    given = {key: value for key, value in shared.items() if value is not None} | known
    pdf = paper.render(give.template, {**given, **one.paper_data(give.template, data, shared)}, lang=lang)
    assert pdf.startswith(b"%PDF")


# What a machine moves has no order of its own to spoil: its domain tests it.
# Of all packs `packs test --mutate` says so.
_IN_ORDER = [one for one in map(pack.current, some(5)) if not one.flow.machine]


@pytest.mark.parametrize("one", _IN_ORDER, ids=lambda one: one.code)
def test_the_examples_notice_nearly_every_small_mistake(one: pack.Pack) -> None:
    tried = mutate(one)
    assert tried.tried >= 5
    assert tried.as_dict()["share"] >= 0.9, tried.survived


def test_a_pack_whose_examples_prove_nothing_is_seen_through() -> None:
    raw = json.loads(pack.current(ENTRY).content)
    raw["pack"]["examples"] = raw["pack"]["examples"][:1]
    tried = mutate(pack.Pack.from_content(json.dumps(raw)))
    assert tried.as_dict()["share"] < 0.7
