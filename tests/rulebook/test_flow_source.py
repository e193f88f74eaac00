"""What the compiler of flows refuses, and that it says where: file, line and column, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doorstep.domains.studio.lint import check_file
from doorstep.rulebook import pack

CARD = pack.ROOT / "base/household/HZ-078.yaml"
HAN = re.compile("[一-鿿]")
T = "title: {zh: 步骤, en: Step}"
TABLES = """
tables:
  route:
    inputs: {channel: [hall, station, workstation, online]}
    outputs: {way: [a, b], spare: [c, d]}
    rows:
      - [online, a, c]
      - ['-', b, c]
"""
# The flow, and the line that the flaw has to point at.
GOOD = f"""
withdraw: {{until: hand_out}}
steps:
  - {{id: intake, kind: task, by: received, {T}, limit: 30 minute, remind: 10 minute}}
  - {{id: route, kind: decide, table: route}}
  - {{id: fetch, kind: call, {T}, connector: civil.birth, tries: 2, limit: 1 minute, fallback: {{by: competent}}}}
  - id: departments
    kind: each
    {T}
    on_fail: join
    branches:
      - id: health
        {T}
        when: {{route.way: a}}
        steps:
          - {{id: check, kind: task, by: branch, {T}}}
          - {{id: review, kind: review, by: branch, {T}, limit: 1 day, on_late: open, opens: chase}}
      - id: social
        {T}
        steps:
          - {{id: card, kind: sub, {T}, item: HZ-106}}
          - {{id: again, kind: task, by: competent, {T}, then: card, when: {{card.answer: refused}}}}
          - {{id: seen, kind: review, by: competent, {T}, returns: {{to: card, at_most: 1}}}}
  - {{id: courier, kind: wait, {T}, message: courier.delivered, when: {{departments.result: [all, some]}}}}
  - {{id: hand_out, kind: task, by: hand_out, {T}, limit: 30 day, on_late: lapse}}
adhoc:
  - {{in: health, while: [review], step: {{id: chase, kind: task, by: competent, {T}}}}}
  - {{added_by: [competent], at_most: 2, step: {{id: expert, kind: review, by: competent, {T}, pauses: true}}}}
"""


def findings(tmp_path: Path, flow: str) -> list[pack.Finding]:
    """Check a pack whose flow (and tables) are these."""
    text = CARD.read_text(encoding="utf-8")
    head, tail = text[: text.index("\nflow:\n")], text[text.index("\ngives:") :]
    inner = "\n".join(f"  {line}" for line in flow.strip("\n").split("\n"))
    path = tmp_path / "HZ-078.yaml"
    path.write_text(f"{head}{TABLES}flow:\n{inner}{tail}", encoding="utf-8")
    try:
        pack.load_pack(path)
    except pack.Unusable as why:
        return why.findings
    return [one for one in check_file(path, path.name) if one.rule.startswith("flow.")]


def test_a_flow_with_every_construct_is_taken(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("was", "is_", "rule", "at", "says"),
    [
        # What the schema says.
        ("kind: sub", "kind: dance", "pack.enum", "kind: dance", "task, review"),
        ("item: HZ-106", "itam: HZ-106", "pack.unknown_key", "itam", "unknown key 'itam'"),
        ("connector: civil.birth, ", "", "pack.required", "{id: fetch", "connector"),
        ("{by: competent}}", "nobody}", "pack.const", "fallback: nobody", "skip"),
        ("limit: 30 minute, ", "", "pack.required", "{id: intake", "limit"),
        ("on_fail: join", "on_fail: shrug", "pack.enum", "on_fail: shrug", "end, join"),
        ("on_fail: join", "of: p", "pack.oneOf", "id: departments", "'branches', or 'of'"),
        ("tries: 2", "tries: 99", "pack.maximum", "tries: 99", "schema"),
        (", pauses: true", ", then: intake", "pack.falseSchema", "then: intake", "cannot be written here"),
        ("at_most: 2", "at_most: none", "pack.type", "at_most: none", "integer"),
        # What only the compiler can say.
        ("limit: 30 minute", "limit: 5 weeks", "flow.limit", "limit: 5 weeks", "'5 weeks'"),
        ("until: hand_out", "until: never", "flow.unknown_step", "until: never", "'never'"),
        ("table: route", "table: rule", "flow.unknown_table", "table: rule", "'rule'"),
        ("{id: card, kind", "{id: check, kind", "flow.twice", "id: check, kind: sub", "twice"),
        ("then: card", "then: nowhere", "flow.unknown_step", "then: nowhere", "'nowhere'"),
        ("then: card", "then: check", "flow.leaves_branch", "then: check", "another branch"),
        ("then: card", "then: courier", "flow.leaves_branch", "then: courier", "another branch"),
        ("to: card", "to: check", "flow.return_into_branch", "to: check", "same branch"),
        ("to: card", "to: intake", "flow.return_into_branch", "to: intake", "same branch"),
        ("to: card", "to: seen", "flow.returns", "to: seen", "earlier step"),
        ("kind: decide, table: route", "kind: decide, table: route, then: intake", "flow.circle", "then: intake",
         "without a person"),
        ("route.way: a", "rout.way: a", "flow.when", "rout.way: a", "not decided before"),
        ("route.way: a", "route.weigh: a", "flow.when", "route.weigh: a", "no output"),
        ("route.way: a", "route.way: z", "flow.when", "route.way: z", "only a, b"),
        ("route.way: a", "route.spare: d", "flow.when", "route.spare: d", "only c"),
        ("departments.result: [all, some]", "card.answer: granted", "flow.when", "card.answer", "not decided"),
        ("{card.answer: refused}", "{again.answer: done}", "flow.when", "again.answer", "not decided"),
        ("opens: chase", "opens: expert", "flow.unknown_step", "opens: expert", "of this branch"),
        (", opens: chase", "", "flow.on_late", "on_late: open", "goes with on_late: open"),
        ("on_late: lapse", "lapses_to: intake", "flow.on_late", "lapses_to: intake", "goes with"),
        ("in: health", "in: welfare", "flow.unknown_branch", "in: welfare", "'welfare'"),
        ("while: [review]", "while: [card]", "flow.unknown_step", "while: [card]", "'card'"),
        ("item: HZ-106}", "item: HZ-106, then: seen}", "flow.unreachable", "{id: again", "never be reached"),
        (", when: {card.answer: refused}", "", "flow.no_end", "{id: card", "no end"),
    ],
)  # fmt: skip
def test_a_flaw_is_told_with_its_place(
    tmp_path: Path, was: str, is_: str, rule: str, at: str, says: str
) -> None:
    assert was in GOOD
    found = findings(tmp_path, GOOD.replace(was, is_, 1))
    told = [one for one in found if one.rule == rule]
    assert told, [(one.rule, one.message.en) for one in found]
    assert says in told[0].message.en and HAN.search(told[0].message.zh)
    line = (tmp_path / "HZ-078.yaml").read_text(encoding="utf-8").splitlines()[told[0].line - 1]
    assert at in line[told[0].col - 1 - 4 :]


def test_a_way_back_that_nothing_can_leave_is_refused(tmp_path: Path) -> None:
    flow = f"""
steps:
  - {{id: route, kind: decide, table: route}}
  - {{id: look, kind: task, by: received, {T}}}
  - {{id: again, kind: task, by: received, {T}, when: {{route.way: a}}, then: look}}
"""
    told = findings(tmp_path, flow)
    assert [one.rule for one in told] == ["flow.no_end"]
    assert "from step 'look' on" in told[0].message.en
    assert findings(tmp_path, flow.replace("then: look", "then: route")) == []


def test_a_circle_that_only_a_return_leaves_is_refused(tmp_path: Path) -> None:
    """A return can be made so often and no more; then the circle would turn for ever."""
    flow = f"""
steps:
  - {{id: ask, kind: task, by: received, {T}}}
  - {{id: route, kind: decide, table: route}}
  - {{id: again, kind: review, by: received, {T}, returns: {{to: ask, at_most: 1}}, then: route}}
"""
    assert [one.rule for one in findings(tmp_path, flow)] == ["flow.no_end"]
    assert findings(tmp_path, flow.replace(", then: route", "")) == []


def test_branches_more_than_three_deep_are_refused(tmp_path: Path) -> None:
    step = f"{{id: x, kind: task, by: received, {T}}}"
    for depth in range(4):
        step = f"{{id: e{depth}, kind: each, {T}, of: {{p: {{zh: 甲, en: A}}}}, steps: [{step}]}}"
    assert "flow.depth" in {one.rule for one in findings(tmp_path, f"steps:\n  - {step}")}


def test_a_guard_on_a_failure_that_cannot_be_is_refused(tmp_path: Path) -> None:
    flow = f"""
steps:
  - {{id: look, kind: task, by: received, {T}}}
  - {{id: fork, kind: each, {T}, on_fail: join, of: {{p: {{zh: 甲, en: A}}, q: {{zh: 乙, en: B}}}}, steps: [
      {{id: check, kind: task, by: received, {T}}}]}}
  - {{id: again, kind: task, by: received, {T}, when: {{fork.result: some}}}}
"""
    assert [one.rule for one in findings(tmp_path, flow)] == ["flow.when"]
    assert findings(tmp_path, flow.replace("kind: task, by: received, title: {zh: 步骤, en: Step}}]",
                                           "kind: review, by: received, title: {zh: 步骤, en: Step}}]")) == []  # fmt: skip
    loop = flow.replace("fork.result: some", "fork.result: all").replace(
        "again, kind: task", "again, then: look, kind: task"
    )
    assert [one.rule for one in findings(tmp_path, loop)] == ["flow.no_end"]
