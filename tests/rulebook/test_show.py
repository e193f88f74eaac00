"""A pack shown: the picture, BPMN that others load, DMN that another engine answers as we do."""

from __future__ import annotations

import itertools
import random
from datetime import date
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnValidator

from doorstep.domains.studio.show import shown
from doorstep.domains.studio.show.bpmn import bpmn
from doorstep.domains.studio.show.dmn import dmn, feel_name
from doorstep.domains.studio.show.svg import svg
from doorstep.project.cli import main
from doorstep.rulebook import flow as game
from doorstep.rulebook import pack
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.rule import compile_table
from doorstep.rulebook.words import Words
from tests.items import some
from tests.rulebook import flows
from tests.rulebook.oracle import Parser
from tests.rulebook.test_flow_branches import NEWBORN, TABLES

TITLE = Words("新生儿一件事", "Newborn")
NEW = compile_flow(NEWBORN, TABLES)


@pytest.mark.parametrize("code", some(5))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pack_is_shown_as_picture_and_bpmn_in_both_languages(code: str, lang: str) -> None:
    found = pack.current(code)
    picture = etree.fromstring(shown(found, "svg", lang).encode())
    texts = "".join(picture.itertext())
    assert found.title.in_(lang) in texts
    assert all(
        step.title.in_(lang)[:8] in texts for step in found.flow.steps.values() if step.kind != "correct"
    )
    document = etree.fromstring(shown(found, "bpmn", lang).encode())
    BpmnValidator().validate(document)
    parser = Parser()
    parser.add_bpmn_xml(document)
    assert parser.get_spec(f"process_{code.replace('-', '_')}")


def test_any_flow_is_valid_bpmn_with_a_place_for_everything() -> None:
    validator = BpmnValidator()
    for seed in range(150):
        flow = flows.compiled(flows.flow_source(flows.Thrown(random.Random(seed))))
        document = etree.fromstring(bpmn(flow, "p", TITLE).encode())
        validator.validate(document)
        ids = [one.get("id") for one in document.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        drawn = {one.get("bpmnElement") for one in document.iter("{*}BPMNShape", "{*}BPMNEdge")}
        nodes = {one.get("id") for one in document.iter("{*}sequenceFlow", "{*}userTask", "{*}subProcess")}
        assert nodes <= drawn
        assert all(float(one.get(key, 0)) >= 0 for one in document.iter("{*}Bounds") for key in ("x", "y"))


def test_any_flow_is_drawn_and_its_picture_is_told_in_words() -> None:
    for seed in range(150):
        flow = flows.compiled(flows.flow_source(flows.Thrown(random.Random(seed))))
        picture = etree.fromstring(svg(flow, TITLE, "en").encode())
        boxes = [one.get("data-step") for one in picture.iter() if one.get("data-step")]
        assert sorted(boxes) == sorted(
            s.id for s in flow.steps.values() if s.kind not in ("each", "correct", "hand")
        )
        assert picture.findtext("{*}desc")


def test_the_picture_marks_where_a_matter_stands() -> None:
    state, _ = game.start(NEW, {})
    state, _ = game.act(NEW, state, "intake", "done", {})
    state, _ = game.late(NEW, state, "review@health")
    picture = etree.fromstring(svg(NEW, TITLE, "zh", state).encode())
    marks = {one.get("data-step"): one.get("class") for one in picture.iter("{*}g") if one.get("data-step")}
    assert [(marks[step] or "").split()[-1:] for step in ("intake", "review", "issue", "chase")] == [
        ["done"], ["late"], [], ["here"],
    ]  # fmt: skip


RULES: dict[str, Any] = {
    "kinds": {
        "inputs": {
            "married": "bool", "missing": {"type": "int", "min": 0, "max": 9}, "home.right": ["owner", "agent", "sublet"],
            "born": {"type": "date", "min": "2000-01-01", "max": "2026-12-31"}, "fee": "money",
        },
        "outputs": {"route": ["go", "ask"], "well": "bool"},
        "rows": [
            [True, "0, 3", "owner, agent", "-", "-", "go", True],
            [True, "-", "-", ">= 2010-06-01", "< 40.00", "ask", True],
            ["-", ">= 4", "-", "2005-01-01..2008-12-31", "-", "go", False],
            ["-", "-", "-", "-", "-", "ask", False],
        ],
    }
}  # fmt: skip


# Cells that mix numbers and ranges ("0, 2..3") are left out: pyDMNrules 1.4 misreads them.
@pytest.mark.filterwarnings("ignore")
def test_another_engine_answers_our_tables_as_we_do() -> None:
    table = compile_table("kinds", RULES["kinds"])
    columns = {column.name: column for column in (*table.inputs, *table.outputs)}
    from pyDMNrules import DMN  # takes many seconds: whoever only collects tests does not pay for it

    engine = DMN()
    assert not engine.useXML(dmn("rules", "Rules", RULES, {"kinds": columns})).get("errors")
    values: list[list[Any]] = [
        [True, False], [0, 1, 3, 4], ["owner", "sublet"], ["2004-12-31", "2006-03-05", "2010-06-01"], ["39.99", "40.00"],
    ]  # fmt: skip
    rows = set()
    for point in itertools.product(*values):
        facts = dict(zip((column.name for column in table.inputs), point, strict=True))
        ours = table.decide(facts)
        _, theirs = engine.decide(
            {feel_name(name): _feel(columns[name].type, value) for name, value in facts.items()}
        )
        last = theirs[-1] if isinstance(theirs, list) else theirs
        assert {name: last["Result"][name] for name in ours.outputs} == ours.outputs, facts
        rows.add(ours.row)
    assert rows == {1, 2, 3, 4}


def _feel(kind: str, value: Any) -> Any:
    return {"date": lambda: date.fromisoformat(value), "money": lambda: float(value)}.get(
        kind, lambda: value
    )()


def test_the_command_line_shows_a_pack(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "show", "HZ-106", "--dmn"]) == 0
    assert "hitPolicy" in capsys.readouterr().out
    assert main(["packs", "show", "HZ-078", "--dmn"]) == 1
    assert "has no tables" in capsys.readouterr().err
    assert main(["packs", "show", "XX-999"]) == 1
    assert "XX-999" in capsys.readouterr().err


def test_no_arrow_runs_through_a_box_on_its_row() -> None:
    for seed in range(60):
        flow = flows.compiled(flows.flow_source(flows.Thrown(random.Random(seed))))
        document = etree.fromstring(bpmn(flow, "p", TITLE).encode())
        boxes = [
            [float(one.find("{*}Bounds").get(key)) for key in ("x", "y", "width", "height")]
            for one in document.iter("{*}BPMNShape")
            if not one.get("isExpanded")
        ]
        for edge in document.iter("{*}BPMNEdge"):
            points = [(float(p.get("x")), float(p.get("y"))) for p in edge.iter("{*}waypoint")]
            if len(points) == 2 and points[0][1] == points[1][1]:
                (left, y), (right, _) = points
                assert not [
                    b for b in boxes if left < b[0] and b[0] + b[2] < right and b[1] < y < b[1] + b[3]
                ]
