"""A pack in use: one item of the catalogue with its guide, form, tables, flow, limits, fees and papers."""

from __future__ import annotations

import calendar
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import orjson

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.fact import Fact, read_facts
from doorstep.rulebook.field import Field, at_pointer
from doorstep.rulebook.flaw import Flaw, Flawed, Where
from doorstep.rulebook.flow import Flow
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.form import Form
from doorstep.rulebook.pack.dated import Dated, in_force, read_dated
from doorstep.rulebook.pack.fee import Charge, Reduction, charges, most, reductions
from doorstep.rulebook.pack.fee import in_force as fees_on
from doorstep.rulebook.pack.printed import in_both, listed, of_id_number, printed
from doorstep.rulebook.rule import Table, compile_table
from doorstep.rulebook.words import Words

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Material:
    """A paper that an item may ask for. ``shared``: another authority holds it and could be asked; ``family``: people who
    come together show it once for all; ``made``: it comes out of the answers, so that nobody brings it.
    """

    code: str
    title: Words
    source: Words
    shared: bool
    family: bool = False
    made: bool = False


@dataclass(frozen=True)
class Library:
    """What all packs share: facts and materials, read from ``raw`` when they are asked for. It goes into the content hash."""

    raw: Mapping[str, Any]

    @classmethod
    def of(cls, facts: Mapping[str, Any], materials: Mapping[str, Any]) -> Library:
        """From the content of ``facts.yaml`` and ``materials.yaml``. Flawed or ValueError if wrong."""
        made = cls({"facts": facts, "materials": materials})
        _ = made.facts, made.materials
        return made

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        return read_facts(self.raw["facts"])

    @cached_property
    def materials(self) -> Mapping[str, Material]:
        return {
            code: Material(
                code,
                Words.of(one["title"]),
                Words.of(one["source"]),
                bool(one["shared"]),
                bool(one.get("family")),
                bool(one.get("made")),
            )
            for code, one in self.raw["materials"]["materials"].items()
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A material that this item asks for. ``depends``: only with certain answers, as its question in the form says."""

    material: Material
    required: bool
    note: Words | None
    depends: bool = False


@dataclass(frozen=True, slots=True)
class Give:
    """A paper that the item gives when a step ends well."""

    template: str
    title: Words
    prefix: str
    step: str
    outcome: str
    valid: tuple[Dated, ...]
    data: Mapping[str, Any]
    photo: str
    until: str = ""
    by: str = "competent"
    blank: str = ""

    def valid_until(self, issued_on: date, data: Any = None) -> date | None:
        """The last day on which the paper is good: that of the answer which says so; else the same day months later, or
        the month's last day."""
        said = at_pointer(data, self.until) if self.until else None
        if said:
            return date.fromisoformat(said)
        row = in_force(self.valid, issued_on)
        if row is None:
            return None
        months = issued_on.month - 1 + int(row.value["months"])
        year, month = issued_on.year + months // 12, months % 12 + 1
        return date(year, month, min(issued_on.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Pack:
    """One item. ``raw`` is its file as plain values; everything else is read from it when first asked for, and kept: a list
    of all items compiles none of their forms.

    ``provenance``: for each value that a layer set, by name (``/limits/promise``), who set it, why, and what it was; the
    last of them is in force. What is not in it is the base's own.
    """

    raw: Mapping[str, Any]
    library: Library
    provenance: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    _flows: dict[tuple[tuple[str, Limit], ...], Flow] = field(default_factory=dict, repr=False)
    _days: dict[date, Flow] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, raw: Mapping[str, Any], library: Library, provenance: Mapping[str, Any] | None = None
    ) -> Pack:
        """From a file that fits the schema, everything compiled. Flawed if its form, tables or flow cannot be used."""
        flaws: list[Flaw] = []
        tables = {
            name: table
            for name, one in (raw.get("tables") or {}).items()
            if (table := _part(flaws, ("tables", name), lambda: compile_table(name, one)))  # noqa: B023
        }
        limits = {name: rows[-1].value["limit"] for name, rows in _dated_limits(raw).items() if rows}
        form = _part(flaws, ("form",), lambda: Form(raw["form"], library.facts))
        flow = _part(flaws, ("flow",), lambda: compile_flow(raw["flow"], tables, limits))
        if flaws:
            raise Flawed(flaws)
        made = cls(raw, library, provenance or {})
        vars(made).update(form=form, tables=tables, flow=flow)
        _part(flaws, ("flow",), lambda: made.fills)
        if flaws:
            raise Flawed(flaws)
        return made

    @cached_property
    def form(self) -> Form:
        return Form(self.raw["form"], self.library.facts)

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        return {name: compile_table(name, one) for name, one in (self.raw.get("tables") or {}).items()}

    @cached_property
    def flow(self) -> Flow:
        return compile_flow(self.raw["flow"], self.tables, self._limits(None))

    @property
    def code(self) -> str:
        return str(self.raw["code"])

    @property
    def branch(self) -> str:
        return str(self.raw["branch"])

    @property
    def title(self) -> Words:
        return Words.of(self.raw["title"])

    @property
    def summary(self) -> Words:
        """One sentence for a list or a card."""
        return Words.of(self.raw["summary"])

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.raw["channels"])

    @property
    def part_of(self) -> str:
        """The item of which this is a part, opened by its flow alone; empty for what is offered."""
        return str(self.raw.get("part_of", ""))

    @cached_property
    def asks(self) -> Mapping[str, Mapping[str, Any]]:
        """Each step of the flow as the file has it, by name: what a connector, child matter or message is asked with."""
        return {str(one["id"]): one for one in _steps(self.raw["flow"])}

    @cached_property
    def fills(self) -> Mapping[str, Form]:
        """What an officer writes at a step, by its name: a form of one page, whose answers stand at ``/heard/<step>``."""
        return {
            name: Form(_one_page(name, one["fills"]), self.library.facts)
            for name, one in self.asks.items()
            if "fills" in one
        }

    @cached_property
    def heard(self) -> Mapping[str, Words]:
        """What connectors' answers and officers leave with the matter: pointer into its data, and what it is called."""
        told = {
            f"/heard/{step}/{name}": Words.of(words)
            for step, one in self.asks.items()
            for name, words in (one.get("shows") or {}).items()
        }
        return told | {
            f"/heard/{step}{one.pointer}": one.title
            for step, form in self.fills.items()
            for one in form.fields
        }

    def writes(self, step: str, move: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the officer writes at a step in an example: as its line says, else as another example of this item does."""
        lines = [
            move,
            *(one for raw in self.raw["examples"] for one in raw.get("do") or () if one.get("step") == step),
        ]
        return next((one["fills"] for one in lines if "fills" in one), {})

    def field(self, pointer: str) -> Field | None:
        """The question at a pointer into the data of a matter: to the applicant, or to an officer at a step."""
        step, _, name = pointer.removeprefix("/heard/").partition("/")
        written = self.fills.get(step) if pointer.startswith("/heard/") else None
        return written.field(f"/{name}") if written else self.form.field(pointer)

    @property
    def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """How people say it, by language; for search."""
        return {lang: tuple(names) for lang, names in self.raw["aliases"].items()}

    @property
    def guide(self) -> Mapping[str, Words]:
        """``who``, ``where``, ``how``, ``next`` and whatever else the pack explains."""
        return {name: Words.of(words) for name, words in self.raw["guide"].items()}

    @property
    def law(self) -> tuple[tuple[Words, bool], ...]:
        """Titles of the law that it rests on, each with whether somebody is sure of it."""
        return tuple((Words.of(one["title"]), bool(one["sure"])) for one in self.raw["law"])

    @property
    def materials(self) -> tuple[Asked, ...]:
        return tuple(
            Asked(
                self.library.materials[one["code"]],
                bool(one["required"]),
                Words.of(one["note"]) if "note" in one else None,
                any(field.when for field in self.form.fields if field.material == one["code"]),
            )
            for one in self.raw["materials"]
        )

    @cached_property
    def content(self) -> str:
        """Everything needed to build this pack again, as JSON: what a pack version stores.

        In the order of the file, which `packs fmt` settles: pages show reasons, purposes and answers in it.
        """
        whole = {"pack": self.raw, **self._shared()}
        if self.provenance:
            whole["layers"] = self.provenance
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def hash(self) -> bytes:
        """sha256 of ``content``: a matter pins it, so that it stays under the pack it was opened with."""
        return _digest(self.content)

    @classmethod
    def from_content(cls, content: str) -> Pack:
        """The pack that ``content`` was taken from. It was sound when it was stored, so nothing is compiled here."""
        return cls.from_whole(orjson.loads(content), _digest(content))

    @classmethod
    def from_whole(cls, whole: Mapping[str, Any], digest: bytes) -> Pack:
        """The same, from content that was read already."""
        library = Library({"facts": whole["facts"], "materials": whole["materials"]})
        made = cls(whole["pack"], library, whole.get("layers") or {})
        vars(made)["hash"] = digest
        return made

    def _shared(self) -> dict[str, Any]:
        """The facts, types and materials that this pack uses, no others: a change elsewhere is none here."""
        raw = self.library.raw
        asked = [one for form in (self.form, *self.fills.values()) for one in form.fields]
        bound = [item for one in asked for item in (one, *one.items)]
        facts = {
            name: raw["facts"]["facts"][name] for name in sorted({one.fact for one in bound if one.fact})
        }
        types = sorted({one["type"] for one in facts.values() if "type" in one})
        materials = {one["code"]: raw["materials"]["materials"][one["code"]] for one in self.raw["materials"]}
        return {
            "facts": {"types": {name: raw["facts"]["types"][name] for name in types}, "facts": facts},
            "materials": {"materials": materials},
        }

    def limit(self, name: str, on: date | None = None) -> Limit | None:
        """A named limit as of a day; without a day, the latest."""
        return self._limits(on).get(name)

    def _limits(self, on: date | None) -> dict[str, Limit]:
        """All named limits as of a day. Rows were parsed once; lists ask this for every line."""
        held = ((name, in_force(rows, on)) for name, rows in self._dated_limits.items())
        return {name: row.value["limit"] for name, row in held if row is not None}

    @cached_property
    def _dated_limits(self) -> dict[str, tuple[Dated, ...]]:
        return _dated_limits(self.raw)

    @property
    def promise(self) -> Limit:
        """Within what time it is done, as promised to everybody."""
        return self._together(self.flow) or self._limits(None)["promise"]

    @property
    def legs(self) -> tuple[str, ...]:
        """The steps that share the promise between the levels, in their order; none if one unit has it all."""
        return tuple(self.raw.get("legs") or ())

    def _together(self, flow: Flow) -> Limit | None:
        """The limits of all legs as one."""
        steps = [flow.steps[name] for name in self.legs if name in flow.steps]
        parts = [step.limit for step in steps if step.limit]
        return Limit(sum(limit.value for limit in parts), parts[0].unit) if parts else None

    @property
    def accepted_at(self) -> str:
        """The step whose good end accepts the application; empty: it is accepted as it comes in."""
        return str(self.raw.get("accepted_at", ""))

    def accepts(self, step: str, outcome: str | None) -> bool:
        """Does ``step`` ending with ``outcome`` accept the application? From then on the promise counts."""
        return step == self.accepted_at and outcome in ("done", "approve")

    def promise_on(self, day: date) -> Limit:
        """What is promised to an application accepted on this day: its legs together, if it has legs."""
        return self._together(self.flow_on(day)) or self.limit("promise", day) or self.promise

    @property
    def statutory(self) -> Limit | None:
        """Within what time the law wants it done."""
        return self.limit("statutory")

    def flow_on(self, day: date) -> Flow:
        """The flow with the limits of a day: a matter keeps those of the day it was accepted."""
        if day not in self._days:
            limits = self._limits(day)
            key = tuple(limits.items())
            if key not in self._flows:
                self._flows[key] = compile_flow(self.raw["flow"], self.tables, limits)
            self._days[day] = self._flows[key]
        return self._days[day]

    def fees(self, on: date | None = None) -> tuple[Dated, ...]:
        """All rows of its table of fees that hold on a day; of one name they are for different cases."""
        return fees_on(read_dated(self.raw.get("fees") or ()), on)

    def fee(self, on: date | None = None) -> Dated | None:
        """The most that it may cost: ``value`` holds amount (text, two decimals) and currency. None: nothing."""
        return most(self.fees(on))

    def owed(self, data: Any, on: date | None = None) -> tuple[Charge, ...]:
        """What somebody with these answers has to pay."""
        return charges(self.raw.get("fees") or (), data, on)

    def reductions(self, data: Any = None, on: date | None = None) -> tuple[Reduction, ...]:
        """Who pays less, by the law of a day; with answers, only in their case."""
        return reductions(self.raw.get("reductions") or (), data, on)

    def facts(self, data: Any, *, channel: str) -> dict[str, Any]:
        """What decision tables may look at."""
        written = [form.facts(at_pointer(data, f"/heard/{step}")) for step, form in self.fills.items()]
        return {
            **self.form.facts(data),
            **{k: v for one in written for k, v in one.items()},
            "channel": channel,
        }

    def figures_of(self, data: Any, channel: str) -> dict[str, Any]:
        """What stands in clear for counting; by it nobody can be known."""
        figures: dict[str, Any] = {"channel": channel}
        figures |= {key: channel in self.raw[key] for key in ("no_meeting", "on_the_spot") if key in self.raw}
        for name, of in (self.raw.get("figures") or {}).items():
            counted = isinstance(of, dict)
            value = at_pointer(data, of["count"] if counted else of)
            figures[name] = len(value or ()) if counted else value
        return figures

    def competent_code(self, data: Any) -> str | None:
        """The code of the unit that decides, as the answers name it; None: that of the point of intake."""
        of = self.raw["competent"]
        return at_pointer(data, of["field"]) if of["by"] == "field" else None

    @property
    def decided_by(self) -> str:
        """The level that decides: city, county or station. A layer may hand it on."""
        return str(self.raw["competent"].get("level", "station"))

    def hand_out_code(self, data: Any) -> str | None:
        """The code of the point at which the result is handed out, if the answers name it."""
        of = self.raw.get("hand_out") or {"by": "point"}
        return at_pointer(data, of["field"]) if of["by"] == "field" else None

    def contact(self, data: Any) -> str | None:
        """The number for notices, if one was given."""
        return at_pointer(data, self.raw["contact"]) if "contact" in self.raw else None

    @property
    def purpose(self) -> str:
        """The id of the purpose for which the data is held."""
        return str(self.raw["privacy"]["purpose"])

    @property
    def purposes(self) -> Mapping[str, Words]:
        """Why somebody may read a matter of this item."""
        return {name: Words.of(words) for name, words in self.raw["purposes"].items()}

    @property
    def privacy(self) -> Mapping[str, Any]:
        """Basis, retention, notice: for the public register."""
        return dict(self.raw["privacy"])

    def kept_years(self, on: date) -> int | None:
        """For how many years after its end a matter is kept, by the rule of this day; None while nobody has said."""
        row = in_force(read_dated(self.raw["privacy"]["retention"]), on)
        return int(row.value["years"]) if row else None

    @property
    def reasons(self) -> Mapping[str, Mapping[str, Words]]:
        """Outcome (return, refuse) to reason id to its words."""
        return {
            outcome: {name: Words.of(words) for name, words in listed.items()}
            for outcome, listed in (self.raw.get("reasons") or {}).items()
        }

    @property
    def may_be_anonymous(self) -> bool:
        """May somebody bring it without saying who they are?"""
        return self.raw.get("applicant") == "optional"

    @property
    def own_hand(self) -> bool:
        """Has the person to do it, whoever else may act for them?"""
        return bool(self.raw.get("own_hand"))

    def about(self, reason: str) -> tuple[str, ...]:
        """The pointers of the answers that a reason to return is about; none if it is about the whole."""
        listed = (self.raw.get("reasons") or {}).get("return") or {}
        return tuple((listed.get(reason) or {}).get("fields") or ())

    @cached_property
    def gives(self) -> tuple[Give, ...]:
        return tuple(
            Give(
                template=one["paper"],
                title=Words.of(one["title"]),
                prefix=one["prefix"],
                step=one["at"],
                outcome=one.get("outcome", "done"),
                valid=read_dated(one.get("valid") or ()),
                data=one["data"],
                photo=one.get("photo", ""),
                until=one.get("until", ""),
                by=one.get("by", "competent"),
                blank=one.get("blank", ""),
            )
            for one in self.raw.get("gives") or ()
        )

    def gives_at(self, step: str, outcome: str) -> tuple[Give, ...]:
        """The papers due when ``step`` closes with ``outcome``."""
        return tuple(give for give in self.gives if (give.step, give.outcome) == (step, outcome))

    def give(self, template: str) -> Give:
        """The paper of this template. KeyError if the item gives none."""
        found = next((give for give in self.gives if give.template == template), None)
        if found is None:
            raise KeyError(template)
        return found

    def paper_title(self, template: str) -> Words:
        return self.give(template).title

    def photo_of(self, template: str, data: Any) -> str | None:
        """The id of the uploaded file whose picture the paper carries."""
        pointer = self.give(template).photo
        return at_pointer(data, pointer) if pointer else None

    def paper_data(self, template: str, data: Any, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the paper shows, by the keys of its template. ``given`` are the values that issuing adds."""
        give = self.give(template)
        shown = ((key, self._shown(of, data, given or {})) for key, of in give.data.items())
        return {"title": give.title.as_dict(), **{key: value for key, value in shown if value is not None}}

    def _shown(self, of: Any, data: Any, given: Mapping[str, Any]) -> Any:
        if isinstance(of, str):
            return printed(self.field(of), at_pointer(data, of))
        (how, what), *_ = of.items()
        if how == "given":
            return given.get(what)
        if how in ("sex_of", "born_of"):
            return of_id_number(how, at_pointer(data, what))
        if how == "said":
            return (self._row(what, data) or {}).get("value")
        if how == "rows":
            return [row for pointer in what if (row := self._row(pointer, data))]
        if how == "list":
            each = of["each"]
            return [
                {key: self._cell(f"{what}/*/{name}", row.get(name)) for key, name in each.items()}
                for row in at_pointer(data, what) or ()
            ]
        if how == "notes":
            return [{"zh": one["zh"], "en": one["en"]} for one in what if _holds(one.get("when"), data)]
        return Words.of(what).as_dict()

    def _cell(self, pointer: str, value: Any) -> Any:
        """A value in a row of several: the words of a choice, anything else as it is."""
        one = self.field(pointer)
        return one.said(value).as_dict() if one and one.options and value is not None else listed(one, value)

    def _row(self, pointer: str, data: Any) -> dict[str, Any] | None:
        one, value = self.field(pointer), at_pointer(data, pointer)
        title = one.title if one else self.heard.get(pointer)
        if title is None or value is None:
            return None
        said = one.said(value) if one else Words(str(value), str(value))
        return {"label": title.as_dict(), "value": in_both(said)}


def _one_page(step: str, fills: Mapping[str, Any]) -> dict[str, Any]:
    """What an officer writes at a step, as a form of one page."""
    fields = [f"/{name}" for name in fills["properties"]]
    return {**fills, "x-pages": [{"id": step, "title": {"zh": step, "en": step}, "fields": fields}]}


def _digest(content: str) -> bytes:
    return hashlib.sha256(content.encode()).digest()


def _part(flaws: list[Flaw], where: Where, make: Callable[[], Part]) -> Part | None:
    """What ``make`` makes; None if it is flawed, with its flaws as seen from the whole pack."""
    try:
        return make()
    except Flawed as why:
        flaws += [flaw.under(*where) for flaw in why.flaws]
        return None


def _steps(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All steps under a flow, a branch or a fork, and those that may be added."""
    for one in block.get("steps") or ():
        yield one
        yield from _steps(one)
    for one in block.get("branches") or ():
        yield from _steps(one)
    yield from (one["step"] for one in block.get("adhoc") or ())


def _holds(when: Mapping[str, Any] | None, data: Any) -> bool:
    """Whether the answers are such that a sentence is printed."""
    return all(
        at_pointer(data, pointer) in (values if isinstance(values, list) else [values])
        for pointer, values in (when or {}).items()
    )


def _dated_limits(raw: Mapping[str, Any]) -> dict[str, tuple[Dated, ...]]:
    """Each named limit's rows, with the limit itself as ``limit``."""
    return {
        name: tuple(
            replace(row, value={"limit": Limit.parse(row.value["value"])}) for row in read_dated(rows)
        )
        for name, rows in (raw.get("limits") or {}).items()
    }
