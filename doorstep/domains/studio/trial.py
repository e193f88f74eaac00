"""Live preview: what an author just saved, or pastes, as findings and as everything that it would become.

Nothing is published, stored or offered to anybody. A text that was pasted is checked for its size before it is read, and
lies in a folder of its own only while it is checked; it names no other file.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse

from doorstep.domains.studio import dated, face
from doorstep.domains.studio.card import run
from doorstep.domains.studio.frame import show
from doorstep.domains.studio.item import way
from doorstep.domains.studio.lint import check_file
from doorstep.domains.studio.story import stories
from doorstep.domains.studio.tables import tables
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import pack
from doorstep.rulebook.notation import MappingNode, Node, NotYaml, SequenceNode, compose
from doorstep.rulebook.pack import Finding, Pack, Unusable
from doorstep.rulebook.words import Refused, Words

MOST_BYTES = 100_000
_MOST_NODES = 20_000
_MOST_WATCHED = 8
_CODE = re.compile(r"^code:\s*['\"]?([A-Z]{2}-[0-9]{3}(?:-[A-Z])?)['\"]?\s*(?:#.*)?$", re.M)
_SHARED = ("facts.yaml", "materials.yaml", "schema.json")
_watched: dict[Path, tuple[str, Trial]] = {}
"""What came of the last look at a file, by what it and all that packs share looked like then."""

TOO_LONG = Words(
    "这段文字超过 {n} KB，没有看。一个事项用不了这么长；请只贴一个文件。",
    "This text is longer than {n} KB and was not looked at. No item needs so much; paste one file only.",
)
TOO_DEEP = Words(
    "这段文字展开以后太大（锚点套锚点，或者套得太深），没有看。请写得直接一些。",
    "Unfolded, this text is far too large (anchors within anchors, or nesting too deep), so it was not looked at. "
    "Please write it more plainly.",
)
EMPTY = Words("还没有贴上文字。", "Nothing was pasted yet.")


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a look at one file: findings, and the pack if it can be used at all."""

    name: str
    findings: tuple[Finding, ...]
    found: Pack | None


def start(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Choose a file to watch, or paste a text; a post looks at what was pasted."""
    text = request.POST.get("text", "") if request.method == "POST" else ""
    context: dict[str, Any] = {**_frame(), "text": text}
    if request.method == "POST":
        try:
            context |= _shown(request, pasted(text))
        except Refused as no:
            return show(request, "try", {**context, "refusal": no.words}, no.status)
    return show(request, "try", context)


def watch(request: HttpRequest, viewer: Viewer, item: str) -> HttpResponse:
    """One file of the packs beside this program, shown anew whenever it is saved. Refused: "not-found"."""
    path = _file(item)
    seen = mark(path)
    context = {**_frame(), "watched": item, "mark": seen, **_shown(request, _looked(path, seen))}
    return show(request, "try", context)


def now(request: HttpRequest, viewer: Viewer, item: str) -> HttpResponse:
    """The part of the page that changes: nothing (204) while the file is as it was seen. Refused: "not-found"."""
    path = _file(item)
    seen = mark(path)
    if seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    return show(request, "_trial", {"watched": item, "mark": seen, **_shown(request, _looked(path, seen))})


def pasted(text: str) -> Trial:
    """A look at a text. Refused: "empty", "too-long" (413), "too-deep"."""
    if not text.strip():
        raise Refused("empty", EMPTY)
    if len(text.encode()) > MOST_BYTES:
        raise Refused("too-long", TOO_LONG.format(n=MOST_BYTES // 1000), status=413)
    _refuse_bombs(text)
    code = _CODE.search(text)
    with tempfile.TemporaryDirectory(prefix="doorstep-try-") as folder:
        path = Path(folder) / f"{code[1] if code else 'text'}.yaml"
        path.write_text(text.replace("\r\n", "\n"), encoding="utf-8")
        return _looked_at(path, path.name)


def of_file(path: Path) -> Trial:
    """A look at a file of ours."""
    within = path.is_relative_to(pack.ROOT.parent)
    return _looked_at(path, str(path.relative_to(pack.ROOT.parent)) if within else path.name)


def mark(path: Path) -> str:
    """Changes when the file, or what all packs share, is saved."""
    shared = _shared()
    if shared != _shared_mark[0]:
        pack.forget()
        _shared_mark[0] = shared
    return hashlib.sha256(f"{shared}{_stamp(path)}".encode()).hexdigest()[:12]


def _looked(path: Path, seen: str) -> Trial:
    """A look at a file as it is marked, once for each mark."""
    if path not in _watched or _watched[path][0] != seen:
        _watched[path] = seen, of_file(path)
        for old in list(_watched)[:-_MOST_WATCHED]:
            del _watched[old]
    return _watched[path][1]


def _shared() -> str:
    return _stamp(*(pack.ROOT / name for name in _SHARED), *sorted(pack.ROOT.glob("profiles/*.yaml")))


def _stamp(*paths: Path) -> str:
    return ",".join(f"{one.stat().st_mtime_ns}:{one.stat().st_size}" for one in paths if one.exists())


def _looked_at(path: Path, name: str) -> Trial:
    try:
        findings = tuple(check_file(path, name))
        found = pack.load_pack(path)
    except Unusable:
        return Trial(name, findings, None)
    except RecursionError:
        raise Refused("too-deep", TOO_DEEP) from None
    return Trial(name, findings, found if face.is_drawable(found) else None)


def _shown(request: HttpRequest, trial: Trial) -> dict[str, Any]:
    """Everything that a usable pack would become; of any other its findings."""
    found = trial.found
    if found is None:
        return {"trial": trial}
    return {
        "trial": trial, "item": found, "faces": face.faces(request, found), **way(found),
        "tables": tables(found, {}), "limits": dated.limits(found), "stories": stories(found, run(found)),
    }  # fmt: skip


def _frame() -> dict[str, Any]:
    return {"trying": True, "files": _files(), "most_kb": MOST_BYTES // 1000}


def _files() -> tuple[tuple[str, str], ...]:
    """Code and name of every file that can be watched."""
    return tuple((path.stem, f"{path.parent.name}/{path.name}") for path in pack.pack_files())


def _file(code: str) -> Path:
    """The file of this code among those that there are: a name that was sent is never made into a path."""
    found = next((path for path in pack.pack_files() if path.stem == code), None)
    if found is None:
        raise not_found()
    return found


def _refuse_bombs(text: str) -> None:
    """Refuse a small text that unfolds into a large one, before anything unfolds it. Other mistakes are for the linter."""
    try:
        root = compose(text, "")
        size = _unfolded(root, {}) if root is not None else 0
    except RecursionError:
        raise Refused("too-deep", TOO_DEEP) from None
    except NotYaml:
        return
    if size > _MOST_NODES:
        raise Refused("too-deep", TOO_DEEP)


def _unfolded(node: Node, known: dict[int, int]) -> int:
    """How many nodes there are once every alias is written out. A node inside itself is too many."""
    if id(node) not in known:
        known[id(node)] = _MOST_NODES + 1
        known[id(node)] = 1 + sum(_unfolded(one, known) for one in _inside(node))
    return known[id(node)]


def _inside(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


_shared_mark = [_shared()]  # as the program was read: the first look forgets nothing that is still so
