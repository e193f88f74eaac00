"""Matters by COPY: rows as the verbs write them, made in memory, thousands a second.

Uses the kernel's pure parts (flow, event, crypto, clock) and repeats what the verbs write around them. That both are the
same is proved by test_fill.py, which lets one life go through the verbs and through here and compares every row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from doorstep.kernel import change, due, event
from doorstep.kernel.crypto import new_key, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.issue import code_hash, holder_index
from doorstep.kernel.models import Matter
from doorstep.kernel.org import point_named, town, unit_named
from doorstep.kernel.party import Person
from doorstep.kernel.post import TEMPLATES
from doorstep.kernel.trust import BRANCHES, SYSTEM, Viewer, keys
from doorstep.rulebook import clock, flow, pack
from doorstep.rulebook.ids import link_code, matter_number, uuid7
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words


@dataclass(frozen=True)
class Move:
    """One more verb on a matter. ``note`` instead of a step: a remark."""

    by: Viewer
    step: str = ""
    outcome: str = "done"
    reason: str = ""
    faults: tuple[dict[str, str], ...] = ()
    data: dict[str, Any] | None = None
    note: str = ""
    after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Life:
    """One matter from its application on. ``party`` applies; a clerk who takes it in names ``person``."""

    item: str
    by: Viewer
    point: str
    channel: str
    data: dict[str, Any]
    at: datetime
    party: UUID
    person: Person | None = None
    moves: tuple[Move, ...] = ()


Row = dict[str, Any]


@dataclass
class Filler:
    """Collects rows, table by table. ``sequence``: the last matter number given out; ``people``: who applies; ``late_by``: what was
    due before then and is not done is late.
    """

    sequence: int = 0
    papers_ready: bool = True
    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    people: dict[UUID | None, Person] = field(default_factory=dict)
    counters: dict[tuple[int, str, int], int] = field(default_factory=dict)
    packs: dict[str, pack.Pack] = field(default_factory=dict)
    recorded_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    late_by: datetime | None = None

    def live(self, life: Life) -> UUID:
        """Everything that the verbs would have written for this life."""
        found = self._pack(life)
        opened, state, happened, entry = self._opened(life, found)
        self._request(life.by, "open", opened.row, _content(life), life.at)
        self._written(life.by, opened, happened, entry)
        self._tell(opened.row, happened, life.at, first=True)
        for one in life.moves:
            opened.at += one.after
            state = self._note(opened, one, state) if one.note else self._act(opened, one, state, found)
        self._late(opened, state)
        self._first_shares(opened.row, life)
        self._papers_made(opened)
        self.tables["matter"].append(_matter_row(opened.row))
        return opened.row.id

    def _pack(self, life: Life) -> pack.Pack:
        """As it holds for the competent unit; ``packs`` may hold items that only measuring knows."""
        if life.item in self.packs:
            return self.packs[life.item]
        return change.competent(life.item, life.data, point_named(life.point))[1]

    def _opened(self, life: Life, found: pack.Pack) -> tuple[change.Opened, Any, Any, event.Entry]:
        matter_id, key, at = uuid7(), new_key(), life.at
        facts = found.facts(life.data, channel=life.channel)
        x = point_named(life.point)
        code, z_code = found.competent_code(life.data), found.hand_out_code(life.data)
        unit = unit_named(code) if code else town().units[x.unit_id]
        today = calendar().day_of(at)
        way = found.flow_on(today)
        state, happened = flow.start(way, facts)
        self.sequence += 1
        row = Matter(
            id=matter_id, number=matter_number(unit.division[:6], today, self.sequence), kind="service",
            item=found.code, branch=BRANCHES[found.branch], pack=found.hash, law_date=today, channel=life.channel,
            state="open", point_id=x.id, hand_out_id=(point_named(z_code) if z_code else x).id, unit_id=unit.id,
            city=unit.city, county=unit.county, station=unit.station, applicant_id=life.party,
            opened_by=life.by.account_id, opened_at=at, moved_at=at, version=0, head=event.genesis(matter_id),
            flow={}, key=keys().wrap(key, matter_id.bytes), sealed=change.seal_data(matter_id, key, life.data),
            figures=found.figures_of(life.data, life.channel),
        )  # fmt: skip
        if not found.accepted_at:
            due.accept(row, found, at)
            due.at_once(row, found, happened, at)
        opened = change.Opened(row, key, life.data, found, at)
        row.state, row.closed_at = change.state_after(row, state, happened, at)
        codes = {"item": found.code, "pack": found.hash.hex()}
        entry = change.next_entry(life.by, opened, "opened", happened, codes, {"data": life.data})
        row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
        self._files(found, life.data, matter_id, life.by, at)
        return opened, state, happened, entry

    def _act(self, opened: change.Opened, one: Move, state: Any, found: pack.Pack) -> Any:
        row = opened.row
        if one.data is not None:
            opened.data = one.data
            row.sealed = change.seal_data(row.id, opened.key, one.data)
            self._files(found, one.data, row.id, one.by, opened.at)
        if found.accepts(one.step, one.outcome):
            due.accept(row, found, opened.at)
        facts = found.facts(opened.data, channel=row.channel)
        state, happened = flow.act(opened.flow, state, one.step, one.outcome, facts)
        body: dict[str, Any] = {"data": one.data} if one.data is not None else {}
        body |= {"reason": one.reason} if one.reason else {}
        body |= {"faults": [dict(f) for f in one.faults]} if one.faults else {}
        self._finish(opened, one, "acted", state, happened, {"step": one.step, "outcome": one.outcome}, body)
        content = {"matter": str(row.id), "step": one.step, "outcome": one.outcome, "data": one.data,
                   "reason": one.reason, "faults": list(one.faults)}  # fmt: skip
        self._request(one.by, "act", row, content, opened.at)
        return state

    def _late(self, opened: change.Opened, state: Any) -> None:
        """What the system does when a step that is still open has passed its due time."""
        row = opened.row
        for step in self.tables["step"][-12:]:
            due = step["due_at"]
            if (
                step["matter_id"] != row.id
                or step["closed_at"]
                or not due
                or not self.late_by
                or due > self.late_by
            ):
                continue
            step["late_at"] = opened.at = max(opened.at, due)
            facts = opened.pack.facts(opened.data, channel=row.channel)
            state, happened = flow.late(opened.flow, state, step["name"], facts)
            system = Move(Viewer(SYSTEM, "system", Words("系统", "System")))
            self._finish(opened, system, "late", state, happened, {"step": step["name"]}, {})
            if step["by"] != "applicant":
                self._notice(row, "late", opened.at)

    def _note(self, opened: change.Opened, one: Move, state: Any) -> Any:
        self._finish(opened, one, "noted", state, (), {}, {"text": one.note})
        content = {"matter": str(opened.row.id), "text": one.note}
        self._request(one.by, "note", opened.row, content, opened.at)
        return state

    def _finish(
        self,
        opened: change.Opened,
        one: Move,
        kind: str,
        state: Any,
        happened: Any,
        codes: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> None:
        row = opened.row
        row.state, row.closed_at = change.state_after(row, state, happened, opened.at)
        row.moved_at = opened.at
        entry = change.next_entry(one.by, opened, kind, happened, codes, body)
        row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
        self._written(one.by, opened, happened, entry)
        self._tell(row, happened, opened.at)

    def _written(self, by: Viewer, opened: change.Opened, happened: Any, entry: event.Entry) -> None:
        self.tables["event"].append({
            "id": entry.id, "matter_id": entry.matter_id, "seq": entry.seq, "kind": entry.kind, "at": entry.at,
            "recorded_at": self.recorded_at, "account_id": entry.account_id, "unit_id": entry.unit_id,
            "header": entry.header, "body": entry.body, "hash": entry.hash,
        })  # fmt: skip
        if entry.typed:
            salt, sealed = entry.typed
            self.tables["event_body"].append(
                {"matter_id": entry.matter_id, "seq": entry.seq, "salt": salt, "sealed": sealed}
            )
        self.tables["outbox"].append({
            "event_id": entry.id, "matter_id": entry.matter_id, "kind": entry.kind, "state": opened.row.state,
            "at": entry.at, "done_at": entry.at,
        })  # fmt: skip
        for one in happened:
            self._step(by, opened, one)

    def _step(self, by: Viewer, opened: change.Opened, one: flow.Happening) -> None:
        row, steps = opened.row, self.tables["step"]
        mine = [s for s in steps[-12:] if s["matter_id"] == row.id and s["closed_at"] is None]
        if one.kind == "step.opened":
            steps.append(_step_row(opened, one))
        elif one.kind == "step.closed":
            for step in mine:
                if step["name"] == one.step:
                    step |= {"closed_at": opened.at, "outcome": one.outcome, "account_id": by.account_id}
            for give in opened.pack.gives_at(one.step or "", one.outcome or ""):
                self._paper(opened, give)
        elif one.kind == "ended":
            for step in mine:
                step |= {"closed_at": opened.at, "outcome": one.state}

    def _paper(self, opened: change.Opened, give: pack.Give) -> None:
        row, at = opened.row, opened.at
        today = at.astimezone(calendar().zone).date()
        counter = (row.unit_id, give.prefix, today.year)
        self.counters[counter] = last = self.counters.get(counter, 0) + 1
        paper_id, code = uuid7(), link_code()
        division = town().units[row.unit_id].division[:6]
        self.tables["paper"].append({
            "id": paper_id, "matter_id": row.id, "template": give.template, "item": row.item, "unit_id": row.unit_id,
            "number": f"{give.prefix}{division}{row.unit_id % 1000:03d}-{today.year}-{last:06d}",
            "code_hash": code_hash(code), "state": "making", "file_id": None, "issued_at": at,
            "sealed": seal(opened.key, canonical({"code": code}), b"paper:" + paper_id.bytes),
            "valid_until": give.valid_until(today), "holder": self._holder(opened, give),
        })  # fmt: skip

    def _holder(self, opened: change.Opened, give: pack.Give) -> bytes | None:
        printed = opened.pack.paper_data(give.template, opened.data).get("name")
        return holder_index(printed or self.people[opened.row.applicant_id].name)

    def _papers_made(self, opened: change.Opened) -> None:
        """What the worker does a moment later; the content itself is not made, for nobody opens it here."""
        for paper in self.tables["paper"][-2:]:
            if self.papers_ready and paper["matter_id"] == opened.row.id and paper["state"] == "making":
                file_id = self._file(
                    SYSTEM, paper["matter_id"], "", "application/pdf", "issued", paper["issued_at"]
                )
                paper |= {"state": "ready", "file_id": file_id}
                row = opened.row
                self._access(
                    SYSTEM, None, "paper", 2, "system", row.applicant_id, paper["issued_at"], "", row.id
                )

    def _files(self, found: pack.Pack, data: Any, matter_id: UUID, by: Viewer, at: datetime) -> None:
        have = {f["id"] for f in self.tables["file"][-8:]}
        for pointer, file_id in found.form.files(data).items():
            if file_id not in have:
                asked = found.form.field(pointer)
                material = asked.material if asked else ""
                self._file(by.account_id, matter_id, material, "image/jpeg", "attached", at, file_id)

    def _file(
        self,
        account: UUID,
        matter: UUID,
        material: str,
        media: str,
        state: str,
        at: datetime,
        known: UUID | None = None,
    ) -> UUID:
        file_id = known or uuid7()
        self.tables["file"].append({
            "id": file_id, "account_id": account, "matter_id": matter, "material": material, "media": media,
            "size": 30_000, "sha256": hashlib.sha256(file_id.bytes).digest(),
            "key": keys().wrap(new_key(), file_id.bytes), "state": state, "at": at,
        })  # fmt: skip
        return file_id

    def _first_shares(self, row: Matter, life: Life) -> None:
        points = town().points
        x, z = points[row.point_id].unit_id, points[row.hand_out_id].unit_id
        who: list[tuple[str, int | None, UUID | None]] = [
            ("applicant", None, life.party),
            ("received", x, None),
        ]
        for role, unit, party in [*who, ("hand_out", z, None)] if z != x else who:
            self.tables["share"].append({
                "id": uuid7(), "matter_id": row.id, "unit_id": unit, "party_id": party, "role": role, "tier": 1,
                "at": life.at, "until": None, "reason": "", "opened_at": life.at, "state": row.state,
            })  # fmt: skip
        tokens = [keys().blind("number", row.number), keys().blind("party", str(life.party))]
        applicant = life.person or self.people[life.party]
        tokens += [keys().blind("name", applicant.name), keys().blind("id_no", applicant.id_no)]
        if life.person:
            purpose = self._pack(life).purpose
            self._access(
                life.by.account_id, life.by.unit_id, "lookup", 0, purpose, life.party, life.at, "exact"
            )
        self.tables["posting"] += [{"token": t, "matter_id": row.id} for t in tokens]

    def party(self, person: Person, by: Viewer, at: datetime) -> UUID:
        """A person who came for the first time."""
        party_id, key = uuid7(), new_key()
        self.people[party_id] = person
        raw = canonical({"name": person.name, "id_no": person.id_no, "phone": person.phone})
        self.tables["party"].append({
            "id": party_id, "kind": person.kind, "id_blind": keys().blind("id_no", person.id_no),
            "key": keys().wrap(key, party_id.bytes), "sealed": seal(key, raw, b"party:" + party_id.bytes),
            "opened_by": by.account_id, "opened_at": at,
        })  # fmt: skip
        return party_id

    def _access(
        self, account: UUID, unit: int | None, kind: str, tier: int, purpose: str, party: UUID | None, at: datetime,
        detail: str, matter: UUID | None = None,
    ) -> None:  # fmt: skip
        self.tables["access"].append({
            "at": at, "account_id": account, "unit_id": unit, "matter_id": matter, "party_id": party, "kind": kind,
            "tier": tier, "purpose": purpose, "detail": detail,
        })  # fmt: skip

    def _tell(self, row: Matter, happened: Any, at: datetime, first: bool = False) -> None:
        told = ["received"] if first and row.state != "closed" else []
        template = "closed" if row.closed_at and row.state == "granted" else row.state
        if any(h.kind in ("step.opened", "step.closed", "ended") for h in happened) and template in TEMPLATES:
            told.append(template)
        for name in told:
            self._notice(row, name, at)

    def _notice(self, row: Matter, name: str, at: datetime) -> None:
        self.tables["notice"].append({
            "id": uuid7(), "party_id": row.applicant_id, "matter_id": row.id, "template": name,
            "values": Jsonb({"number": row.number}), "check_code": link_code()[:16], "at": at, "read_at": None,
        })  # fmt: skip

    def _request(self, by: Viewer, verb: str, row: Matter, content: Any, at: datetime) -> None:
        self.tables["request_key"].append({
            "account_id": by.account_id, "verb": verb, "request_id": secrets.token_hex(8),
            "digest": keys().fingerprint(verb, canonical(content)), "matter_id": row.id,
            "result": Jsonb({"made": "", "state": row.state, "version": row.version}), "at": at,
        })  # fmt: skip

    def copy(self, conn: Connection[Any]) -> int:
        """Write everything in one transaction (as a role above row security) and forget it. Returns the rows."""
        order = ("party", "matter", "step", "share", "posting", "event", "event_body", "outbox", "file", "paper",
                 "notice", "request_key", "access")  # fmt: skip
        total = 0
        with conn.transaction(), conn.cursor() as cursor:
            # The chain is proved by test_fill.py; to prove it again for every row would take as long as to write it.
            cursor.execute("set local session_replication_role = replica")
            for table in order:
                rows = self.tables.pop(table, [])
                total += len(rows)
                if rows:
                    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
                    line = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
                    with cursor.copy(line) as out:
                        for row in rows:
                            out.write_row(list(row.values()))
            for (unit, template, year), last in self.counters.items():
                cursor.execute(
                    "insert into paper_counter (unit_id, template, year, last) values (%s, %s, %s, %s) on conflict"
                    " (unit_id, template, year) do update set last = greatest(paper_counter.last, excluded.last)",
                    [unit, template, year, last],
                )
            if self.sequence:
                cursor.execute("select setval('matter_number', %s)", [self.sequence])
        return total

    def go_on_from(self, conn: Connection[Any]) -> None:
        """Numbers continue where this database stands."""
        row = conn.execute("select last_value from matter_number").fetchone()
        self.sequence = row[0] if row else 0
        for unit, template, year, last in conn.execute(
            "select unit_id, template, year, last from paper_counter"
        ):
            self.counters[(unit, template, year)] = last


def _content(life: Life) -> dict[str, Any]:
    who = [life.person.name, life.person.id_no, life.person.phone] if life.person else None
    return {"item": life.item, "point": life.point, "channel": life.channel, "data": life.data, "hand_out": None,
            "applicant": who}  # fmt: skip


def _step_row(opened: change.Opened, one: flow.Happening) -> Row:
    row, points = opened.row, town().points
    owners = {"received": points[row.point_id].unit_id, "hand_out": points[row.hand_out_id].unit_id}
    mine = one.by == "applicant"
    due = clock.due(opened.at, clock.Limit.parse(one.limit), calendar()) if one.limit else None
    unit = None if mine else owners.get(one.by, row.unit_id)
    return {
        "id": uuid7(), "matter_id": row.id, "name": one.step, "by": one.by,
        "unit_id": unit, "over_id": None if one.by in owners or unit == row.unit_id else row.unit_id,
        "party_id": row.applicant_id if mine else None,
        "account_id": None, "opened_at": opened.at, "due_at": due.at if due else None,
        "provisional": bool(due and due.provisional), "late_at": None, "closed_at": None, "outcome": None,
    }  # fmt: skip


def _matter_row(row: Matter) -> Row:
    values = {f.column: getattr(row, f.attname) for f in Matter._meta.concrete_fields}
    return values | {"flow": Jsonb(row.flow), "figures": Jsonb(row.figures)}
