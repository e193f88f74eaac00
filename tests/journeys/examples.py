"""Something to look at for everybody: matters at each stage, and an address for every route and person."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from tests.chaos.people import picture, sign_in
from tests.journeys import window
from tests.journeys.sitting import Sitting
from tests.running import ROOT, Doorstep

API = "/api/v1"


@dataclass
class Guest:
    """Somebody at our pages. ``rights`` are verbs; nobody in particular has none and no token."""

    role: str
    kind: str = "anonymous"
    token: str = ""
    rights: frozenset[str] = frozenset()
    of_what_is_public: frozenset[str] = frozenset()
    """Those of the rights that reach no page with a person on it."""
    names: tuple[str, ...] = ()
    """How a page may call this person: name, title and unit."""
    matters: list[str] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Examples:
    """Who there is, and what an address is made of."""

    url: str
    guests: list[Guest]
    parts: dict[str, list[str]]
    missing: frozenset[str] = frozenset({"/v/no-such-code-at-all", "/payments/back"})
    """Addresses of nothing, to look at the page that says so."""

    def known_parts(self) -> set[str]:
        return {*self.parts, *(p for g in self.guests for p in g.parts)}

    def addresses(self, guest: Guest, route: dict[str, Any]) -> list[str]:
        """The addresses of a route that this person may open; none if they may not enter, or have nothing there."""
        if not may(guest, route):
            return []
        found = ["/" + route["path"]]
        for part in re.findall(r"<[^>]+>", route["path"]):
            values = guest.parts.get(
                f"{route['name']} {part}", guest.parts.get(part, self.parts.get(part, []))
            )
            found = [one.replace(part, value) for one in found for value in values]
        return found


def may(guest: Guest, route: dict[str, Any]) -> bool:
    """Whether this person may enter there at all."""
    if route["right"] == "PUBLIC":
        return True
    if not guest.token or (
        (route["kinds"] or guest.kind in ("outlet", "kiosk")) and guest.kind not in route["kinds"]
    ):
        return False
    if route["tier"] != "public" and route["right"] in guest.of_what_is_public:
        return False
    return route["right"] == "SIGNED_IN" or route["right"] in guest.rights


def chromium() -> str:
    """The browser of this machine: Debian's, or one that playwright brought (empty: its own choice)."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""


@dataclass
class Hand:
    """Calls the API as anybody of the town."""

    url: str
    tokens: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None, media: str = "application/json") -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        headers = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Idempotency-Key": str(uuid.uuid4()),
            "Content-Type": media,
        }
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        connection.request(method, API + path, raw, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text[:400].decode(errors='replace')}"
        return json.loads(text)

    def card(self, person: dict[str, Any], station: str, point: str, *steps: tuple[str, str, str]) -> str:
        """A temporary card, brought as far as ``steps`` go."""
        photo = self.ask("resident", "POST", "/files?material=PHO", picture(7), "image/jpeg")["id"]
        data = {"applicant": person, "household": {"address": "橘园路 12 号", "station": station}, "reason": "lost",
                "photo": photo, "pick_up": {"point": point}}  # fmt: skip
        made = self.ask("resident", "POST", "/matters", {"item": "HZ-078", "point": point, "data": data})
        for who, step, outcome in steps:
            what = {"step": step, "outcome": outcome}
            if outcome == "return":
                what |= {"reason": "photo_unclear"}
            self.ask(who, "POST", f"/matters/{made['id']}/act", what)
        return str(made["id"])

    def permit(self, person: dict[str, Any], station: str, point: str, *steps: tuple[str, str, str]) -> str:
        """A residence permit made anew, with a fee and a numbered blank, brought as far as ``steps`` go."""
        photo = self.ask("resident", "POST", "/files?material=PHO", picture(9), "image/jpeg")["id"]
        data = {"applicant": person, "stay": {"address": "橘园路 12 号", "station": station}, "photo": photo,
                "permit": {"why": "lost"}, "delivery": {"way": "pick_up"}, "pick_up": {"point": point}}  # fmt: skip
        made = self.ask("resident", "POST", "/matters", {"item": "HZ-101", "point": point, "data": data})
        for who, step, outcome in steps:
            self.ask(who, "POST", f"/matters/{made['id']}/act", {"step": step, "outcome": outcome})
        return str(made["id"])

    def correction(self, person: dict[str, Any], station: str, point: str, asked: str) -> str:
        """A date of birth that a station has in hand: it asks for more time, and asks the unit ``asked``."""
        proof = self.ask("clerk", "POST", "/files?material=BIR", picture(8), "image/jpeg")["id"]
        who = {name: person[name] for name in ("name", "id_no")}
        birth = {
            "right_day": "1990-04-07",
            "cause": "registered",
            "evidence_kind": "certificate",
            "certificate": proof,
        }
        made = self.ask("clerk", "POST", "/matters", {
            "item": "HZ-051", "point": point, "parties": [who],
            "data": {"applicant": who, "household": {"station": station}, "birth": birth},
        })["id"]  # fmt: skip
        self.ask("clerk", "POST", f"/matters/{made}/act", {"step": "intake", "outcome": "done"})
        shows = {"shows": ["/birth/right_day", "/birth/cause", proof]}
        for step, more in ((f"question@{asked}", {}), ("question@AL-HEALTH", shows), ("longer", {"days": 3})):
            what = {
                "step": step,
                "reason": "原医院的档案在外地一个很远的县里，要去函核实，对方说至少三天才能回。",
                **more,
            }
            self.ask("approver", "POST", f"/matters/{made}/steps", what)
        return str(made)


_WAY = (
    ("clerk", "intake", "done"), ("approver", "review", "approve"), ("approver", "issue", "done"),
    ("clerk", "hand_out", "done"),
)  # fmt: skip


def home_region() -> dict[str, Any]:
    """The region that a town is built of when nobody says which: the one that has people of its own."""
    found = (
        YAML(typ="safe").load(path.read_text()) for path in sorted((ROOT / "regions").glob("*/region.yaml"))
    )
    return next(region for region in found if isinstance(region["cast"], list))


def make_examples(town: Doorstep) -> Examples:
    """Signs everybody in and lives a few matters: waiting, returned, decided, made, handed out."""
    logins = {one["role"]: one for one in json.loads((town.data / "demo.json").read_text())}
    region = home_region()
    cast = {one["role"]: one for one in region["cast"]}
    units = {one["code"]: one["name"] for one in region["units"]}
    hand = Hand(
        town.url, {role: sign_in(town.url, one["login"], one["password"]) for role, one in logins.items()}
    )
    station = cast["approver"]["unit"]
    point = next(
        p["code"] for p in region["points"] if p["unit"] == cast["clerk"]["unit"] and p["kind"] != "room"
    )
    person = person_of(town)
    returned = (_WAY[0], ("approver", "review", "return"))
    stages = [
        hand.card(person, station, point, *way) for way in (_WAY[:0], _WAY[:1], _WAY[:3], _WAY, returned)
    ]
    paper = _paper(hand, stages[3])
    asked = hand.correction(person, station, point, cast["other_station"]["unit"])
    guests = [Guest("guest")]
    for role, one in logins.items():
        rights = frozenset(r.split(":")[0] for r in region["roles"][cast[role].get("as", role)])
        kind = _kind_of(cast[role], bool(one.get("unit")))
        unit = units.get(cast[role].get("unit", ""), {}).values()
        names = (one["name"], one["name_en"], *one["title"], *unit)
        told = [r.split(":") for r in region["roles"][cast[role].get("as", role)]]
        public = frozenset(r[0] for r in told) - {r[0] for r in told if r[3] != "public"}
        guests.append(Guest(role, kind, hand.tokens[role], rights, public, names))
    _give(guests, stages, paper, asked)
    _let_act(person, guests, hand)
    at_window = window.lived(hand, person, station, point)
    apart = _where_no_police_stand(hand)
    _taken_calls(guests, hand)
    _on_duty(hand)
    _played_back(guests, hand)
    for guest in guests:
        guest.parts |= at_window.get(guest.role, {}) | apart.get(guest.role, {"<uuid:draft_id>": []})
        guest.parts["<str:day>"] = _mornings(hand, guest)
    return Examples(
        town.url, _unlike(guests), {
            "<str:code>": ["HZ-078", "HZ-106"], "<slug:page_id>": ["who", "papers"], "<slug:kind>": ["png", "pdf"],
            "<slug:part>": ["form", "flow", "tables", "limits", "papers", "privacy", "layers"],
            "<slug:form>": ["bpmn", "yaml"], "<slug:template>": ["tenancy-entry"], "<str:item>": ["HZ-106"],
            "<str:point>": ["HW-1"], "<slug:rows>": ["closed", "hours", "branches"],
            "<str:point_code>": ["HW-1"], "<str:place>": [cast["supervisor"]["unit"]], "<path:do>": ["set:limits/look"],
            "<str:kind>": ["station"], "<str:stamp>": ["none"], "<int:z>": ["12"], "<int:x>": ["3388"], "<int:y>": ["1604"],
        },
    )  # fmt: skip


def _mornings(hand: Hand, guest: Guest) -> list[str]:
    """The last morning report of this person's station, which the worker has made at its start."""
    if "duty" not in guest.rights:
        return []
    html = Sitting(hand.url, guest.token).get("/command/room").html
    return re.findall(r"/command/room/report/([0-9-]{10})", html)[:1]


def _kind_of(one: dict[str, Any], works: bool) -> str:
    if "point" in one:
        return "kiosk" if one["role"] == "kiosk" else "outlet"
    return "officer" if works else "resident"


def _where_no_police_stand(hand: Hand) -> dict[str, dict[str, list[str]]]:
    """A form begun by the village agent and one at the kiosk: the parts of their addresses, by role."""
    me = {"name": "柳如初", "id_no": "990101199003071288"}
    item, found = "HZ-088", {}
    for role, there in (("agent", f"/outlets/begin/{item}"), ("kiosk", f"/outlets/kiosk/begin/{item}")):
        sits = Sitting(hand.url, hand.tokens[role])
        sits.get(there)
        asked = {**me, "agreed": "sheet", "go": "next"} if role == "agent" else me
        begun = sits.post(there, asked, {"/proof.file": picture(9)} if role == "agent" else None)
        draft = re.search(r"/(?:errand|kiosk)/([0-9a-f-]{36})/apply/[^/]+/([a-z_-]+)", begun.html)
        assert draft, begun.text[:400]
        found[role] = {
            "<uuid:draft_id>": [draft[1]],
            "<slug:page_id>": [draft[2]],
            "<str:code>": [item],
            "<uuid:matter_id>": [],
        }
    return found


def _on_duty(hand: Hand) -> None:
    """The officer rides in a car, wrote to the next shift, and is asked whether everyone is all right."""
    sits = Sitting(hand.url, hand.tokens["officer"])
    unit = re.findall(r'name="unit" value="(\d+)"', sits.get("/command/duty").html)[-1]
    sits.post("/command/duty", {"do": "on", "unit": unit, "request_id": uuid.uuid4().hex})
    sits.post("/command/duty", {"do": "tell", "words": "油还有一半。", "request_id": uuid.uuid4().hex})
    here = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "lon": 118.041, "lat": 36.799}
    hand.ask("officer", "POST", "/command/positions", {"fixes": [here]})
    asks = Sitting(hand.url, hand.tokens["dispatcher"])
    asks.get("/command/units")
    asks.post("/command/units", {"do": "ask", "unit": unit, "request_id": uuid.uuid4().hex})


def _played_back(guests: list[Guest], hand: Hand) -> None:
    """A past hour that the supervisor asked for and the auditor agreed to, and one that waits."""
    asks, agrees = Sitting(hand.url, hand.tokens["supervisor"]), Sitting(hand.url, hand.tokens["auditor"])
    for n in (1, 2):
        form = re.search(r'name="at" value="([^"]+)".*?', asks.get("/command/playback").html)
        day = re.search(r'id="day"[^>]*value="([^"]+)"', asks.get("/command/playback").html)
        area = re.search(r'<option value="(\d+)"', asks.get("/command/playback").html)
        assert form and day and area
        told = {
            "area": area[1],
            "day": day[1],
            "at": form[1],
            "purpose": "核对到场时间",
            "request": uuid.uuid4().hex,
        }
        asks.post("/command/playback", {"do": "ask", **told})
        which = re.findall(r'data-request="([0-9a-f-]{36})"', agrees.get("/command/playback/audit").html)
        if n == 1:
            agrees.post(
                "/command/playback/audit", {"do": "yes", "which": which[0], "request": uuid.uuid4().hex}
            )
    for guest in guests:
        guest.parts["<uuid:playback_id>"] = which[-1:] if guest.role == "supervisor" else []


def _taken_calls(guests: list[Guest], hand: Hand) -> None:
    """Two calls at the command centre, of which one reports the other."""
    told = {
        "said": {"place": "柳溪街 18 号", "words": "听到门锁被撬"},
        "lon": 118.041,
        "lat": 36.799,
        "ground": "AL-LJ-LX",
    }
    one = hand.ask("dispatcher", "POST", "/calls", {"kind": "XJ-001", "answers": {"weapon": "yes"}, **told})[
        "id"
    ]
    silent = {"said": {"silent": "yes", "ring_back": "yes"}, "parent": one}
    hand.ask("dispatcher", "POST", "/calls", {"kind": "XJ-020", **silent})
    hand.ask("dispatcher", "POST", f"/calls/{one}/pass-on", {"to": "ambulance", "number": "120-0417"})
    for guest in guests:
        guest.parts["calls.one <uuid:matter_id>"] = [one] if guest.role == "dispatcher" else []
        guest.parts["command.net <uuid:matter_id>"] = [one] if guest.role == "dispatcher" else []


def person_of(town: Doorstep) -> dict[str, Any]:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.check", "who", "resident"],
        env=town.environment | {"DOORSTEP_DB_ROLE": "backup"}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)["resident"]
    return found


def _paper(hand: Hand, matter: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while True:
        found: dict[str, Any] = hand.ask("resident", "GET", f"/matters/{matter}")
        if found["papers"] and found["papers"][0]["state"] == "ready":
            return found
        assert time.monotonic() < until, "the paper was not made within a minute"
        time.sleep(0.3)


def _give(guests: list[Guest], stages: list[str], ended: dict[str, Any], asked: str) -> None:
    """Who sees which matter, file and paper: those that are theirs, so that each page has something on it."""
    waiting, taken, made, _, returned = stages
    files, numbers = [f["id"] for f in ended["files"]][:1], [p["number"] for p in ended["papers"]]
    pages = {
        "apply.page <str:code>": ["HZ-078"],
        "verify <str:code>": ["no-such-code-at-all"],
        "matter.correct <uuid:matter_id>": [returned],
        "matter.to_correct.pdf <uuid:matter_id>": [returned],
        "matter.withdraw <uuid:matter_id>": [waiting],
    }
    for guest in guests:
        guest.parts |= {
            "<uuid:matter_id>": [],
            "<uuid:file_id>": [],
            "<str:number>": [],
            "<uuid:visit_id>": [],
            "<uuid:slip_id>": [],
            "pay.code <uuid:matter_id>": [],
            "pay.fiscal <uuid:matter_id>": [],
            "outlets.end <uuid:matter_id>": [],
        }
        guest.parts |= {k: [] if "<uuid" in k else v for k, v in pages.items()}
        if guest.role == "resident":
            guest.parts |= {
                "<uuid:matter_id>": stages,
                "<uuid:file_id>": files,
                "<str:number>": numbers,
                **pages,
            }
        elif guest.role == "clerk":
            guest.parts |= {"<uuid:matter_id>": [waiting, made]}
        elif guest.role == "partner":
            guest.parts |= {
                "outlets.start <str:code>": []
            }  # takes nothing at its point until somebody lists it
        elif guest.role == "approver":
            guest.parts |= {"<uuid:matter_id>": [taken], "pay.receipt <uuid:matter_id>": []}
        beside = {
            "approver": ("longer", "question"),
            "city_approver": ("longer",),
            "other_station": ("question",),
            "department": ("question",),
        }
        told = beside.get(guest.role, ())
        guest.parts |= {
            f"counter_{name} <uuid:matter_id>": [asked] if name in told else []
            for name in ("longer", "question")
        }


def _let_act(me: dict[str, Any], guests: list[Guest], hand: Hand) -> None:
    """The neighbour lets the resident act, so that there is a form to fill in for somebody, and one to withdraw."""
    given = {
        "name": me["name"], "id_no": me["id_no"], "branches": ["household"], "until": f"{time.localtime().tm_year + 1}-01-15",
    }  # fmt: skip
    made = hand.ask("neighbour", "POST", "/mandates", given)["id"]
    for guest in guests:
        guest.parts["<uuid:mandate_id>"] = [made] if guest.role == "resident" else []
        guest.parts["for.apply.page <str:code>"] = ["HZ-078"]


def _unlike(guests: list[Guest]) -> list[Guest]:
    """One of those who may do the same and see the same; all pages would be the same pages."""
    kept: dict[str, Guest] = {}
    for guest in guests:
        kept.setdefault(repr((guest.kind, sorted(guest.rights), sorted(guest.parts.items()))), guest)
    return list(kept.values())
