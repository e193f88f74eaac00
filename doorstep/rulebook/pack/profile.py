"""Profiles: what many items have in common, written once in ``packs/profiles`` and laid under an item's own words.

``profile: [person, own_station, review]`` lays three files under the item, one over the other, the item on top:

- a group of keys is laid key by key; a key that the item sets to null is taken out;
- lists of named things (pages and steps by ``id``, materials by ``code``, papers by ``paper``) are laid name by name; what
  is new stands before the known name that it is written before, or last;
- ``required``, ``fields``, ``examples`` and ``law`` are joined; every other list and value is replaced;
- ``{title}`` in the words of a profile is the item's title;
- of what a profile leaves to the levels below (``layers``), an item keeps what it has.

Each part keeps the file and line that it stands on, so a finding points into the profile if the mistake is there. An
example without ``data`` gets ``sample``, which profiles and item fill together, with its own ``change`` applied.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doorstep.rulebook.notation import MappingNode, Node, ScalarNode, SequenceNode, plain
from doorstep.rulebook.pack.left import fitted
from doorstep.rulebook.pack.source import Finding, Source, Unusable, read
from doorstep.rulebook.words import Words

_NAMED = {"x-pages": "id", "steps": "id", "branches": "id", "materials": "code", "gives": "paper"}
_NAME = re.compile(r"[a-z0-9_-]+")
_JOINED = ("required", "fields", "examples", "law")


def profile_files(root: Path) -> list[Path]:
    """The files of all profiles, by name."""
    return sorted((root / "profiles").glob("*.yaml"))


def read_pack(path: Path, root: Path, name: str = "") -> Source:
    """A pack's file with its profiles laid under it and its examples filled in.

    Unusable for a file that cannot be read, and for a profile that is not there.
    """
    source = read(path, name)
    raw = source.data if isinstance(source.data, Mapping) else {}
    if isinstance(raw.get("profile"), list) and source.root is not None:
        profiles = [_said(one, raw.get("title")) for one in _profiles(source, root)]
        whole = functools.reduce(_laid, [*profiles, source.root])
        source = Source(source.name, _fitted(plain(whole), raw), whole)
    return Source(source.name, _filled(source.data), source.root)


def _fitted(whole: Any, own: Mapping[str, Any]) -> Any:
    """Of what profiles leave to the levels below, what this item has. A file with other mistakes is told of those first."""
    if "layers" not in whole:
        return whole
    try:
        layers = fitted(whole, own)
    except (KeyError, TypeError, ValueError, AttributeError):
        return whole
    kept = {key: value for key, value in whole.items() if key != "layers"}
    return {**kept, "layers": layers} if layers else kept


def _profiles(source: Source, root: Path) -> list[Node]:
    """The profiles that a file names, each once, those that they build on before them."""
    found: dict[str, Node] = {}
    seen: set[str] = set()

    def add(by: Source) -> None:
        for at, name in enumerate(by.data.get("profile") or ()):
            one = _profile(root, str(name))
            if one is None or not isinstance(one.root, MappingNode):
                words = Words(f"没有“{name}”这个模板", f"there is no profile '{name}'")
                raise Unusable([Finding(*by.place(("profile", at)), "pack.profile", words)])
            if name not in seen:
                seen.add(name)
                add(one)
                pairs = [pair for pair in one.root.value if pair[0].value != "profile"]
                found[name] = _mapping(one.root, pairs)

    add(source)
    return list(found.values())


def _profile(root: Path, name: str) -> Source | None:
    path = root / "profiles" / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    told = path.stat()
    return _read_once(
        path, f"{root.name}/profiles/{path.name}", (told.st_mtime_ns, told.st_size, told.st_ino)
    )


@functools.lru_cache(maxsize=64)
def _read_once(path: Path, name: str, _stamp: tuple[int, ...]) -> Source:
    """Forty items stand on one profile. Nobody changes what is read here: what is laid over it is made anew."""
    return read(path, name)


def _said(node: Node, title: Any, lang: str = "") -> Node:
    """The profile with ``{title}`` in its words said for this item."""
    if isinstance(node, MappingNode):
        pairs = [(key, _said(value, title, str(key.value))) for key, value in node.value]
        changed = any(one is not was for (_, one), (_, was) in zip(pairs, node.value, strict=True))
        return _mapping(node, pairs) if changed else node
    if isinstance(node, SequenceNode):
        items = [_said(one, title) for one in node.value]
        changed = any(one is not was for one, was in zip(items, node.value, strict=True))
        return _sequence(node, items) if changed else node
    named = title.get(lang) if isinstance(title, Mapping) else None
    if named and "{title}" in node.value:
        text = node.value.replace("{title}", str(named))
        return ScalarNode(node.tag, text, node.start_mark, node.end_mark)
    return node


def _laid(under: Node, over: Node, key: str = "") -> Node:
    """``over`` on ``under``: what both say, ``over`` says."""
    if isinstance(under, MappingNode) and isinstance(over, MappingNode):
        mine = {one.value: (one, value) for one, value in over.value}
        pairs = [
            (mine[one.value][0], _laid(value, mine[one.value][1], one.value)) if one.value in mine else (one, value)
            for one, value in under.value
            if not (one.value in mine and _is_null(mine[one.value][1]))
        ]  # fmt: skip
        known = {one.value for one, _ in under.value}
        return _mapping(
            over, [*pairs, *((one, value) for one, value in over.value if one.value not in known)]
        )
    if isinstance(under, SequenceNode) and isinstance(over, SequenceNode):
        if key in _NAMED:
            return _by_name(under, over, _NAMED[key])
        if key in _JOINED:
            said = {one.value for one in under.value if isinstance(one, ScalarNode)}
            more = [one for one in over.value if not (isinstance(one, ScalarNode) and one.value in said)]
            return _sequence(over, [*under.value, *more])
    return over


def _by_name(under: SequenceNode, over: SequenceNode, key: str) -> Node:
    mine = {_name(one, key): one for one in over.value}
    known = [_name(one, key) for one in under.value]
    before: dict[str, list[Node]] = {}  # what is new, by the known name that it is written before
    waiting: list[Node] = []
    for one in over.value:
        if _name(one, key) in known:
            before[_name(one, key)], waiting = waiting, []
        else:
            waiting.append(one)
    laid: list[Node] = []
    for name, one in zip(known, under.value, strict=True):
        laid += [*before.get(name, ()), _laid(one, mine[name]) if name in mine else one]
    return _sequence(over, [*laid, *waiting])


def _name(node: Node, key: str) -> str:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((str(value.value) for one, value in pairs if one.value == key), "")


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _mapping(like: Node, pairs: list[tuple[Node, Node]]) -> Node:
    return MappingNode(like.tag, pairs, like.start_mark, like.end_mark)


def _sequence(like: Node, items: list[Node]) -> Node:
    return SequenceNode(like.tag, items, like.start_mark, like.end_mark)


def _filled(data: Any) -> Any:
    """The examples, each with its data: its own, or the sample with its changes."""
    if not isinstance(data, dict) or not isinstance(data.get("examples"), list):
        return data
    sample = data.get("sample")
    first = next(iter(data.get("channels") or ()), "")
    told = [_with_data(one, sample, first) for one in data["examples"]]
    return {**data, "examples": told}


def _with_data(example: Any, sample: Any, channel: str) -> Any:
    if isinstance(example, dict) and "channel" not in example:
        example = {**example, "channel": channel}
    if not isinstance(example, dict) or "data" in example or not isinstance(sample, dict):
        return example
    data = copy.deepcopy(sample)
    for pointer, value in (example.get("change") or {}).items():
        put(data, pointer, value)
    return {**example, "data": data}


def put(data: Any, pointer: str, value: Any) -> None:
    """Change one answer at a pointer; None takes it out. A missing group is made."""
    *groups, last = pointer.split("/")[1:]
    for part in groups:
        data = data[int(part)] if isinstance(data, list) else data.setdefault(part, {})
    if isinstance(data, list):
        data[int(last)] = value
    elif value is None:
        data.pop(last, None)
    else:
        data[last] = value
