"""`doorstep packs check|test|fmt|new|report|show`: what an author of packs runs, and what the build runs."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
from pathlib import Path

from doorstep.domains import studio
from doorstep.domains.studio.show import shown
from doorstep.project import author, publish
from doorstep.project.domains import DOMAINS
from doorstep.rulebook import machine, pack
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.pack.profile import profile_files
from doorstep.rulebook.words import Refused


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``doorstep packs`` its own verbs."""
    verbs = parser.add_subparsers(dest="packs_verb", required=True, metavar="VERB")
    for name, told in (
        ("check", "检查 · find mistakes, with file, line and column"),
        ("test", "运行例子 · run the examples of every pack"),
        ("fmt", "排版 · write the files as they should be"),
    ):
        one = verbs.add_parser(name, help=told, description=told)
        one.add_argument("files", nargs="*", type=Path, help="默认全部 · all, if none is named")
        if name != "fmt":
            one.add_argument("--json", action="store_true", help="一行一条 · one JSON object a line")
        if name == "test":
            told = "例子能发现多少错 · how many small mistakes the examples notice"
            one.add_argument("--mutate", action="store_true", help=told)
    publish.add(verbs)
    author.add(verbs)
    told = "画出流程、导出 · draw the flow, or write it as others read it"
    show = verbs.add_parser("show", help=told, description=told)
    show.add_argument("code", metavar="CODE", help="事项编号，如 HZ-078 · an item's code")
    form = show.add_mutually_exclusive_group()
    for name, told in (
        ("svg", "图（默认） · the picture, if nothing else is asked"),
        ("bpmn", "BPMN 2.0"),
        ("dmn", "判断表，DMN 1.3 · the tables"),
    ):
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, default="svg", help=told
        )
    show.add_argument(
        "--lang", choices=("zh", "en"), default="zh", help="图中文字 · the language of its words"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the verb; returns 1 if something was found, failed or could not be read."""
    machines()
    if args.packs_verb in author.NAMES:
        return author.run(args)
    if args.packs_verb in publish.NAMES:
        return publish.run(args)
    if args.packs_verb == "show":
        return _show(args.code, args.form, args.lang)
    named = [path.resolve() for path in args.files]
    layers = [path for path in named if path.parent.name == "layers"]
    files = [path for path in named if path not in layers] or ([] if layers else pack.pack_files())
    if args.packs_verb == "check":
        return _check(files, layers if named else studio.all_layers(), args.json)
    if args.packs_verb == "fmt":
        return _fmt(named if named else [*files, *profile_files(pack.ROOT), *studio.all_layers()])
    return (
        _mutate(files, args.json)
        if args.mutate
        else _test(files, args.json, layered=not named or bool(layers))
    )


def machines() -> None:
    """Make known what moves packs that no flow moves: ``machine.py`` of each domain that has one. Needs no database."""
    for package in DOMAINS:
        if importlib.util.find_spec(f"{package}.machine"):
            for name, moves in importlib.import_module(f"{package}.machine").MACHINES.items():
                machine.register(name, moves)


def _check(files: list[Path], layers: list[Path], as_json: bool) -> int:
    places = sorted({(path.parents[1].name, path.parents[2]) for path in layers})
    findings = [found for place, folder in places for found in studio.region_findings(place, folder)]
    if not findings:
        findings = studio.check(only=files if files != pack.pack_files() else None)
        findings += [found for place, folder in places for found in _layer_findings(place, folder)]
    for one in findings:
        _say(json.dumps(one.as_dict(), ensure_ascii=False) if as_json else str(one))
    if not as_json:
        count = len(files) + len(layers)
        _say(f"{count} 个文件，{len(findings)} 处要改 · {count} files, {len(findings)} findings")
    return 1 if findings else 0


def _layer_findings(place: str, folder: Path) -> list[pack.Finding]:
    try:
        found = studio.read_stacks(place, folder).check()
    except pack.Unusable as why:
        return why.findings
    files = studio.layer_files(place, folder)
    return found or [
        one for path in files for one in studio.unformatted(path, f"{folder.name}/{path.relative_to(folder)}")
    ]


def _test(files: list[Path], as_json: bool, *, layered: bool) -> int:
    """The examples of these packs; with ``layered`` also those of every pack that a layer makes of any."""
    try:
        packs = [("", pack.load_pack(path)) for path in files]
        packs += studio.read_stacks().everywhere() if layered else []
    except (pack.Unusable, Flawed) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    ran = failed = 0
    for unit, found in packs:
        for one in studio.run_examples(found):
            ran, failed = ran + 1, failed + (not one.ok)
            if as_json:
                place = {"unit": unit} if found.provenance else {}
                _say(json.dumps(one.as_dict() | place, ensure_ascii=False))
            elif not one.ok:
                _say(f"{one.pack} {unit}: {one.example.zh} / {one.example.en}: {one.why}")
    if not as_json:
        _say(f"{ran} 个例子，{failed} 个没通过 · {ran} examples, {failed} failed")
    return 1 if failed or not ran else 0


def _mutate(files: list[Path], as_json: bool) -> int:
    try:
        tried = [studio.mutate(pack.load_pack(path)) for path in files]
    except pack.Unusable as why:
        sys.stderr.write(f"{why}\n")
        return 1
    for one in tried:
        if as_json:
            _say(json.dumps(one.as_dict()))
            continue
        _say(f"{one.pack}: {one.caught}/{one.tried}")
        for name in one.survived:
            _say(f"  没发现 · not noticed: {name}")
    return 0


def _fmt(files: list[Path]) -> int:
    for path in files:
        text = path.read_text(encoding="utf-8")
        try:
            wanted = studio.fmt(text)
        except ValueError as why:
            sys.stderr.write(f"{path}: {why}\n")
            return 1
        if wanted != text:
            path.write_text(wanted, encoding="utf-8")
            _say(str(path))
    return 0


def _show(code: str, form: str, lang: str) -> int:
    try:
        found = pack.current(code)
    except (Refused, pack.Unusable) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    if form == "dmn" and not found.tables:
        sys.stderr.write(f"{code} 没有判断表 · {code} has no tables\n")
        return 1
    sys.stdout.write(shown(found, form, lang))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
