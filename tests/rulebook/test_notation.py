"""The quick reader says what another reader of YAML 1.2 says: of every file that ships, and of word nobody would write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode

from doorstep.rulebook import pack
from doorstep.rulebook.notation import NotYaml, compose, plain
from doorstep.rulebook.region import FOLDER
from tests.items import some

SHARED = [*pack.ROOT.glob("*.yaml"), *pack.ROOT.glob("profiles/*.yaml"), *FOLDER.rglob("*.yaml")]
# The other reader takes 50 ms for a file: one in ten of the items, always the same, and all of them in the long check.
ITEMS = [one for one in pack.pack_files() if one.stem in some(10)]
ODD = """yes no on off y N true TRUE False null ~ 010 0o17 0x1F 0b11 1_000 12:30 1:20:30 2026-10-08 2026-1-8 .5 1. 1e3 -3 +7 - =
.inf .NaN 40.00 2026-10-08T12:30:00Z 2026-10-08T08:05:01+08:00 1e-3 0 -0 08 0o8 1__0 _1 ?x a:b x# << 1..5"""
WORDS = st.one_of(
    st.sampled_from(ODD.split()),
    st.text("0123456789-+._:eExob~ ", min_size=1, max_size=8).map(str.strip),
    st.text("派出所 is'\"，。：no#?!-", min_size=1, max_size=8),
).filter(lambda word: not word.strip().startswith("!"))  # fmt: skip


def slow(text: str) -> Any:
    """What the other reader reads, in terms of JSON."""
    return _json(YAML(typ="safe", pure=True).load(text))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(_json(key)): _json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def quick(text: str) -> Any:
    """What ours reads."""
    return plain(compose(text, "a.yaml"))


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and item with its line and column."""
    if isinstance(node.value, str):
        return
    for at, one in enumerate(node.value):
        key, value = one if isinstance(one, tuple) else (one, one)
        here = (*way, key.value if isinstance(one, tuple) else at)
        yield here, key.start_mark.line, key.start_mark.column
        yield from places(value, here)


@pytest.mark.parametrize("path", [*SHARED, *ITEMS], ids=lambda path: path.stem)
def test_both_readers_read_the_same_at_the_same_places(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert quick(text) == slow(text)
    other = YAML(typ="safe", pure=True).compose(text)
    assert isinstance(other, MappingNode)
    assert [(str(way), *at) for way, *at in places(compose(text, ""))] == [
        (str(way), *at) for way, *at in places(other)
    ]


@given(WORDS, st.sampled_from(["k: {}", "- {}", "{{a: [{}]}}", "{}: 1"]))
def test_a_bare_word_means_to_both_the_same(word: str, frame: str) -> None:
    text = frame.format(word)
    try:
        wanted = slow(text)
    except (YAMLError, ValueError, TypeError, AttributeError, NotImplementedError, IndexError):
        return  # what the other refuses, ours may refuse or call a text
    try:
        found = quick(text)
    except ValueError:
        return  # ours may be stricter; a pack is then told so
    assert found == wanted or found != found or wanted != wanted or str(found) == str(wanted)


# libyaml wants quotes around a word that begins with a colon, and says so; nobody begins a sentence with one.
TEXTS = st.text("ab 中：:#'\"\n-", max_size=12).filter(lambda text: not text.lstrip().startswith(":"))


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXTS,
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner, max_size=3),
                    max_leaves=12))  # fmt: skip
def test_what_the_formatter_writes_is_read_back(value: Any) -> None:
    out = StringIO()
    YAML(typ="safe", pure=True).dump({"a": value}, out)
    assert quick(out.getvalue()) == {"a": value}


def test_no_is_a_word_and_a_clock_time_is_no_number() -> None:
    text = "{a: no, b: on, c: 12:30, d: 010, e: 2026-03-01, f: '1', g: ~, h: True}"
    wanted = {"a": "no", "b": "on", "c": "12:30", "d": 10, "e": "2026-03-01", "f": "1", "g": None, "h": True}
    assert quick(text) == wanted


@pytest.mark.parametrize(
    ("text", "line", "col"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("a: [1\nb: 2\n", 2, 2),
        ("a: &x 1\nb: &x 2\n", 2, 4),
        ("a: *x\n", 1, 4),
        ("a: !odd 1\n", 1, 4),
        ("a: &x {}\nb:\n  <<: *x\n", 3, 3),
        ("[1]: 2\n", 1, 1),
        ("a: 1\n---\nb: 2\n", 2, 1),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(text: str, line: int, col: int) -> None:
    with pytest.raises(NotYaml) as no:
        quick(text)
    assert (no.value.line, no.value.col) == (line, col)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000, "{a: " * 30_000, "a: &x [*x]"])
def test_a_text_without_a_floor_is_refused_before_it_exhausts_the_stack(text: str) -> None:
    with pytest.raises((RecursionError, NotYaml)):
        quick(text)
