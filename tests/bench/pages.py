"""`python -m tests.bench.pages [--matters 10000 | --town DIR] [--calls 20] [--minutes 0] [--only TEXT]`: what each page costs.

Signs in as everybody of a filled town and asks every address of the table of routes that a person may open, with the ids of
matters found there, and the lists of the API: one after the other on one connection. Weighs each page with all it calls for at
first, over the wire. At the end: the memory of the web processes after they have served all this, and how long they take to
start. Each line is printed and written to bench/out/pages.jsonl as it is measured; bench/out/pages.json has the whole. Exit 1 over
a bar, and for a page not opened. A page that many may open is asked by three of each kind of person. With --minutes it stops
asking then, and says what it did not come to (exit 1).
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import itertools
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs, quote, urlsplit

from tests.bench.kept import commit, filled, find_cluster, inside
from tests.bench.meter import Meter
from tests.bench.midway import WAYS, People
from tests.bench.processes import memory, starts
from tests.journeys.examples import Examples, Guest, make_examples, may
from tests.running import ROOT, Doorstep

P95_MS, WEIGHT = 60.0, 120 * 1024
"""How long the slowest of twenty may take; what a first load may weigh, compressed."""
WARM = 3
_OF_A_KIND = 3
_BY_API = ("resident", "approver", "supervisor", "agent")
_WHICH = ("late", "soon", "still", "longer", "all")
#: What else may stand after an address, by the name of its route: each way of narrowing, sorting and turning a list.
ASKED: dict[str, tuple[str, ...]] = {
    "find": ("?q=身份证", "?q=diu le jia zhao", "?branch=traffic", "?channel=online"),
    "find.hits": ("?q=身份证丢了怎么办", "?q=passport"),
    "points": ("?kind=station",),
    "point": ("?online=1",),
    "mine": ("?page=2", "?page=9"),
    "counter_oversee": (
        *(f"?which={which}{sort}" for which in _WHICH for sort in ("", "&sort=opened", "&sort=unit")),
        "?which=all&after={twentieth}", "?which=all&who=nobody",
    ),
    **dict.fromkeys(
        ("counter_desk", "counter_intake", "counter_hand_out"),
        ("?item=HZ-078", "?branch=household", "?due=late", "?whose=free", "?whose=mine", "?returned=1", "?promised=1"),
    ),
    "counter_matters": ("?page=2", "?page=50", "?state=granted", "?state=returned"),
    "counter_search": ("?q={number}", "?q={name}"),
    "counter_load": ("?unit={unit}",),
    "counter_matter": ("?purpose=answer_question",),
    "counter_versions": ("?item=HZ-078",),
    "studio": ("?q=身份证", "?branch=traffic"),
}  # fmt: skip
#: Pages that every matter has, or every one that waits: asked of many matters, not of an example alone.
OF_MANY = dict.fromkeys(
    ("matter", "matter.receipt", "counter_matter", "ratings_slip", "blanks.matter", "pay.refund"), "matter"
) | {"counter_desk_case": "competent", "counter_intake_case": "received", "counter_hand_out_case": "hand_out"}
API = (
    "items", "items?q=身份证", "items?branch=traffic", "items/HZ-078", "regions/zibo/profiles", "ratings", "session", "drafts",
    "mandates", "matters?mine", "matters?mine&page=9", "matters?unit", "matters?unit&state=open", "matters?unit&page=50",
    "matters?work", "matters?party={id_no}", "matters/{matter}?purpose=answer_question", "matters/{matter}/readers",
    "matters/{matter}/events?purpose=answer_question",
)  # fmt: skip
#: Addresses that only lead on, each as its name says: what is measured is the way.
LEADS_ON = frozenset({
    "apply", "for.apply", "start", "start.all", "pay.back", "studio_item_plain", "counter_take", "counter_asked_case",
})  # fmt: skip
#: Pages that say that there is nothing, or that something is over.
NOTHING = frozenset({"verify", "map.lines", "map.tile"})
#: Pages that nothing in a filled town leads to, and into which `midway` brings nobody yet: named, so that no other can join them.
IN_THE_MIDDLE = frozenset({
    "accounts.forgot.password", "kiosk.paper", "matter.add", "matter.sign", "outlets.end", "pay.here_code",
})  # fmt: skip
SLOTS = re.compile(r"<[^>]+>|\{\w+\}")


class NoPage(Exception):
    """An address that answers with something else than a page: it leads on, or is not for this person."""


@dataclass
class Visitor:
    """One connection of one person; a page is what answers 200."""

    address: str
    token: str
    cookies: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.address, timeout=120)

    def ask(self, path: str, also: frozenset[int] = frozenset()) -> bytes:
        """The body, as it came over the wire, of an answer 200 or one of ``also``. Raises `NoPage`."""
        head = {"Accept-Encoding": "gzip", "Accept-Language": "zh"}
        cookies = self.cookies | ({"doorstep_session": self.token} if self.token else {})
        if cookies:
            head |= {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        self.connection.request("GET", quote(path, safe="/?&=%:"), headers=head)
        answer = self.connection.getresponse()
        raw = answer.read()
        self.kind = answer.headers.get("Content-Type", "")
        if answer.status not in {200, *also}:
            raise NoPage(f"{answer.status} {answer.headers.get('Location', '')}")
        return raw


@dataclass(frozen=True)
class Asked:
    """A page to measure: who asks, what it is called, and the addresses that are asked in turn."""

    guest: Guest
    name: str
    addresses: tuple[str, ...]
    cookies: dict[str, str] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=__doc__)
    parser.add_argument("--matters", type=int, default=10_000)
    parser.add_argument(
        "--town", type=Path, help="a filled town to use where it lies, instead of a copy of a kept one"
    )
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=0, help="stop asking after so many; 0: never")
    parser.add_argument("--only", default="", help="only pages with this in their name or address")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "pages.json")
    args = parser.parse_args()
    env = {"DOORSTEP_DURABLE": "1", "DOORSTEP_WEB_WORKERS": "1"}
    town = Doorstep("demo", env, args.town.resolve()) if args.town else Doorstep("demo", env)
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        found = {"rows": _started(town, args)} | run(town, args)
    finally:
        town.stop() if args.town else town.remove()
    args.out.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    sys.stdout.write(table(found) + f"\n{args.out}\n")
    return 0 if found["pass"] else 1


def _started(town: Doorstep, args: argparse.Namespace) -> dict[str, Any]:
    if not args.town:
        return filled(town, args.matters)
    find_cluster(town)
    rows: dict[str, Any] = json.loads((town.start(300).root / "spread.json").read_text())
    return rows


def run(town: Doorstep, args: argparse.Namespace) -> dict[str, Any]:
    """The whole measurement."""
    os.environ |= {k: v for k, v in town.environment.items() if k.startswith("DOORSTEP_")}
    from tests.bench.town import above

    told = json.loads(inside(town, "tests.journeys.routes"))
    routes = [one for one in told if "GET" in one["methods"]]
    with above() as db, args.out.with_suffix(".jsonl").open("w") as lines:
        examples = make_examples(town)
        known = _found(db, examples, urlsplit(town.url).netloc)
        asked = [one for one in _pages(examples, routes, known) if _wanted(one, args.only)]
        asked += [one for one in _midway(examples, routes) if _wanted(one, args.only)]
        results, elsewhere, late = _ask_all(Meter(town, db), town, examples, asked, args, lines)
    seen = {one["route"] for one in results}
    never = [] if args.only else sorted({r["name"] for r in routes} - seen - IN_THE_MIDDLE)
    time.sleep(_SETTLE)
    held, began = memory(town), starts(town)
    return {
        "commit": commit(), "results": results, "memory": held, "starts": began, "not_come_to": late,
        "not_a_page": sorted(elsewhere), "never_opened": never, "in_the_middle": sorted(IN_THE_MIDDLE - seen),
        "pass": not never and not late and all(one["pass"] for one in (*results, *held, *began)),
    }  # fmt: skip


_SETTLE = 12
"""Seconds in which a web process gives back what it needs no more."""


def _wanted(one: Asked, only: str) -> bool:
    return only in one.name or any(only in address for address in one.addresses)


def _midway(examples: Examples, routes: Iterable[dict[str, Any]]) -> Iterator[Asked]:
    """Pages of whoever is in the middle of something: they are brought there when it is their turn."""
    for name, role in WAYS:
        if any(route["name"] == name for route in routes):
            guest = next(g for g in examples.guests if g.role == role or (not role and g.kind == "anonymous"))
            yield Asked(guest, name, ())


def _ask_all(
    meter: Meter,
    town: Doorstep,
    examples: Examples,
    asked: list[Asked],
    args: argparse.Namespace,
    lines: TextIO,
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """The lines of the table, what is no page, and what there was no time for; each line is written as it is measured."""
    results, elsewhere, late, people, began = [], [], [], People(town, examples), time.monotonic()
    for one in asked:
        if args.minutes and time.monotonic() - began > args.minutes * 60:
            late.append(f"{one.guest.role} {one.name}")
            continue
        if not one.addresses:
            try:
                middle = people.of(one.name, one.guest)
            except Exception as why:
                middle = None
                elsewhere.append(f"{one.guest.role} {one.name}: nobody came that far: {str(why)[:200]}")
            if middle is None:
                continue
            one = replace(one, addresses=middle.addresses, cookies=middle.cookies)
        measured = _measured(meter, town, one, args.calls)
        for line in measured if isinstance(measured, list) else ():
            results.append(line)
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines.flush()
            sys.stdout.write(f"{time.monotonic() - began:7.1f} s {_line(line)}\n")
            sys.stdout.flush()
        elsewhere += [measured] if isinstance(measured, str) else []
    return results, elsewhere, late


def _found(db: Any, examples: Examples, address: str) -> dict[str, dict[str, list[str]]]:
    """By person: matters of theirs in the town, those that wait for their unit, and words to fill addresses with."""

    def told(query: str, *values: Any) -> list[str]:
        return [str(one) for (one,) in db.execute(query, values).fetchall()]

    known: dict[str, dict[str, list[str]]] = {}
    for guest in examples.guests:
        party, unit = db.execute(_WHO, [guest.role]).fetchone() or (None, None)
        matters = told(_OF_UNIT, unit) if unit else told(_OF_PARTY, party)
        known[guest.role] = {by: told(_WAITING, unit, by) for by in ("competent", "received", "hand_out")} | {
            "matter": matters[:: max(1, len(matters) // 60)], "name": ["张伟"], "id_no": ["990101199003071288"],
            "number": told("select number from matter where id = any(%s::uuid[])", matters[:60]),
            "file": told(_FILES, matters[:300]), "paper": told(_PAPERS, matters[:300]),
            "other": told(_ONE_OF_EACH, matters), "twentieth": _twentieth(address, guest),
            "unit": told("select code from unit where %s in (id, county, city) order by id limit 5", unit),
        }  # fmt: skip
    return known


_WHO = "select party_id, unit_id from account where login = %s"
_FILES = "select id from file where matter_id = any(%s::uuid[]) limit 20"
_PAPERS = "select number from paper where matter_id = any(%s::uuid[]) and state = 'ready' limit 20"
_ONE_OF_EACH = """select id from (select distinct on (m.item, s.name) m.id from matter m left join step s on s.matter_id = m.id and
    s.closed_at is null where m.id = any(%s::uuid[]) order by m.item, s.name) one limit 60"""
_OF_UNIT = "select id from matter where unit_id = %s order by opened_at desc limit 3000"
_OF_PARTY = "select matter_id from share where party_id = %s order by opened_at desc limit 900"
_WAITING = "select matter_id from step where unit_id = %s and by = %s and closed_at is null order by due_at, id limit 60"


def _twentieth(address: str, guest: Guest) -> list[str]:
    """The mark at which the twentieth page of what a supervisor oversees begins, or the last page."""
    if "supervise" not in guest.rights:
        return []
    visitor, mark, here = Visitor(address, guest.token), "", "/counter/oversee?which=all"
    for _ in range(19):
        page = gzip.decompress(visitor.ask(here)).decode()
        onward = re.search(r'href="([^"]+)" rel="next"', page)
        if onward is None:
            break
        here = unescape(onward[1])
        mark = parse_qs(urlsplit(here).query)["after"][0]
    return [mark] if mark else []


def _pages(
    examples: Examples, routes: Iterable[dict[str, Any]], known: dict[str, dict[str, list[str]]]
) -> Iterator[Asked]:
    """Everything there is to ask, person by person. What anybody may open is asked by a guest, a resident and an officer; what many
    of a kind may open, by three of them."""
    by_kind: Counter[tuple[str, str]] = Counter()
    anybody = {
        next(g.role for g in examples.guests if g.kind == kind)
        for kind in ("anonymous", "resident", "officer")
    }
    for guest in examples.guests:
        words = known[guest.role]
        for route in routes:
            if route["right"] == "PUBLIC" and guest.role not in anybody:
                continue
            addresses = tuple(examples.addresses(guest, route))
            if not addresses and not (may(guest, route) and _others(route, words)):
                continue
            by_kind[route["name"], guest.kind] += 1
            if by_kind[route["name"], guest.kind] > _OF_A_KIND:
                continue
            which = OF_MANY.get(route["name"], "")
            more = (
                _filled("/" + route["path"].replace("<uuid:matter_id>", "{" + which + "}"), words)
                if which
                else []
            )
            yield Asked(guest, route["name"], (*addresses, *more, *_others(route, words)))
            for asked in ASKED.get(route["name"], ()):
                found = [a for address in (more or addresses) for a in _filled(address + asked, words)]
                if found:
                    yield Asked(guest, f"{route['name']}{asked}", tuple(found))
        for path in API if guest.role in _BY_API else API[:6] if not guest.token else ():
            if found := _filled(f"/api/v1/{path}", words):
                yield Asked(guest, f"api {path}", tuple(found))


def _others(route: dict[str, Any], words: dict[str, list[str]]) -> list[str]:
    """Addresses with what the town holds, where an example leads elsewhere: a matter of each item at each step, files, papers."""
    named = {"<uuid:matter_id>": "{other}", "<uuid:file_id>": "{file}", "<str:number>": "{paper}"}
    if route["name"] in OF_MANY or not any(part in route["path"] for part in named):
        return []
    path = route["path"]
    for part, word in named.items():
        path = path.replace(part, word)
    return _filled("/" + path, words)


def _filled(address: str, words: dict[str, list[str]]) -> list[str]:
    """The address with each of the words that it leaves open, as many as there are, at most sixty."""
    names = [one.strip("{}") for one in SLOTS.findall(address)]
    if "<" in address or any(not words.get(name) for name in names):
        return []
    found = [address]
    for name in names:
        found = [one.replace("{" + name + "}", word) for one in found for word in words[name]]
    return found[:60]


def _measured(meter: Meter, town: Doorstep, one: Asked, calls: int) -> list[dict[str, Any]] | str:
    """A line of the table, or why there is none."""
    visitor = Visitor(urlsplit(town.url).netloc, one.guest.token, one.cookies)
    where = f"{one.guest.role} {one.name}"
    good, last, page, html = [], "", b"", False
    route = one.name.partition("?")[0]
    also = (
        frozenset({302, 404})
        if route in LEADS_ON
        else frozenset({204, 404})
        if route in NOTHING
        else frozenset[int]()
    )
    for address in one.addresses[: max(WARM, calls)]:
        try:
            page, html = visitor.ask(address, also), "html" in visitor.kind
            good.append(address)
        except NoPage as why:
            last = str(why)
    if not good:
        return f"{where}: {last}"
    weight = _weight(visitor, page) if html else len(page)
    in_turn = itertools.cycle(good)
    cost = meter.measure(where, [lambda: visitor.ask(next(in_turn), also) for _ in range(calls)])
    light = weight <= WEIGHT or not html
    visitor.connection.close()
    return [asdict(cost) | {"route": route, "address": good[0], "weight": weight, "bar": P95_MS,
                            "pass": cost.p95_ms <= P95_MS and light}]  # fmt: skip


def _weight(visitor: Visitor, page: bytes) -> int:
    """Bytes of a first load: the page and all that it calls for, as they come over the wire."""
    plain = gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page
    called = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', plain.decode())))
    return len(page) + sum(len(visitor.ask(path)) for path in called)


def _line(r: dict[str, Any]) -> str:
    """One line of the table."""
    return (f"{r['name'][:57]:58}{r['n']:>4}{r['cpu_app_ms']:>8}{r['cpu_db_ms']:>8}{r['p50_ms']:>8}{r['p95_ms']:>8}"
            f"{r['queries']:>9}{r['weight'] / 1024:>7.0f}{'' if r['pass'] else ' !'}")  # fmt: skip


def table(found: dict[str, Any]) -> str:
    """The figures for a person: the dearest first, all that miss a bar marked."""
    head = [f"{found['rows']['matters']} matters; CPU ms a call (application, database), wall ms, KB of a first load",
            f"{'':58}{'n':>4}{'app':>8}{'db':>8}{'p50':>8}{'p95':>8}{'queries':>9}{'KB':>7}"]  # fmt: skip
    for r in sorted(found["results"], key=lambda r: -r["cpu_app_ms"] - r["cpu_db_ms"]):
        head.append(_line(r))
    head += [f"not a page: {one}" for one in found["not_a_page"]]
    head += [f"not come to: {one}" for one in found["not_come_to"]]
    head.append(f"never opened: {', '.join(found['never_opened']) or 'none'}")
    head.append(f"somebody in the middle of something: {', '.join(found['in_the_middle']) or 'none'}")
    for one in (*found["memory"], *found["starts"]):
        head.append(
            " ".join(f"{k} {v}" for k, v in one.items() if k != "pass") + ("" if one["pass"] else " !")
        )
    return "\n".join(head)


if __name__ == "__main__":
    sys.exit(main())
