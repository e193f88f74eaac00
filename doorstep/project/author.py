"""`doorstep packs new|report`: a new item to begin with, and what each item has."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused

NAMES = ("new", "report")
_COLUMNS = (
    ("code", "事项 item"), ("questions", "问 asks"), ("materials", "材料 papers in"), ("steps", "步 steps"), ("rows", "表行 rows"),
    ("limits_sure", "时限有据 sure"), ("limits_unsure", "时限待核 unsure"), ("papers", "文书 papers out"),
    ("examples", "例子 examples"), ("caught", "发现 caught"), ("mutants", "错误 mutants"),
)  # fmt: skip


def add(verbs: Any) -> None:
    """Give ``doorstep packs`` its verbs ``new`` and ``report``."""
    told = "新建一个事项，要写的地方标着 TODO · begin an item; what is left to write is marked TODO"
    new = verbs.add_parser("new", help=told, description=told)
    new.add_argument("code", metavar="CODE", help="目录编号，如 HZ-056 · its code in the catalogue")
    new.add_argument(
        "--profile", required=True, help="如 person,own_station,immediate · files in packs/profiles, in order"
    )
    new.add_argument(
        "--branch", default="", help="条线；同字头的事项有了就不用写 · unless others have the same letters"
    )
    new.add_argument(
        "--catalogue", type=Path, help="事项目录（TSV） · a catalogue to take what is known from"
    )
    told = "每个事项有什么 · what each item has, counted"
    report = verbs.add_parser("report", help=told, description=told)
    report.add_argument("--json", action="store_true", help="一行一条 · one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Runs the verb; 1 if the item is there already or its profile or row is not."""
    return _report(args.json) if args.packs_verb == "report" else _new(args)


def _new(args: argparse.Namespace) -> int:
    branch = args.branch or studio.branch_of(args.code)
    if not branch:
        sys.stderr.write(f"{args.code}: 请写 --branch · give its --branch\n")
        return 1
    try:
        row = studio.catalogue_row(args.catalogue, args.code) if args.catalogue else None
        path = studio.write_skeleton(args.code, args.profile.split(","), branch, row)
    except (Refused, pack.Unusable, OSError) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


def _report(as_json: bool) -> int:
    counts = [studio.count(one).as_dict() for one in pack.every()]
    if as_json:
        for one in counts:
            sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
        return 0
    for key, words in _COLUMNS:
        sys.stdout.write(f"{words}\n" if key == _COLUMNS[-1][0] else f"{words} | ")
    for one in counts:
        sys.stdout.write(_line([one[key] for key, _ in _COLUMNS], [words for _, words in _COLUMNS]))
    total = ["", *(sum(one[key] for one in counts) for key, _ in _COLUMNS[1:])]
    sys.stdout.write(_line(total, [words for _, words in _COLUMNS]))
    return 0


def _line(cells: list[Any], heads: list[str]) -> str:
    return " | ".join(str(cell).rjust(_wide(head)) for cell, head in zip(cells, heads, strict=True)) + "\n"


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
