"""What all pages of the studio share: the parts of an item, the way between them, and what each part holds in a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.domains.studio import counts, origin
from doorstep.domains.studio.card import unsure
from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES

STAFF = ("officer",)


@dataclass(frozen=True, slots=True)
class Part:
    """One page about an item. ``holds``: what is on it, in a line."""

    url: str
    icon: str
    title: Words
    holds: Words
    here: bool = False


def show(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page of the studio."""
    return render(request, f"studio/{template}.html", {"q": "", **context}, status=status)


def head(found: Pack, part: str, unit: str) -> dict[str, Any]:
    """What every page about an item shows beside its part: how many run on it, where it can be looked at, its parts."""
    running = counts.open_matters().get(found.code, {})
    in_force = {one.hash for held in pack.offers(found.code).values() for one in held}
    older = sum(count for digest, count in running.items() if digest not in in_force)
    places = origin.places(found.code, unit)
    return {
        "item": found, "part": part, "parts": parts(found, part, unit), "branch": BRANCHES[found.branch],
        "open": sum(running.values()), "older": older, "unsure": unsure(found.raw), "unit": unit, "places": places,
        "place": next((one for one in places if one.here), None), "running": running,
    }  # fmt: skip


def parts(found: Pack, here: str, unit: str = "") -> tuple[Part, ...]:
    """The pages about an item as it is in one place; ``here`` is the one that is open."""
    asked = "?" + urlencode({"unit": unit}) if unit else ""
    return tuple(
        Part(f"/studio/{found.code}/{name}{asked}", icon, title, holds, name == here)
        for name, icon, title, holds in _parts(found)
    )


def _parts(found: Pack) -> tuple[tuple[str, str, Words, Words], ...]:
    fields = sum(max(1, len(one.items)) for one in found.form.fields)
    rows = sum(len(table.answers) for table in found.tables.values())
    return (
        ("", "file-text", Words("事项", "The item"), Words("文字、材料、依据", "words, papers to bring, law")),
        ("form", "forms", Words("表单", "Form"),
         Words(f"{len(found.form.pages())} 页，{fields} 问", f"{len(found.form.pages())} pages, {fields} questions")),
        ("flow", "git-branch", Words("流程", "The way"), _counted(len(_steps(found)), "步", "step", "steps")),
        ("tables", "table", Words("判断表", "Tables"),
         Words(f"{len(found.tables)} 张，{rows} 行", f"{len(found.tables)} with {rows} rows") if rows
         else Words("这个事项不用判断表", "it needs none")),
        ("limits", "clock", Words("时限和费用", "Limits and fees"),
         _counted(len(found.raw["limits"]), "个时限", "limit", "limits")),
        ("papers", "certificate", Words("文书样张", "Papers"),
         _counted(len(found.gives), "种", "paper", "papers") if found.gives else Words("不出文书", "it gives none")),
        ("examples", "list-check", Words("例子", "Examples"),
         _counted(len(found.raw["examples"]), "个", "story", "stories")),
        ("privacy", "lock", Words("个人信息", "Personal data"), Words("为什么用、存多久", "why, and for how long")),
        ("layers", "stack-2", Words("层和版本", "Layers and versions"),
         Words(f"各级改了 {len(found.provenance)} 处", f"{len(found.provenance)} set by layers") if found.provenance
         else Words("各级没有改", "as the base says")),
        ("difference", "arrows-diff", Words("版本对比", "Compare versions"),
         Words("哪条变了、谁定的", "what changed, and who set it")),
    )  # fmt: skip


def _steps(found: Pack) -> list[str]:
    return [one.id for one in found.flow.steps.values() if one.kind not in ("correct", "hand", "each")]


def _counted(number: int, zh: str, one: str, many: str) -> Words:
    return Words(f"{number} {zh}", f"{number} {one if number == 1 else many}")
