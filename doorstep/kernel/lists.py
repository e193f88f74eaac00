"""Lists of matters (tier 0): numbers, dues and masked names; each page leaves one row in `access` that names its lines.

A page is cut from an index before anything else is read, so that its cost depends on the page and not on the town. The
number of statements is the same for one line and for a hundred.
"""

# ruff: noqa: S608 - statements are put together from the constants below, nothing that anybody sent
from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from doorstep.kernel.org import unit_words
from doorstep.kernel.party import names
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import BRANCHES, Viewer, keys, log_access
from doorstep.rulebook import clock, document, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list (tier 0): never more of a person than a masked name. ``pack`` is the version it was opened under;
    a ``provisional`` due time is in a year whose holidays are not published.
    """

    id: UUID
    number: str
    item: str
    title: Words
    state: str
    name: str
    opened_at: datetime
    due_at: datetime | None
    late: bool
    pack: pack.Pack
    step: str = ""
    step_title: Words | None = None
    unit: Words | None = None
    ended: bool = False
    provisional: bool = False
    holder: UUID | None = None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Only:
    """What a work list is narrowed to; what is left empty does not narrow it. ``due``: late, today or soon; ``holders``: steps
    that are one of theirs; ``free``: nobody's; ``returned``: sent back before; ``promised``: a day was promised.
    """

    branch: str = ""
    item: str = ""
    step: str = ""
    due: str = ""
    holders: tuple[UUID, ...] = ()
    free: bool = False
    returned: bool = False
    promised: bool = False

    @property
    def sql(self) -> str:
        """The conditions; their values are ``values``."""
        due = {"late": _LATE, "today": "s.due_at < %(midnight)s", "soon": "s.due_at < %(soon)s"}
        asked = (
            (self.branch, "m.branch = %(branch)s"), (self.item, "m.item = %(item)s"),
            (self.step, "split_part(s.name, '@', 1) = %(step)s"), (self.holders, "s.account_id = any(%(holders)s)"),
            (self.free, "s.account_id is null"), (self.returned, "jsonb_exists(m.flow, 'returns')"),
            (self.promised, "m.due_at is not null"), (self.due, due.get(self.due, "true")),
        )  # fmt: skip
        return "".join(f" and {one}" for given, one in asked if given)

    def values(self) -> dict[str, Any]:
        """What its conditions compare with."""
        now, zone = clock.now(), calendar().zone
        day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return {"branch": BRANCHES.get(self.branch), "item": self.item, "step": self.step, "holders": list(self.holders),
                "now": now, "midnight": day + timedelta(days=1), "soon": now + _SOON}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and whether there is more. ``after``: the mark of its last line, from which the next page is as quick
    as the first, however far down it is.
    """

    rows: tuple[Row, ...]
    page: int
    more: bool
    total: int | None = None
    after: str = ""


_LINE = "m.id, m.number, m.item, m.state, m.pack, m.applicant_id, m.opened_at, m.due_at, m.provisional, m.closed_at, m.unit_id"
_LIVE = "(until is null or until > clock_timestamp())"
_OWN = f"""select opened_at, matter_id as id from share
where party_id = %(party)s and role = %(role)s and {_LIVE}{{state}}{{own_after}}"""
_UNIT = f"""select opened_at, id from (
  (select opened_at, id from matter where unit_id = %(unit)s{{state}}{{after}} order by opened_at desc, id desc limit {{upto}})
  union
  (select distinct opened_at, matter_id from share where unit_id = %(unit)s and {_LIVE}{{state}}{{own_after}}
   order by opened_at desc, matter_id desc limit {{upto}})) either"""
_LATE = "s.due_at < %(now)s"
_STEP = "s.name, s.due_at, s.provisional, s.account_id"
_WORK = f"""select {_LINE}, {_STEP}, s.due_at, s.id from step s join matter m on m.id = s.matter_id
where s.unit_id = %(unit)s and s.closed_at is null{{by}}{{only}}{{past}} order by s.due_at, s.id offset {{start}} limit {{most}}"""
_DUE_LATER = " and (s.due_at, s.id) > (%(opened_at)s, %(id)s)"
_NO_DUE = " and s.due_at is null"
_SEARCH = f"""select {_LINE} from matter m where m.id in (select matter_id from posting where token = any(%(tokens)s))
order by m.opened_at desc, m.id desc limit {{most}}"""
_THESE = f"select {_LINE} from matter m where m.id = any(%(ids)s) offset {{start}} limit {{most}}"
_KINDS = """select m.branch, m.item, split_part(s.name, '@', 1), s.account_id, count(*), count(*) filter (where s.due_at < %s)
from (select name, account_id, due_at, matter_id from step s where s.unit_id = %s and s.closed_at is null and s.by = %s
  order by s.due_at, s.id limit %s) s join matter m on m.id = s.matter_id group by 1, 2, 3, 4"""
_MOST = 1000
_OF = "s.closed_at is null and {which}{past} order by {by}, s.id limit {upto}"
_OVERSEEN = f"""with page as materialized (select s.*, u from unnest(%(units)s::int[]) u cross join lateral (
    (select * from step s where s.unit_id = u and {_OF}) union all
    (select * from step s where s.over_id = u and (s.unit_id is null or s.unit_id <> all(%(units)s::int[])) and {_OF})) s
  order by {{sort}} offset {{start}} limit {{most}})
select {_LINE.replace("m.unit_id", "coalesce(s.unit_id, m.unit_id)")}, {_STEP}, {{by}}, concat_ws('_', s.id, u)
from page s join matter m on m.id = s.matter_id order by {{sort}}"""
_SOON = timedelta(days=3)
#: What a supervisor may ask for, and in which order.
OVERSEEN = {
    "late": _LATE,
    "soon": "s.due_at >= %(now)s and s.due_at < %(soon)s",
    "still": "s.name = any(%(names)s)",
    "longer": "s.name = any(%(names)s)",
    "all": "s.due_at is not null",
}
SORTS = {
    "due": "s.due_at, s.id",
    "opened": "s.opened_at, s.id",
    "unit": "u, s.due_at, s.id",
}
# Where a page begins and ends is written into the statement: the planner has to know that it is short.


def _newest(found: str) -> str:
    """One page of the matters ``found`` (their ids and when they were opened), newest first: cut first, then read."""
    return f"""with page as materialized ({found} order by opened_at desc, id desc offset {{start}} limit {{most}})
    select {_LINE} from page join matter m on m.id = page.id order by page.opened_at desc, page.id desc"""


def work_list(
    viewer: Viewer,
    *,
    by: str = "",
    page: int = 1,
    after: str = "",
    only: Only = Only(),
) -> Page:
    """The open steps that wait for the viewer's unit, the most urgent first, those without a due time last; one logged tier 0
    read a page. ``by`` narrows to received, competent or hand_out, ``only`` further; pages as `my_matters`.
    """
    if viewer.unit_id is None:
        return Page((), page, False)
    query = _work_past(_mark(after)).replace("{only}", only.sql)
    return _page(viewer, query, page, "work", unit=viewer.unit_id, by=by, after=after, **only.values())


@dataclass(frozen=True, slots=True)
class Waits:
    """How many steps of one kind wait, and how many of them are late."""

    branch: str
    item: str
    step: str
    holder: UUID | None
    count: int
    late: int


def work_kinds(viewer: Viewer, by: str) -> tuple[Waits, ...]:
    """What waits for the viewer's unit, counted by item, step and whose it is: of the most urgent thousand."""
    if viewer.unit_id is None:
        return ()
    names = {number: name for name, number in BRANCHES.items()}
    found = fetch(_KINDS, clock.now(), viewer.unit_id, by, _MOST)
    return tuple(Waits(names.get(branch, ""), *rest) for branch, *rest in found)


def _work_past(mark: dict[str, Any]) -> str:
    """The statement for what comes after a mark. Each half is read from the index at its place, not from the beginning."""
    if not mark:
        return _WORK.replace("{past}", "")
    if mark["opened_at"] is None:
        return _WORK.replace("{past}", f"{_NO_DUE} and s.id > %(id)s")
    halves = ") union all (".join(_WORK.replace("{past}", past) for past in (_DUE_LATER, _NO_DUE))
    due, step = _LINE.count(",") + 3, _LINE.count(",") + 7
    return f"({halves}) order by {due}, {step} limit {{most}}"


def my_matters(
    viewer: Viewer, *, page: int = 1, state: str = "", after: str = "", role: str = "applicant"
) -> Page:
    """The resident's own matters, newest first, or those in which they are the "agent" of somebody; those ``after`` a mark, or
    a page by its number.
    """
    if viewer.party_id is None:
        return Page((), page, False)
    return _page(
        viewer, _newest(_OWN), page, "own", party=viewer.party_id, role=role, state=state, after=after
    )


def waiting(viewer: Viewer) -> frozenset[UUID]:
    """The matters in which a step waits for this resident."""
    if viewer.party_id is None:
        return frozenset()
    found = fetch(
        "select distinct matter_id from step where party_id = %s and closed_at is null", viewer.party_id
    )
    return frozenset(one for (one,) in found)


def unit_matters(viewer: Viewer, *, page: int = 1, state: str = "", after: str = "") -> Page:
    """Matters the viewer's unit is competent for, took in or hands out, newest first; pages as `my_matters`."""
    if viewer.unit_id is None:
        return Page((), page, False)
    return _page(viewer, _newest(_UNIT), page, "unit", unit=viewer.unit_id, state=state, after=after)


def search(viewer: Viewer, text: str) -> Page:
    """Matters by exact number, name or identity number, among those the viewer may see. Nothing near, nothing guessed."""
    text = text.strip()
    if not text or not viewer.signed_in:
        return Page((), 1, False)
    if not viewer.is_resident:
        viewer.need("search")
    asked = (("number", text), ("name", document.spelled(text)), ("id_no", document.tidy(text)))
    tokens = [keys().blind(*one) for one in asked]
    found = _page(viewer, _SEARCH, 1, "search", tokens=tokens)
    return Page(found.rows, 1, False)


def these(viewer: Viewer, ids: Sequence[UUID], why: str) -> dict[UUID, Row]:
    """The matters among ``ids`` that the viewer may see, as lines of a list that is for ``why``."""
    return {row.id: row for row in _page(viewer, _THESE, 1, why, ids=list(ids)).rows}


def overseen(
    viewer: Viewer,
    units: Sequence[int],
    *,
    which: str = "late",
    sort: str = "due",
    after: str = "",
    who: UUID | None = None,
    free: bool = False,
) -> Page:
    """Open steps that wait in these units, or elsewhere on their behalf, for whoever supervises them: ``which`` of `OVERSEEN`
    (late, due within three days, those for which the whole stands still, those that ask for a longer limit, all), in the
    order of ``sort`` and ``after`` a mark; those of one officer (``who``), or nobody's (``free``). Refused: "no-right".
    """
    viewer.need("supervise")
    moment = clock.now()
    whose = " and s.account_id = %(who)s" if who else " and s.account_id is null" if free else ""
    by = "s.opened_at" if sort == "opened" else "s.due_at"
    past = OVERSEEN[which] + whose + _oversee_past(_mark(after), which, sort, by)
    query = _OVERSEEN.replace("{which}{past}", past).replace("{by}", by).replace("{sort}", SORTS[sort])
    return _page(
        viewer, query, 1, "overseen", units=list(units), now=moment, soon=moment + _SOON, names=_named(which), who=who,
        after=after,
    )  # fmt: skip


def _oversee_past(mark: dict[str, Any], which: str, sort: str, by: str) -> str:
    """What comes after a mark: in the lists in which each step has a due time, read from the index at its place."""
    if not mark:
        return ""
    later = (
        f"({by}, s.id) > (%(opened_at)s, %(id)s)"
        if mark["opened_at"]
        else "s.due_at is null and s.id > %(id)s"
    )
    if mark["opened_at"] and by == "s.due_at" and "due_at" not in OVERSEEN[which]:
        later += " or s.due_at is null"
    return f" and u >= %(u)s and (u > %(u)s or {later})" if sort == "unit" else f" and ({later})"


def _named(which: str) -> list[str]:
    """The steps, of all that is offered, for which the whole stands still, or that make its limit longer."""
    return _named_in(tuple(pack.digests().values()), which)


@lru_cache(maxsize=4)
def _named_in(versions: tuple[bytes, ...], which: str) -> list[str]:
    steps = [step for digest in versions for step in pack.version(digest).flow.steps.values()]
    return sorted({step.id for step in steps if (step.pauses if which == "still" else step.extends)})


def _page(viewer: Viewer, query: str, page: int, why: str, **values: Any) -> Page:
    """Cut one line more than a page, to know whether another page follows."""
    mark = _mark(str(values.pop("after", "")))
    start = 0 if mark else (page - 1) * PAGE
    later = " and (opened_at, {id}) < (%(opened_at)s, %(id)s)" if mark else ""
    sql = query.format(
        start=start, most=PAGE + 1, upto=start + PAGE + 1, state=" and state = %(state)s" if values.get("state") else "",
        by=" and s.by = %(by)s" if values.get("by") else "", after=later.format(id="id"),
        own_after=later.format(id="matter_id"),
    )  # fmt: skip
    values |= mark
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    lines = _rows(found[:PAGE])
    _log_list(viewer, lines, why)
    more = len(found) > PAGE
    return Page(lines, page, more, after=_mark_of(lines[-1], found[PAGE - 1]) if more else "")


def _mark_of(line: Row, found: tuple[Any, ...]) -> str:
    """Where a page ended: when its last matter was opened and its id; in a list of steps what it is sorted by, and the step's."""
    at, one = found[-2:] if line.step else (line.opened_at, line.id)
    return f"{at.isoformat() if at else ''}_{one}"


def _mark(text: str) -> dict[str, Any]:
    """The time and id of a mark, and the unit where it stands in one; nothing for what is no mark."""
    at, one, unit = [*text.split("_", 2), "", ""][:3]
    with suppress(ValueError):
        return {"opened_at": datetime.fromisoformat(at) if at else None, "id": UUID(one), "u": int(unit or 0)}
    return {}


def _rows(found: Sequence[tuple[Any, ...]]) -> tuple[Row, ...]:
    """Lines from the columns of ``_LINE``; the work list adds a step and its due time."""
    who = names({row[5] for row in found if row[5]})
    moment = clock.now()
    lines = []
    for one in found:
        matter, number, item, state, pinned, applicant, opened_at, due_at, guess, closed_at, unit, *step = one
        known = pack.version(bytes(pinned))
        due, guess = step[1:3] if step else (due_at, guess)
        lines.append(
            Row(
                matter, number, item, known.title, state, who.get(applicant, ""), opened_at, due,
                bool(due and due < moment and (step or closed_at is None)), known, step[0] if step else "",
                known.flow.step(step[0]).title if step else None, unit_words(unit), closed_at is not None, bool(guess),
                step[3] if step else None, unit,
            )
        )  # fmt: skip
    return tuple(lines)


def _log_list(viewer: Viewer, lines: Sequence[Row], why: str) -> None:
    if lines and not viewer.is_resident:
        log_access(viewer, kind="list", tier=0, purpose=why, detail=" ".join(str(one.id) for one in lines))
