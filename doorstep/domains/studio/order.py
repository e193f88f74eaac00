"""The formatter of packs and layers: one order of keys, one way to indent. Comments and the author's quotes stay."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from doorstep.rulebook.pack.shelf import ROOT
from doorstep.rulebook.pack.source import Finding
from doorstep.rulebook.words import Words

_WIDTH = 118


@lru_cache(maxsize=64)
def _keys(schema: bytes, part: str = "") -> tuple[str, ...]:
    """The order of a pack's keys, or of those of a ``part`` of the schema: as they stand there."""
    whole: dict[str, Any] = json.loads(schema)
    return tuple((whole["$defs"][part] if part else whole)["properties"])


def fmt(text: str, root: Path = ROOT) -> str:
    """A pack's or layer's text as it should be; formatting twice changes nothing more. ValueError if it is no YAML."""
    return _formatted(text, (root / "schema.json").read_bytes())


@lru_cache(maxsize=2048)
def _formatted(text: str, schema: bytes) -> str:
    """Once for each text: this reader keeps comments and takes ten times as long as all other checks of a pack together."""
    yaml = YAML(typ="rt")
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda rep, _: rep.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    try:
        data = yaml.load(text)
    except YAMLError as why:
        raise ValueError(str(why)) from None
    if isinstance(data, CommentedMap) and "level" in data and "code" not in data:
        _sort_layer(data, schema)
    elif isinstance(data, CommentedMap):
        _sort(data, _keys(schema))
    out = io.StringIO()
    yaml.dump(data, out)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def unformatted(path: Path, name: str) -> Iterator[Finding]:
    """A finding if a file is not as the formatter writes it."""
    text = path.read_text(encoding="utf-8")
    if fmt(text) != text:
        words = Words("没有按格式排好，请运行 packs fmt", "not formatted; run packs fmt")
        yield Finding(name, 1, 1, "pack.format", words)


def _sort_layer(data: CommentedMap, schema: bytes) -> None:
    """The keys of a layer, and of each operation, example and point in it. Items and operations stay as they are written."""
    _sort(data, _keys(schema, "layer"))
    for item in _maps((data.get("items") or {}).values()):
        _sort(item, ("operations", "examples"))
        for op in _maps(item.get("operations")):
            _sort(op, _keys(schema, "operation"))
        for example in _maps(item.get("examples")):
            _sort(example, ("changes", *_keys(schema, "example")))
    for point in _maps((data.get("points") or {}).values()):
        _sort(point, ("hours", "closed", "branches"))
        for row in (row for key in ("hours", "closed", "branches") for row in _maps(point.get(key))):
            _sort(row, ("from", "to", "times", "week", "branches", "why", "source", "sure"))


def _maps(found: Iterable[Any] | None) -> list[CommentedMap]:
    return [one for one in found or () if isinstance(one, CommentedMap)]


def _sort(data: CommentedMap, order: tuple[str, ...]) -> None:
    known = [key for key in order if key in data]
    wanted = known + [key for key in data if key not in known]
    if wanted != list(data):
        for key in wanted:
            data.move_to_end(key)
