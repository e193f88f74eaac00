"""Packs are whole: checked, formatted, explained, and proved by examples in both outcomes; messages in both languages."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.notation import compose, plain
from tests.house import tree

PACKS = tree.ROOT / "packs"
HAN = re.compile(r"[㐀-鿿]")


def test_no_pack_has_a_finding() -> None:
    assert [
        f"{one.file}:{one.line}:{one.col} {one.rule} {one.message.en}" for one in studio.check(PACKS)
    ] == []


def test_every_layer_of_every_region_is_formatted() -> None:
    layers = studio.all_layers()
    assert layers and [str(path) for path in layers for _ in studio.unformatted(path, path.name)] == []


def test_every_key_of_a_pack_is_explained() -> None:
    schema = json.loads((PACKS / "schema.json").read_text())
    assert sorted(_unexplained(schema, schema, ())) == []


def _unexplained(node: Any, schema: dict[str, Any], way: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _unexplained(one, schema, way)
    if not isinstance(node, dict):
        return
    for key, said in node.get("properties", {}).items():
        if isinstance(said, dict) and "if" not in way and not said.get("description"):
            yield "/".join((*way, key))
    for key, below in node.items():
        yield from _unexplained(below, schema, way if key in ("properties", "$defs") else (*way, key))


@pytest.mark.parametrize("one", pack.every(), ids=lambda p: p.code)
def test_every_pack_has_examples_that_end_well_and_that_do_not(one: pack.Pack) -> None:
    told = studio.run_examples(one)
    assert [t.why for t in told if not t.ok] == []
    courses = {t.course for t in told}
    assert "granted" in courses and courses & {"refused", "corrected"}


def test_an_example_is_a_sentence_in_both_languages() -> None:
    names = [t.example for one in pack.every() for t in studio.run_examples(one)]
    assert [n for n in names if not HAN.search(n.zh) or HAN.search(n.en) or " " not in n.en] == []


def test_codes_are_those_of_the_files_and_no_pack_is_there_twice() -> None:
    files = [p.stem for p in tree.under("packs/base", ".yaml")]
    assert sorted(files) == sorted(one.code for one in pack.every())


def test_A01_the_application_form_is_said_in_one_place() -> None:
    """What is filled in here is the form: nobody brings it, and no item says so in words of its own."""
    files = [path for path in tree.under("packs", ".yaml") if re.search(r"code: APP\b", path.read_text())]
    assert [path.name for path in files] == ["signed_form.yaml"]
    asked = [a for one in pack.every() for a in one.materials if a.material.code == "APP"]
    assert len(asked) > 200 and all(a.material.made and a.required and a.note is None for a in asked)


# ---- bad input: what an author is told ----


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Path]:
    """A copy of the packs that a test may spoil."""
    root = tmp_path / "packs"
    shutil.copytree(PACKS, root)
    yield root
    pack.forget()


def _spoil(packs: Path, code: str, old: str, new: str) -> Path:
    path = next(packs.rglob(f"{code}.yaml"))
    text = path.read_text()
    assert old in text, f"{code} no longer has {old!r}"
    path.write_text(text.replace(old, new, 1))
    return path


def _told(found: list[pack.Finding], rule: str) -> pack.Finding:
    told = [one for one in found if one.rule == rule]
    assert told, [(one.rule, one.message.en) for one in found]
    assert HAN.search(told[0].message.zh) and not HAN.search(told[0].message.en)
    return told[0]


def test_an_unknown_key_is_told_with_file_line_and_column_in_both_languages(packs: Path) -> None:
    path = _spoil(packs, "HZ-078", "\nvisits:", "\nvisitz: 1\nvisits:")
    told = _told(studio.check(packs, [path]), "pack.unknown_key")
    line = path.read_text().splitlines().index("visitz: 1") + 1
    assert (Path(told.file).name, told.line, told.col) == ("HZ-078.yaml", line, 1)
    assert "visitz" in told.message.zh and "visitz" in told.message.en


def test_a_gap_in_a_table_is_told_with_the_case_that_nothing_decides(packs: Path) -> None:
    path = _spoil(
        packs, "HZ-106", "      - ['-', '-', 'agent, sublet', look]\n", "      - ['-', '-', agent, look]\n"
    )
    told = _told(studio.check(packs, [path]), "table.gap")
    assert Path(told.file).name == "HZ-106.yaml" and told.line > 1
    assert "sublet" in told.message.en and "sublet" in told.message.zh


def test_a_dead_row_in_a_table_is_told(packs: Path) -> None:
    path = _spoil(
        packs, "HZ-106", "      - ['-', '-', owner, receipt]\n", "      - ['-', '-', '-', receipt]\n"
    )
    _told(studio.check(packs, [path]), "table.dead_row")


def test_a_spoilt_pack_does_not_load(packs: Path) -> None:
    path = _spoil(packs, "HZ-106", "      - ['-', '-', 'agent, sublet', look]\n", "")
    with pytest.raises(pack.Unusable):
        pack.load_pack(path, packs)


def test_no_word_is_cut_off_at_a_comma() -> None:
    """``{zh: 和, en: One, two}`` reads as three keys: words with a comma want quotes."""

    def cut(node: Any, where: str) -> Iterator[str]:
        for key, one in (
            node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        ):
            if one is None and isinstance(node, dict) and {"zh", "en"} <= set(node):
                yield f"{where}: {key}"
            yield from cut(one, f"{where}/{key}")

    files = [path for folder in ("packs", "regions") for path in sorted((tree.ROOT / folder).rglob("*.yaml"))]
    assert (
        files
        and [told for path in files for told in cut(plain(compose(path.read_text(), path.name)), path.name)]
        == []
    )
