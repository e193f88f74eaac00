"""The linter of packs: what can be known to be wrong before a person meets it, with file, line, column."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from doorstep.domains.studio.charge import blanks, fees, of_answers, unknown_cases
from doorstep.domains.studio.example import run
from doorstep.domains.studio.national import alike, on_the_spot, visits
from doorstep.domains.studio.order import unformatted
from doorstep.domains.studio.reach import dead_ends
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flaw import Flaw, Flawed, Where
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.pack.dated import in_force, overlaps, read_dated
from doorstep.rulebook.pack.item import Pack
from doorstep.rulebook.pack.left import unfit
from doorstep.rulebook.pack.profile import read_pack
from doorstep.rulebook.pack.shelf import ROOT, library, load_pack, pack_files, pack_of
from doorstep.rulebook.pack.source import Finding, Source, Unusable
from doorstep.rulebook.words import Words
from doorstep.web.connectors import connectors

#: Filled from the person who is asked, without being copied.
_OWN = ("applicant.name", "applicant.id_no", "applicant.mobile")


def check(root: Path = ROOT, only: Iterable[Path] | None = None) -> list[Finding]:
    """All findings in the packs under ``root``, or in ``only`` some of them, by file and line. Who asks the same as others is
    known only if all are looked at."""
    try:
        library(root)
    except Unusable as why:
        return why.findings
    findings: list[Finding] = []
    codes: dict[str, str] = {}
    read: list[tuple[Source, Pack]] = []
    for path in only if only is not None else pack_files(root):
        name = str(path.relative_to(root.parent)) if path.is_relative_to(root.parent) else str(path)
        findings += check_file(path, name, root, read)
        code = path.stem
        if code in codes:
            words = Words(f"“{code}”已经在 {codes[code]} 里", f"'{code}' is already in {codes[code]}")
            findings.append(Finding(name, 1, 1, "pack.twice", words))
        codes[code] = name
    if only is None:
        sources = {id(one): source for source, one in read}
        findings += [sources[id(one)].finding(flaw) for one, flaw in alike(one for _, one in read)]
    # A mistake in a profile is found once for every item that it is laid under, and told once.
    return sorted(dict.fromkeys(findings), key=lambda one: (one.file, one.line, one.col, one.rule))


def check_file(
    path: Path, name: str, root: Path = ROOT, keep: list[tuple[Source, Pack]] | None = None
) -> list[Finding]:
    """The findings in one pack, which goes into ``keep`` if it can be used at all."""
    try:
        source = read_pack(path, root, name)
        pack = pack_of(source, root)
    except Unusable as why:
        return why.findings
    if keep is not None:
        keep.append((source, pack))
    flaws = [*(flaw for rule in _RULES for flaw in rule(pack)), *_file_rules(source, path, pack.code)]
    flaws = flaws or list(_bounds(pack)) or list(_examples(pack))
    return [*(source.finding(flaw) for flaw in flaws), *_todos(path, name)]


def _todos(path: Path, name: str) -> Iterator[Finding]:
    """Each word that an author marked as still to be written."""
    words = Words("这里还要写", "this is still to be written")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if "TODO" in line:
            yield Finding(name, number, line.index("TODO") + 1, "pack.todo", words)


def flaws_of(pack: Pack) -> list[Flaw]:
    """What is wrong with a pack as it is used; if nothing is, then the examples that do not come out as told."""
    return [flaw for rule in _RULES for flaw in rule(pack)] or list(_examples(pack))


def _flaw(where: Where, rule: str, zh: str, en: str) -> Flaw:
    return Flaw(where, f"pack.{rule}", Words(zh, en))


def _limits(pack: Pack) -> Iterator[Flaw]:
    """A promise never exceeds the law, on any day on which either holds."""
    for name, rows in pack.raw["limits"].items():
        yield from overlaps(read_dated(rows), "limits", name)
    days = {row.first for name in ("statutory", "promise") for row in read_dated(pack.raw["limits"][name])}
    for day in days:
        law, promise = pack.limit("statutory", day), pack.limit("promise", day)
        if law and promise and not promise.within(law):
            zh, en = f"承诺 {promise} 超过法定 {law}", f"the promise of {promise} exceeds the law's {law}"
            yield _flaw(("limits", "promise"), "promise", zh, en)


def _legs(pack: Pack) -> Iterator[Flaw]:
    """The legs together are the promise, on each day, so that what is promised and what each level is given cannot differ."""
    for at, name in enumerate(pack.legs):
        step = pack.flow.steps.get(name)
        if (
            step is None
            or step.block
            or step.place < 0
            or step.limit is None
            or step.by in ("applicant", "system")
        ):
            zh = f"“{name}”不是主线上由公安机关限时办的一步"
            en = f"'{name}' is no step of the trunk with a limit that the police do"
            yield _flaw(("legs", at), "legs", zh, en)
            return
    rows = [read_dated(rows) for rows in pack.raw["limits"].values()]
    days = {row.first or date.min for dated in rows for row in dated} if pack.legs else set()
    for day in (day for day in days if all(in_force(dated, day) for dated in rows)):
        said, parts = pack.limit("promise", day), [pack.flow_on(day).steps[name].limit for name in pack.legs]
        total = " + ".join(map(str, parts))
        differs = said and not _agree(pack, said, pack.promise_on(day))
        if said and (differs or {one.unit for one in parts if one} != {"workday"}):
            zh, en = f"各段是 {total}，承诺却是 {said}", f"the legs are {total}, but the promise is {said}"
            yield _flaw(("limits", "promise"), "legs", zh, en)


def _agree(pack: Pack, said: Limit, together: Limit) -> bool:
    """Whether the promise is what the legs are together; where a layer made a leg shorter, they are the promise."""
    return together.within(said) if pack.provenance else together == said


def _ways(pack: Pack) -> Iterator[Flaw]:
    """Every step can be reached, and from every place an end."""
    held = {name: limit for name in pack.raw["limits"] if (limit := pack.limit(name))}
    try:
        compile_flow(pack.raw["flow"], pack.tables, held, dead_ends)
    except Flawed as why:
        yield from (flaw.under("flow") for flaw in why.flaws)


def _accepted(pack: Pack) -> Iterator[Flaw]:
    """Acceptance is the act of somebody of the police."""
    step = pack.flow.steps.get(pack.accepted_at)
    if pack.accepted_at and (step is None or step.by in ("applicant", "system")):
        zh, en = (
            f"“{pack.accepted_at}”不是由公安机关办的一步",
            f"'{pack.accepted_at}' is no step done by the police",
        )
        yield _flaw(("accepted_at",), "accepted_at", zh, en)


def _sources(pack: Pack) -> Iterator[Flaw]:
    """Nobody is sure of a value that comes from nowhere."""
    lists = [(name, pack.raw.get(name) or []) for name in ("fees", "reductions")]
    lists += [(f"limits/{name}", rows) for name, rows in pack.raw["limits"].items()]
    for way, rows in lists:
        for at, row in enumerate(rows):
            if row["sure"] and row["source"] == "none":
                zh, en = "没有出处的值不能写 sure: true", "a value without a source cannot be sure"
                yield _flaw((*way.split("/"), at, "sure"), "source", zh, en)


def _officers(pack: Pack) -> Iterator[Flaw]:
    """What an officer writes is plain; a second pair of eyes looks at a step that there is."""
    for name, form in pack.fills.items():
        for one in form.fields:
            if one.widget in ("upload", "repeat", "check") or one.pointer.count("/") > 1:
                zh, en = (
                    "民警写的只能是文字、数字、日期、选项",
                    "an officer writes text, numbers, days or choices only",
                )
                yield _flaw((*_at(pack, name), "fills", "properties", one.key), "fills", zh, en)
    for name, step in pack.asks.items():
        for place, other in enumerate(step.get("apart_from") or ()):
            if other == name or other not in pack.asks:
                zh, en = f"没有“{other}”这一步", f"there is no other step '{other}'"
                yield _flaw((*_at(pack, name), "apart_from", place), "apart_from", zh, en)


def _materials(pack: Pack) -> Iterator[Flaw]:
    """Each is known and listed; what the form itself makes is brought by nobody, and said in one way everywhere."""
    known = pack.library.materials
    asked = {one["code"] for one in pack.raw["materials"]}
    for at, one in enumerate(pack.raw["materials"]):
        if one["code"] not in known:
            zh, en = f"materials.yaml 里没有“{one['code']}”", f"there is no material '{one['code']}'"
            yield _flaw(("materials", at, "code"), "material", zh, en)
        elif known[one["code"]].made and (
            "note" in one or any(f.material == one["code"] for f in pack.form.fields)
        ):
            zh = f"“{one['code']}”是填好就有的：不另写说明，也不要人上传"
            en = f"'{one['code']}' comes out of the form: it has no note of its own, and nobody uploads it"
            yield _flaw(("materials", at), "made", zh, en)
    for one in pack.form.fields:
        if one.material and one.material not in asked:
            zh = f"表单要“{one.material}”，materials 里没有列"
            en = f"the form asks for '{one.material}', which 'materials' does not list"
            yield _flaw(("form", *_way(one.pointer), "x-material"), "material", zh, en)


def _way(pointer: str) -> Where:
    parts = [("items",) if part == "*" else ("properties", part) for part in pointer.split("/")[1:]]
    return tuple(itertools.chain(*parts))


def _pointers(pack: Pack) -> Iterator[tuple[Where, str]]:
    """Every place outside the form that names a field."""
    for key in ("competent", "hand_out"):
        if "field" in (pack.raw.get(key) or {}):
            yield (key, "field"), pack.raw[key]["field"]
    if "contact" in pack.raw:
        yield ("contact",), pack.raw["contact"]
    for name, of in (pack.raw.get("figures") or {}).items():
        yield ("figures", name), of["count"] if isinstance(of, dict) else of
    for name, step in pack.asks.items():
        for key in ("sends", "copies"):
            yield from (((*_at(pack, name), key), pointer) for pointer in (step.get(key) or {}).values())
    yield from of_answers(pack)
    yield from _on_papers(pack)


def _on_papers(pack: Pack) -> Iterator[tuple[Where, str]]:
    for at, one in enumerate(pack.raw.get("gives") or ()):
        for key in ("photo", "until"):
            if key in one:
                yield ("gives", at, key), one[key]
        for name, of in one["data"].items():
            said = (pointer for pointer in _in_paper(of) if pointer not in pack.heard)
            yield from ((("gives", at, "data", name), pointer) for pointer in said)


def _in_paper(of: Any) -> Iterator[str]:
    if isinstance(of, str):
        yield of
        return
    for key in ("sex_of", "born_of", "said"):
        if key in of:
            yield of[key]
    yield from of.get("rows") or ()
    for note in of.get("notes") or ():
        yield from note.get("when") or ()
    if "list" in of:
        yield of["list"]
        yield from (f"{of['list']}/*/{name}" for name in (of.get("each") or {}).values())


def _named_fields(pack: Pack) -> Iterator[Flaw]:
    """What names a field names one that exists; figures never name a field that tells who it is."""
    for where, pointer in _pointers(pack):
        one = pack.form.field(pointer)
        if one is None:
            zh, en = f"没有“{pointer}”这个字段", f"there is no field '{pointer}'"
            yield _flaw(where, "field", zh, en)
        elif where[0] == "figures" and not one.options and one.widget not in ("repeat", "number"):
            zh, en = (
                f"“{pointer}”会认出人，不能进统计",
                f"'{pointer}' could tell who it is; figures may not hold it",
            )
            yield _flaw(where, "figure", zh, en)


def _needless(pack: Pack) -> Iterator[Flaw]:
    """Nothing is asked that nothing reads: no rule, paper, figure, unit, notice or check of a paper."""
    if pack.part_of:
        return  # whoever signs it reads it
    read_by = {pointer for _, pointer in _pointers(pack)}
    read_by |= {pointer for one in pack.form.fields for pointer in one.when}
    asked = tuple(f"{step['who']}/" for step in pack.asks.values() if "who" in step)
    read_by |= {one.pointer for one in pack.form.fields if asked and one.pointer.startswith(asked)}
    facts = {column.name for table in pack.tables.values() for column in table.inputs}
    facts |= {str(one["of"]) for one in pack.asks.values() if isinstance(one.get("of"), str)}
    for one in pack.form.fields:
        for item in (one, *one.items):
            # What proves something, and what somebody declares, is read by whoever decides.
            proves = item.material or item.widget == "check" or (item.widget == "repeat" and item.items)
            identity = item.fact.endswith((".name", ".id_no"))
            if item.pointer not in read_by and item.fact not in facts and not proves and not identity:
                zh = f"问了“{item.title.zh}”，却没有哪里用到"
                en = f"'{item.title.en}' is asked, but nothing reads it"
                yield _flaw(("form", *_way(item.pointer)), "needless", zh, en)


def _tables(pack: Pack) -> Iterator[Flaw]:
    """Tables look at facts that the form gives, and are used."""
    known = set(pack.facts({}, channel=""))
    used = {step.table for step in pack.flow.steps.values()}
    for name, table in pack.tables.items():
        if name not in used:
            zh, en = f"没有步骤用到“{name}”这张表", f"no step uses the table '{name}'"
            yield _flaw(("tables", name), "unused_table", zh, en)
        for channel in pack.channels:
            if channel not in pack.raw["tables"][name]["inputs"].get("channel", (channel,)):
                zh, en = f"这张表不认“{channel}”这个渠道", f"this table knows no channel '{channel}'"
                yield _flaw(("tables", name, "inputs", "channel"), "fact", zh, en)
        for column in table.inputs:
            if column.name not in known:
                zh, en = f"表单里没有“{column.name}”", f"the form gives no '{column.name}'"
                yield _flaw(("tables", name, "inputs", column.name), "fact", zh, en)


def _papers(pack: Pack) -> Iterator[Flaw]:
    for at, give in enumerate(pack.gives):
        step = pack.flow.steps.get(give.step)
        if step is None:
            zh, en = f"没有“{give.step}”这一步", f"there is no step '{give.step}'"
            yield _flaw(("gives", at, "at"), "step", zh, en)
        elif give.outcome not in (step.outcomes or ("done",)):
            zh, en = f"“{give.step}”没有这种结果", f"step '{give.step}' has no outcome '{give.outcome}'"
            yield _flaw(("gives", at, "at"), "step", zh, en)


def _reasons(pack: Pack) -> Iterator[Flaw]:
    """Who may return or refuse has reasons to choose from, and the purposes include the pack's own."""
    police = (step for step in pack.flow.steps.values() if step.by != "applicant")
    possible = {outcome for step in police for outcome in step.outcomes}
    for outcome in ("return", "refuse"):
        if outcome in possible and not pack.reasons.get(outcome):
            zh, en = f"流程里能 {outcome}，却没有列理由", f"the flow can {outcome}, but no reasons are listed"
            yield _flaw(("reasons", outcome), "reasons", zh, en)
    for reason in pack.reasons.get("return", {}):
        for pointer in pack.about(reason):
            if pack.form.field(pointer) is None:
                zh, en = f"表单里没有“{pointer}”", f"the form has no field '{pointer}'"
                yield _flaw(("reasons", "return", reason, "fields"), "field", zh, en)
    if pack.purpose not in pack.purposes:
        zh, en = f"“{pack.purpose}”不在 purposes 里", f"'{pack.purpose}' is not among the purposes"
        yield _flaw(("privacy", "purpose"), "purpose", zh, en)


def _at(pack: Pack, step: str) -> Where:
    """Where a step of the flow stands in the file."""
    return next(where for where, one in _places(pack.raw["flow"], ("flow",)) if one["id"] == step)


def _places(block: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    for at, one in enumerate(block.get("steps") or ()):
        yield (*where, "steps", at), one
        yield from _places(one, (*where, "steps", at))
    for at, one in enumerate(block.get("branches") or ()):
        yield from _places(one, (*where, "branches", at))
    for at, one in enumerate(block.get("adhoc") or ()):
        yield (*where, "adhoc", at, "step"), one["step"]


def _calls(pack: Pack) -> Iterator[Flaw]:
    """A connector is asked for what it knows, in its own words."""
    for name, step in pack.asks.items():
        if step["kind"] != "call":
            continue
        known = connectors().get(step["connector"])
        if known is None:
            zh, en = f"没有“{step['connector']}”这个接口", f"there is no connector '{step['connector']}'"
            yield _flaw(_at(pack, name), "connector", zh, en)
            continue
        for key in ("sends", "answers", "shows"):
            for wrong in sorted(set(step.get(key) or ()) - set(known[key])):
                zh, en = (
                    f"“{step['connector']}”的 {key} 没有“{wrong}”",
                    f"'{step['connector']}' has no '{wrong}' among its {key}",
                )
                yield _flaw((*_at(pack, name), key, wrong), "connector", zh, en)


def _payments(pack: Pack) -> Iterator[Flaw]:
    """Money is waited for only where there is a fee; what a promise excludes is not asked."""
    pays = [name for name, step in pack.asks.items() if step.get("message") == "payment"]
    if pays and not pack.raw.get("fees"):
        zh, en = "要缴费，却没有写 fees", "a payment is waited for, but there are no 'fees'"
        yield _flaw(_at(pack, pays[0]), "fee", zh, en)
    for name, step in pack.asks.items():
        if step.get("meets") and pack.raw.get("no_meeting") and not step.get("when"):
            zh = f"“{name}”要人到场，和 no_meeting 的承诺矛盾：请加 when"
            en = f"'{name}' needs the person there, against what 'no_meeting' promises: guard it with 'when'"
            yield _flaw(_at(pack, name), "meets", zh, en)
    for key in ("no_meeting", "on_the_spot"):
        for channel in pack.raw.get(key) or ():
            if channel not in pack.channels:
                zh, en = (
                    f"{key} 里的“{channel}”不在 channels 里",
                    f"'{channel}' of '{key}' is none of the channels",
                )
                yield _flaw((key,), "channel", zh, en)


def _parts(pack: Pack) -> Iterator[Flaw]:
    """A child matter is opened with all that it asks, of a pack that there is."""
    for name, step in pack.asks.items():
        if step["kind"] != "sub":
            continue
        path = next((one for one in pack_files() if one.stem == step["item"]), None)
        if path is None:
            continue  # an item of another collection; opening it is refused if it is not there then
        child = load_pack(path)
        filled = set(step.get("copies") or ())
        given = {one.pointer for one in child.form.fields if one.fact in _OWN}
        wrong = [pointer for pointer in filled if child.form.field(pointer) is None]
        wrong += [
            one.pointer for one in child.form.fields if one.required and one.pointer not in filled | given
        ]
        for pointer in wrong:
            zh, en = (
                f"{child.code} 的“{pointer}”对不上",
                f"'{pointer}' of {child.code} is not asked there, or not filled",
            )
            yield _flaw((*_at(pack, name), "copies"), "part", zh, en)
        if step.get("who") and not any(one.pointer.startswith(step["who"] + "/") for one in pack.form.fields):
            zh, en = f"表单里没有“{step['who']}”这一组", f"the form has no group '{step['who']}'"
            yield _flaw((*_at(pack, name), "who"), "field", zh, en)


def _courses(pack: Pack) -> Iterator[Flaw]:
    """There is an example that ends well and one that does not."""
    courses = {one["course"] for one in pack.raw["examples"]}
    if "granted" not in courses or len(courses) < 2:
        zh = "至少要有一个办成的例子和一个退回或不予办理的例子"
        en = "give at least one example that is granted and one that is corrected or refused"
        yield _flaw(("examples",), "examples", zh, en)


_RULES = (
    _limits,
    _legs,
    _ways,
    _accepted,
    fees,
    blanks,
    unknown_cases,
    _sources,
    _materials,
    _officers,
    _named_fields,
    _needless,
    _tables,
    _papers,
    _reasons,
    _calls,
    _payments,
    _parts,
    _courses,
    visits,
    on_the_spot,
)


def _file_rules(source: Source, path: Path, code: str) -> Iterator[Flaw]:
    if path.stem != code:
        zh, en = f"文件名应为 {code}.yaml", f"the file should be named {code}.yaml"
        yield _flaw(("code",), "file_name", zh, en)
    yield from (Flaw((), one.rule, one.message) for one in unformatted(path, source.name))


def _examples(pack: Pack) -> Iterator[Flaw]:
    for at, raw in enumerate(pack.raw["examples"]):
        told = run(pack, raw)
        if not told.ok:
            zh = f"例子“{told.example.zh}”没有按写的来：{told.why}"
            en = f"the example '{told.example.en}' did not come out as told: {told.why}"
            yield _flaw(("examples", at), "example", zh, en)


def _bounds(pack: Pack) -> Iterator[Flaw]:
    """What is left to the levels below exists, and never holds what the law fixes."""
    for kind, names in (pack.raw.get("layers") or {}).items():
        for name, bound in names.items():
            if words := unfit(pack.raw, kind, name, bound):
                yield Flaw(("layers", kind, name), "pack.bound", words)
