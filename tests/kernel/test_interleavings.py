"""Whatever three people do to matters, in whatever order or at the same moment, every invariant stands.

Two matters of one resident, tied to each other as it happens; the resident, the clerk who took them in and the officer
who decides do what they like: right or wrong, with old pages, twice. Looked at from above row security: a verb that is
refused changes nothing anywhere; one that is done leaves the chain whole, the headers replaying to the state, the steps
as the state says, one outbox row for each event, and every share with the matter's state.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.cast import Cast, fresh
from tests.conftest import SHARD, SHARDS

ACTORS = ("resident", "clerk", "approver")
STEPS = ("intake", "intake", "review", "review", "issue", "correct:intake", "correct:review", "nothing")
OUTCOMES = ("done", "approve", "approve", "return", "refuse")
REASONS = ("photo_unclear", "no_application", "")
VERBS = ("act",) * 8 + ("note", "withdraw", "link", "merge", "share", "hand_over", "locate", "reclassify", "add_party",
                        "refer", "late")  # fmt: skip
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"

Move = dict[str, Any]
Worker = Callable[[], AbstractContextManager[None]]
CHOICES: dict[str, tuple[Any, ...]] = {
    "verb": VERBS, "who": ACTORS, "on": (0, 1), "step": STEPS, "outcome": OUTCOMES, "reason": REASONS,
    "slip": (False, False, True), "twice": (False, True),
}  # fmt: skip
# A right deed half of the time, so that matters get somewhere; otherwise anything by anybody.
RIGHT = [
    {"verb": "act", "who": "clerk", "step": "intake", "outcome": "done"},
    {"verb": "act", "who": "clerk", "step": "intake", "outcome": "return", "reason": "photo_unclear"},
    {"verb": "act", "who": "approver", "step": "review", "outcome": "approve"},
    {"verb": "act", "who": "approver", "step": "review", "outcome": "return", "reason": "photo_unclear"},
    {"verb": "act", "who": "approver", "step": "review", "outcome": "refuse", "reason": "no_application"},
    {"verb": "act", "who": "approver", "step": "issue", "outcome": "done"},
    {"verb": "act", "who": "resident", "step": "correct:intake", "outcome": "done"},
    {"verb": "act", "who": "resident", "step": "correct:review", "outcome": "done"},
    *({"verb": verb, "who": "approver"} for verb in
      ("link", "merge", "share", "hand_over", "locate", "reclassify", "add_party", "refer")),
]  # fmt: skip


def drawn(dice: random.Random) -> Move:
    anything = {name: dice.choice(of) for name, of in CHOICES.items()}
    return anything | dice.choice(([{}] * len(RIGHT)) + RIGHT)


def _lists(dice: random.Random) -> list[Move]:
    return [drawn(dice) for _ in range(dice.randint(4, 14))]


ROWS = {
    "matter": ("matter where id = any(ids)", "id, version, state, closed_at, head", "id"),
    "event": ("event where matter_id = any(ids)", "id, matter_id, seq, hash", "matter_id, seq"),
    "step": ("step where matter_id = any(ids)",
             "matter_id, name, closed_at, outcome, due_at, late_at, unit_id", "id"),
    "share": ("share where matter_id = any(ids)", "matter_id, state, unit_id, party_id, role", "id"),
    "involved": ("involved where matter_id = any(ids)", "to_jsonb(involved)", "id"),
    "outbox": ("outbox where matter_id = any(ids)", "event_id", "id"),
    "file": ("file where matter_id = any(ids)", "id, matter_id, state", "id"),
    "tie": ("tie where matter_id = any(ids)", "matter_id, other_id, kind", "id"),
    "rest": ("matter where id = any(ids)", "id, item, unit_id, flow, due_at, sha256(sealed), lon", "id"),
}  # fmt: skip
# All of it in one statement: with the rows of nine tables asked one by one, looking took longer than what was looked at.
LOOK = (
    "select " + ", ".join(
        f"(select coalesce(jsonb_agg(jsonb_build_array({what}) order by {by}), '[]') from {where})"
        for where, what, by in ROWS.values()
    )
    + " from (select array(select other_id from tie where matter_id = any(%(ids)s)"
    " union select unnest(%(ids)s::uuid[])) as ids) family"
)  # fmt: skip


class Two:
    """Two matters that may be tied, and who does what to them."""

    def __init__(self, cast: Cast, above: psycopg.Connection[Any], as_worker: Worker) -> None:
        self.cast, self.above, self.as_worker = cast, above, as_worker
        self.ids = [cast.apply().matter_id for _ in range(2)]
        home = {"address": "橘园路 12 号 3-201", "station": "AL-LJ-LX", "right": "owner",
                "title": str(cast.upload("approver", "PRO"))}  # fmt: skip
        tenants = [{"name": "陆望舒", "id_no": "990101199003071288", "from": "2026-11-01"}]
        self.let = {"landlord": cast.person("resident"), "home": home, "tenants": tenants}

    def do(self, move: Move, request_id: str) -> Any:
        """One verb as one person. Refused as the kernel refuses."""
        from doorstep.kernel import matter, ties

        one, other = self.ids[move["on"]], self.ids[1 - move["on"]]
        more: dict[str, dict[str, Any]] = {
            "act": {"step": move["step"], "outcome": move["outcome"], "reason": move["reason"]}
            | ({"version": 1} if move["slip"] else {}),
            "note": {"text": "" if move["slip"] else "看过了"},
            "withdraw": {},
            "link": {"other": one if move["slip"] else other},
            "merge": {"other": other, "reason": "同一件"},
            "share": {"unit": "AL-YX-DK", "role": "leg", "reason": "要看"},
            "hand_over": {"unit": "AL-YX-DK", "reason": "归他们"},
            "locate": {"lon": 218.0 if move["slip"] else 118.0, "lat": 36.8},
            "reclassify": {"item": "HZ-106", "reason": "其实是出租"}
            | ({} if move["slip"] else {"data": self.let}),
            "add_party": {"role": "witness", "described": "" if move["slip"] else "路过的人"},
            "refer": {"item": "HZ-106", "reason": "还要登记", "data": {} if move["slip"] else self.let},
        }
        if move["verb"] == "late":
            return self.late(one, move["step"])
        room = matter if move["verb"] in ("act", "note", "withdraw", "share", "hand_over") else ties
        with self.cast.enter(move["who"]) as viewer:
            return getattr(room, move["verb"])(viewer, one, request_id=request_id, **more[move["verb"]])

    def late(self, one: UUID, step: str) -> Any:
        """Forty days later the system finds the step late, if it is open still."""
        from doorstep.kernel import matter
        from doorstep.kernel.trust import enter_system
        from doorstep.rulebook import clock

        later = clock.clock_at(clock.now() + timedelta(days=40))
        with self.as_worker(), later, enter_system(one) as system:
            return matter.mark_late(system, one, step)

    def look(self) -> dict[str, list[Any]]:
        """All rows of these matters and of those that came out of them, from above row security."""
        seen = self.above.execute(LOOK, {"ids": self.ids}, prepare=True).fetchone()
        assert seen
        return dict(zip(ROWS, seen, strict=True))

    def proved(self) -> list[str]:
        """Every fault that `doorstep log verify` would find in these chains; replay and step rows included."""
        from doorstep.kernel import proof
        from doorstep.kernel.trust import enter_system

        family = [UUID(row[0]) for row in self.look()["matter"]]
        with self.as_worker():
            found = proof.Proof()
            for one in family:
                with enter_system(one):
                    proof.prove(one, found)
        return found.faults


def stands(rows: dict[str, list[Any]]) -> None:
    """What holds of all rows together, at any moment."""
    states = {row[0]: row[2] for row in rows["matter"]}
    open_steps = Counter((row[0], row[1]) for row in rows["step"] if row[2] is None)
    assert all(count == 1 for count in open_steps.values()), "a step is open once"
    for one, version, state, closed_at, head in rows["matter"]:
        chain = [row for row in rows["event"] if row[1] == one]
        assert [row[2] for row in chain] == list(range(1, version + 1)), "a number for each event, none twice"
        assert chain[-1][3] == head
        somewhere = any(matter == one for matter, _ in open_steps)
        assert (closed_at is None) == somewhere, "open somewhere until it ends, and nowhere afterwards"
        assert closed_at is None or state in ("granted", "refused", "withdrawn", "closed")
    assert all(state == states[matter] for matter, state, *_ in rows["share"])
    assert sorted(row[0] for row in rows["outbox"]) == sorted(row[0] for row in rows["event"])


@pytest.fixture(scope="module")
def worker(cast: Cast, database: Place) -> Iterator[Worker]:
    """Django speaks to the database as the worker within this, on a connection that is kept for the next time."""
    from django.db import connections

    other, params = connections["default"].copy(), dsn("worker", database)
    own = {"USER": params["user"], "PASSWORD": params["password"]}
    options = {key: told for key, told in other.settings_dict["OPTIONS"].items() if key != "pool"}
    other.settings_dict = other.settings_dict | own | {"OPTIONS": options}

    @contextmanager
    def as_worker() -> Iterator[None]:
        app, connections["default"] = connections["default"], other
        try:
            yield
        finally:
            connections["default"] = app

    yield as_worker
    other.close()


@pytest.fixture(scope="module")
def told() -> Counter[str]:
    """How often each verb was done, and refused for which reason."""
    return Counter()


@settings(
    max_examples=10_000 // SHARDS if LONG else 50, suppress_health_check=list(HealthCheck), deadline=None
)
@given(acts=st.integers(0, 2**32).map(lambda seed: _lists(random.Random(seed))))
def test_any_order_of_verbs_by_three_people_leaves_every_invariant_standing(
    cast: Cast, above: psycopg.Connection[Any], worker: Worker, told: Counter[str], acts: list[Move]
) -> None:
    from doorstep.rulebook.words import Refused

    two = Two(cast, above, worker)
    before = two.look()
    stands(before)
    for move in acts:
        request = fresh()
        try:
            first = two.do(move, request)
        except Refused as no:
            told[f"{move['verb']}: {no.code}"] += 1
            assert two.look() == before, f"refused ({no.code}) and yet something changed"
            continue
        told[f"{move['verb']}: {'done' if first else 'nothing'}"] += 1
        after = two.look()
        stands(after)
        assert bool(first) == (len(after["event"]) > len(before["event"]))
        if move["twice"] and move["verb"] != "late":
            again = two.do(move, request)
            assert again.replayed and (again.made, again.version) == (first.made, first.version)
            assert two.look() == after, "sent twice and done twice"
        before = after
    assert two.proved() == []


def test_the_orders_tried_did_and_refused_enough_to_say_something(told: Counter[str]) -> None:
    done = {name.partition(":")[0] for name in told if name.endswith(": done")}
    refused = {name.partition(": ")[2] for name in told if not name.endswith((": done", ": nothing"))}
    assert done >= set(VERBS) - {"late"}, told
    assert refused >= {"no-right", "moved-on", "no-such-step", "ended"}, told


@pytest.mark.parametrize("seed", range(SHARD - 1, 200, SHARDS) if LONG else range(4))
def test_three_people_at_the_same_moment_leave_every_invariant_standing(
    cast: Cast, above: psycopg.Connection[Any], worker: Worker, seed: int
) -> None:
    """Verbs on both matters from three threads, merged and linked in both directions: no deadlock, none done by halves."""
    two = Two(cast, above, worker)
    dice = random.Random(seed)
    rest = {name: [one for one in of if one != "late"] for name, of in CHOICES.items()}
    plans = [
        [{name: dice.choice(of) for name, of in rest.items()} | {"who": who} for _ in range(8)]
        + [dict(dice.choice([m for m in RIGHT if m["who"] == who]), on=dice.choice((0, 1)), reason="photo_unclear",
                step="intake", outcome="done", slip=False) for _ in range(4)]
        for who in ACTORS
    ]  # fmt: skip
    start, wrong = threading.Barrier(len(plans)), list[str]()
    threads = [threading.Thread(target=_all_of, args=(two, plan, start.wait, wrong.append)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    stands(two.look())
    assert two.proved() == []


def _all_of(two: Two, plan: list[Move], start: Callable[[], Any], wrong: Callable[[str], None]) -> None:
    from django.db import connection

    from doorstep.rulebook.words import Refused

    start()
    for move in plan:
        try:
            two.do(move, fresh())
        except Refused:
            continue
        except Exception as no:  # a deadlock, a broken constraint: whatever the kernel did not foresee
            wrong(f"{move['verb']}: {no!r}")
    connection.close()
