"""A new pack to begin with: what its profiles leave to say, filled from a row of the catalogue where there is one.

Whatever an author still has to think about is marked TODO, and the linter asks for nothing else.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from doorstep.domains.studio.order import fmt
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack.profile import read_pack
from doorstep.rulebook.pack.shelf import ROOT, library, pack_files
from doorstep.rulebook.words import Refused, Words

Row = Mapping[str, str]

# The words of the catalogue: kinds of the national item model by their numbers, units, who applies.
KINDS = {
    "01": "permit", "05": "benefit", "07": "confirmation", "08": "award", "10": "other-power", "20": "public-service",
}  # fmt: skip
_COUNTERS = ("hall", "station", "room", "kiosk", "workstation")
UNITS = {"工作日": "workday", "自然日": "day", "小时": "hour", "即时": "minute"}


def catalogue_row(path: Path, code: str) -> Row:
    """The row of an item in a catalogue (tab-separated, with a head). Refused: "no-item"."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row.get("code") == code:
                return row
    raise Refused("no-item", Words(f"目录里没有 {code}", f"the catalogue has no {code}"), status=404)


def branch_of(code: str, root: Path = ROOT) -> str:
    """The branch of the items with the same letters; empty if there is none yet."""
    same = (path for path in pack_files(root) if path.stem.startswith(code[:3]))
    return next((path.parent.name for path in same), "")


def write_skeleton(
    code: str, profiles: Sequence[str], branch: str, row: Row | None = None, root: Path = ROOT
) -> Path:
    """Write the file and return where it is. Refused: "pack-there"; Unusable for a profile that is not there."""
    path = root / "base" / branch / f"{code}.yaml"
    if path.exists():
        raise Refused("pack-there", Words(f"{path} 已经有了", f"{path} is there already"), status=409)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"code: {code}\nprofile: [{', '.join(profiles)}]\n", encoding="utf-8")
    try:
        given = read_pack(path, root).data
        text = fmt("\n".join(_lines(code, profiles, branch, row or {}, given, root)), root)
    except BaseException:
        path.unlink()
        raise
    path.write_text(text, encoding="utf-8")
    return path


def _lines(
    code: str, profiles: Sequence[str], branch: str, row: Row, given: Mapping[str, Any], root: Path
) -> list[str]:
    """The keys that no profile gives, each with what is known."""
    title = row.get("title", "TODO").replace("(", "（").replace(")", "）")
    guess = _whole(given)
    names = [name for name in (row.get("aliases") or "TODO").split(";") if name]
    parts = {
        "demo_code": f"'{row['demo_code']}'" if row.get("demo_code") else "",
        "branch": branch,
        "group": f"{{zh: {row.get('group', 'TODO')}, en: TODO}}",
        "title": f"{{zh: '{title}', en: 'TODO'}}",
        "summary": "{zh: TODO 一句话说清拿到什么, en: TODO one plain sentence}",
        "aliases": f"\n  zh: [{', '.join(names)}]\n  en: [TODO]",
        "kind": KINDS.get(row.get("type_code", ""), "public-service"),
        "for": "[person]" if "自然人" in row.get("object", "自然人") else "[firm]",
        "channels": f"[{row.get('channels', 'station').replace(',', ', ')}]",
        "visits": row.get("visits", "1"),
        "on_the_spot": _spot(profiles, row),
        "law": "[]  # TODO",
        "competent": "{by: point}",
        "materials": _materials(row, root),
        "limits": "\n"
        + _limit("statutory", row, guess=guess)
        + _limit("promise", row, "promised", guess).rstrip(),
        "guide": "\n  who: {zh: TODO, en: TODO}\n  where: {zh: TODO, en: TODO}\n  how: {zh: TODO, en: TODO}",
    }
    if "immediate" in profiles and not row:
        parts["limits"] = ""  # the profile's
    if float(row.get("fee_yuan") or 0) > 0:
        amount = f"{float(row['fee_yuan']):.2f}"
        parts["fees"] = (
            f"\n  - {{from: null, to: null, amount: '{amount}', currency: CNY, source: none, sure: false}}  # TODO"
        )
    asked = dict(_asked(given.get("form") or {}))
    placed = {
        pointer for page in (given.get("form") or {}).get("x-pages") or () for pointer in page["fields"]
    }
    if homeless := [pointer for pointer in asked if pointer not in placed]:
        page = f"{{id: papers, title: {{zh: TODO, en: TODO}}, fields: [{', '.join(homeless)}]}}"
        parts["form"] = f"\n  x-pages:\n    - {page}"
    ends = [step["id"] for step in (given.get("flow") or {}).get("steps") or () if step.get("by") == "system"]
    if printed := [pointer for pointer, one in asked.items() if _printed(one)] if ends else []:
        data = f"{{rows: {{rows: [{', '.join(printed)}]}}}}"
        paper = f"paper: filing, title: {{zh: TODO, en: TODO}}, prefix: TODO, at: {ends[-1]}, data: {data}"
        parts["gives"] = f"\n  - {{{paper}}}"
    head = [f"# TODO {title}", f"code: {code}", f"profile: [{', '.join(profiles)}]"]
    own = {
        key: text
        for key, text in parts.items()
        if text and (key not in given or key in ("form", "guide", "limits", "materials"))
    }
    return [*head, *(f"{key}: {text}" for key, text in own.items())]


def _spot(profiles: Sequence[str], row: Row) -> str:
    """The counters at which it is done while one waits; nothing for an item that takes longer."""
    if row.get("promised_unit") != "即时" and "immediate" not in profiles:
        return ""
    channels = row.get("channels", "station").split(",")
    return f"[{', '.join([one for one in channels if one in _COUNTERS] or channels)}]"


def _asked(form: Any) -> Iterator[tuple[str, Any]]:
    """The questions that the profiles ask, by pointer."""
    ways = [("", form)]
    for pointer, node in ways:
        if "properties" in node:
            ways += [(f"{pointer}/{name}", one) for name, one in node["properties"].items()]
        elif pointer:
            yield pointer, node


def _printed(one: Any) -> bool:
    """Would an answer stand on the paper? Not a scan, nor where it goes, nor how somebody is reached."""
    return not ({"x-material", "x-options-from"} & set(one)) and not str(one.get("x-fact")).endswith(
        ".mobile"
    )


def _whole(given: Mapping[str, Any]) -> str:
    """How long the legs that a profile gives take together; a working day without legs."""
    legs = [given["limits"][f"{leg}_leg"][-1]["value"] for leg in given.get("legs") or ()]
    return f"{sum(Limit.parse(one).value for one in legs) or 1} workday"


def _limit(name: str, row: Row, column: str = "", guess: str = "1 workday") -> str:
    """A limit as the catalogue has it; a guess, marked, where it has none."""
    number, unit = row.get(column or name, ""), UNITS.get(row.get(f"{column or name}_unit", ""), "")
    value = f"{number} {unit}" if number and unit else guess
    todo = "" if number and unit else "  # TODO"
    return f"  {name}:{todo}\n    - {{from: null, to: null, value: {value}, source: none, sure: false}}\n"


def _materials(row: Row, root: Path) -> str:
    known = library(root).materials
    codes = [code for code in (row.get("materials") or "").split(",") if code in known]
    return "".join(f"\n  - {{code: {code}, required: true}}" for code in codes) or "[]"
