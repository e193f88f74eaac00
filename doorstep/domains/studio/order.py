"""The formatter of packs: one order of keys, one way to indent. Comments and the author's quotes stay."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from doorstep.rulebook.pack.shelf import ROOT

_WIDTH = 118


@cache
def key_order(root: Path = ROOT) -> tuple[str, ...]:
    """The order of a pack's keys: that of the schema."""
    return tuple(json.loads((root / "schema.json").read_text(encoding="utf-8"))["properties"])


def fmt(text: str, root: Path = ROOT) -> str:
    """A pack's text as it should be; formatting twice changes nothing more. ValueError if it is no YAML."""
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
    if isinstance(data, CommentedMap):
        _sort(data, key_order(root))
    out = io.StringIO()
    yaml.dump(data, out)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _sort(data: CommentedMap, order: tuple[str, ...]) -> None:
    known = [key for key in order if key in data]
    wanted = known + [key for key in data if key not in known]
    if wanted != list(data):
        for key in wanted:
            data.move_to_end(key)
