"""Who should go, as a page asks it of the process that holds the map: what is told of calls and duty units, and what comes back.

The solvers stay there (`geo.desk`); what is asked and answered is plain data, and the reasons are sentences already. Ids are
numbers or codes of the caller's; ``name`` is what people call it by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from doorstep.geo.beside import Beside
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Ring
from doorstep.rulebook.words import Words


@dataclass(frozen=True, slots=True)
class CallAt:
    """An open call. ``needs``: one mapping a team that is wanted (team, skills, kit, rights, vehicles), first needed first;
    ``met``: numbers of those that nobody is wanted for any more; ``since``: seconds of the caller's clock.
    """

    id: str
    name: str
    lon: float
    lat: float
    level: str
    since: float
    needs: tuple[Mapping[str, Any], ...] = ({},)
    force: str = ""
    met: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitAt:
    """A duty unit. ``vehicle``: car, foot or team; whoever is on foot is timed on foot. ``on``: call and number of the need."""

    id: str
    name: str
    lon: float | None
    lat: float | None
    state: str = "available"
    on: tuple[str, int] | None = None
    team: str = ""
    skills: tuple[str, ...] = ()
    kit: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    vehicle: str = "car"
    force: str = ""
    shift_ends: float | None = None
    position_at: float | None = None
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Who takes one need of a call, or why nobody does: ``said`` are the reasons as sentences, ``codes`` the same as codes."""

    call: str
    need: int
    unit: str | None
    seconds: float | None
    routed: bool
    runner_up: str | None
    runner_up_s: float | None
    target_s: float
    codes: tuple[str, ...]
    said: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Advised:
    """One decision over everything open. ``waiting``: the backlog in its order; ``held``: each reserve's name and its unit;
    ``off_road``: calls that no street leads to, timed along the straight line; ``rows_s``: how old the oldest times are.
    """

    choices: tuple[Choice, ...]
    waiting: tuple[tuple[str, int], ...]
    let_go: tuple[str, ...]
    held: tuple[tuple[Words, str], ...]
    off_road: tuple[str, ...]
    rows_s: float


@dataclass(frozen=True, slots=True)
class Reached:
    """How soon somebody free could be in a community now; ``seconds`` None: nobody free could."""

    code: str
    name: Words
    lon: float
    lat: float
    target_s: float
    seconds: float | None
    unit: str | None
    routed: bool
    next_s: float | None


@dataclass(frozen=True, slots=True)
class Moving:
    """Advice to let a unit wait elsewhere, with what that buys as a sentence."""

    unit: str
    post: str
    post_name: Words
    lon: float
    lat: float
    drive_s: float
    said: Words
    wins: tuple[Words, ...]
    """Communities that are in time by it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where units should wait in one part of the week: posts and how many at each."""

    band: Words
    posts: tuple[tuple[str, Words, int], ...]
    covered: float
    bound: float


def advise(
    asked: Beside, calls: Sequence[CallAt], units: Sequence[UnitAt], now: float, closed: Sequence[Ring] = (),
    explain: Collection[str] | None = None,
) -> Advised:  # fmt: skip
    """The best plan over all open calls. ``explain``: calls whose choices name a runner-up (all if None). Raises Away."""
    told = asked.ask("advise", {
        "calls": [asdict(one) for one in calls], "units": [asdict(one) for one in units], "now": now, "closed": closed,
        "explain": None if explain is None else list(explain),
    })  # fmt: skip
    return Advised(
        tuple(_choice(one) for one in told["choices"]),
        tuple((call, need) for call, need in told["waiting"]),
        tuple(told["let_go"]),
        tuple((Words(*name), unit) for name, unit in told["held"]),
        tuple(told["off_road"]),
        told["rows_s"],
    )


def cover(asked: Beside, units: Sequence[UnitAt], closed: Sequence[Ring] = ()) -> tuple[Reached, ...]:
    """How soon each community is reached now, by those of ``units`` that are free. Raises Away."""
    told = asked.ask("cover", {"units": [asdict(one) for one in units], "closed": closed})
    return tuple(Reached(**(one | {"name": Words(*one["name"])})) for one in told)


def relocate(
    asked: Beside,
    units: Sequence[UnitAt],
    closed: Sequence[Ring] = (),
    movable: Collection[str] | None = None,
) -> Moving | None:
    """The one move of a free unit that buys most; None if none buys enough. Raises Away."""
    told = asked.ask("relocate", {
        "units": [asdict(one) for one in units], "closed": closed,
        "movable": None if movable is None else list(movable),
    })  # fmt: skip
    if told is None:
        return None
    name, said, wins = (told.pop(key) for key in ("post_name", "said", "wins"))
    return Moving(post_name=Words(*name), said=Words(*said), wins=tuple(Words(*one) for one in wins), **told)


def posts(asked: Beside, demand: Mapping[str, float] | None = None) -> tuple[Placed, ...]:
    """Where units should wait in each part of the week; ``demand``: how often each community calls, by its code. Raises Away."""
    told = asked.ask("posts", {"demand": demand})
    return tuple(
        Placed(Words(*one["band"]), tuple((code, Words(*name), many) for code, name, many in one["posts"]), one["covered"],
               one["bound"])
        for one in told
    )  # fmt: skip


def _choice(told: dict[str, Any]) -> Choice:
    return Choice(
        **(told | {"codes": tuple(told["codes"]), "said": tuple(Words(*one) for one in told["said"])})
    )


def place(one: CallAt | UnitAt) -> Degrees | None:
    """Where it is; None if nobody knows."""
    return None if one.lon is None or one.lat is None else (one.lon, one.lat)
