"""Holds the clients' ledger against the database, with the backup's eyes. Run as a process of its own.

`check before FILE`: what was left unanswered must be wholly there or wholly absent. `check after FILE`: everything
acknowledged is there, once; every chain verifies; flows replay to their rows; papers are made. Answers JSON on stdout.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from typing import Any
from uuid import UUID

import orjson


def main(words: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    import django

    django.setup()
    if words[0] == "who":
        answer: Any = _persons(words[1:])
    else:
        with open(words[1]) as handle:
            asked = json.load(handle)
        answer = before(asked) if words[0] == "before" else after(asked)
    sys.stdout.write(json.dumps(answer))


def _persons(logins: list[str]) -> dict[str, Any]:
    from doorstep.kernel.models import Account, Party
    from doorstep.kernel.party import open_party

    found = {}
    for login in logins:
        account = Account.objects.get(login=login)
        person = open_party(Party.objects.get(id=account.party_id))
        found[login] = {"name": person.name, "id_no": person.id_no, "mobile": person.phone}
    return found


def before(asked: list[dict[str, Any]]) -> dict[str, Any]:
    """Every key without an answer: is what it asked for there as a whole, or not at all?"""
    from doorstep.kernel.models import RequestKey

    open_keys = {a["key"]: a for a in asked if a["answer"] is None and not a["told"]}
    rows = {r.request_id: r for r in RequestKey.objects.filter(request_id__in=list(open_keys))}
    faults = []
    for key, row in rows.items():
        if row.matter_id is None:
            faults.append(f"half a request: {open_keys[key]['verb']} {key} has a key and no result")
        elif not _effect(row):
            faults.append(f"half a request: {open_keys[key]['verb']} {key} has a key and no effect")
    faults += _orphans()
    return {
        "lost": [],
        "doubled": [],
        "faults": faults,
        "present": len(rows),
        "absent": len(open_keys) - len(rows),
    }


def _effect(row: Any) -> bool:
    from doorstep.domains.ratings.models import Vote
    from doorstep.kernel.models import Event, File, Matter

    if row.verb in ("open", "act"):
        return (
            Matter.objects.filter(id=row.matter_id).exists()
            and Event.objects.filter(matter_id=row.matter_id).exists()
        )
    table = {
        "rate": Vote.objects.filter(matter_id=row.matter_id),
        "file": File.objects.filter(id=row.matter_id),
    }
    return table.get(row.verb, File.objects.filter(id=row.matter_id)).exists()


def _orphans() -> list[str]:
    """Traces of a request that has no key: half a transaction, were there such a thing."""
    from django.db import connection

    questions = {
        "a matter without its request": "select m.id from matter m where not exists (select 1 from request_key k where"
        " k.matter_id = m.id and k.verb = 'open') and not exists (select 1 from rating_vote v where v.call_back = m.id)",
        "a bad vote without its call-back": "select v.id from rating_vote v where v.level <= 2 and not exists (select 1 from"
        " matter m where m.id = v.call_back)",
        "a matter without events": "select id from matter m where not exists (select 1 from event e where e.matter_id = m.id)",
        "an event without a matter": "select id from event e where not exists (select 1 from matter m where m.id = e.matter_id)",
        "an event without its outbox row": "select id from event e where not exists (select 1 from outbox o"
        " where o.event_id = e.id)",
        "a step without a matter": "select id from step s where not exists (select 1 from matter m where m.id = s.matter_id)",
        "a matter without its applicant's share": "select id from matter m where not exists (select 1 from share s where"
        " s.matter_id = m.id and s.role = 'applicant') and m.applicant_id is not null",
    }  # fmt: skip
    found = []
    with connection.cursor() as cursor:
        for what, query in questions.items():
            cursor.execute(query)
            found += [f"{what}: {row[0]}" for row in cursor.fetchall()]
    return found


def after(asked: list[dict[str, Any]]) -> dict[str, Any]:
    from doorstep.kernel.models import Event, Matter, Paper

    lost, doubled = _lost(asked), _doubled(asked)
    faults = _orphans() + _papers_made()
    matters = list(Matter.objects.all())
    for row in matters:
        faults += _chain(row)
    return {
        "lost": lost, "doubled": doubled, "faults": faults, "matters": len(matters), "chains": len(matters),
        "events": Event.objects.count(), "papers": Paper.objects.filter(state="ready").count(),
    }  # fmt: skip


def _lost(asked: list[dict[str, Any]]) -> list[str]:
    """Acknowledged and not there."""
    from doorstep.domains.ratings.models import Vote
    from doorstep.kernel.models import Event, File, Matter

    numbers = {str(i): n for i, n in Matter.objects.values_list("id", "number")}
    acts = {(str(e.matter_id), e.seq): orjson.loads(e.header) for e in Event.objects.filter(kind="acted")}
    files = {str(i) for i in File.objects.values_list("id", flat=True)}
    rated = {str(i) for i in Vote.objects.values_list("matter_id", flat=True)}
    steps = Counter((m, h["step"], h["outcome"]) for (m, _), h in acts.items())
    gone = []
    for one in asked:
        answer = one["answer"]
        if answer is None:
            continue
        here = {
            "open": lambda a=answer: numbers.get(a["id"]) == a["number"],
            "upload": lambda a=answer: a["id"] in files,
            "rate": lambda a=answer: a["id"] in rated,
            "act": lambda a=answer, o=one: _act_is_there(a, o, acts, steps),
        }[one["verb"]]()
        if not here:
            gone.append(f"{one['verb']} {one['step']} {answer.get('id')} key {one['key']}")
    return gone


def _act_is_there(
    answer: dict[str, Any], one: dict[str, Any], acts: dict[Any, Any], steps: Counter[Any]
) -> bool:
    if one["replayed"]:  # a repeat tells how the matter stands now, not which event it was
        return steps[(answer["id"], one["step"], one["outcome"])] > 0
    header = acts.get((answer["id"], answer["version"]))
    return header is not None and (header["step"], header["outcome"]) == (one["step"], one["outcome"])


def _doubled(asked: list[dict[str, Any]]) -> list[str]:
    """Done more often than it was asked for: per step, per opened matter, per file, per rating."""
    from doorstep.domains.ratings.models import Vote
    from doorstep.kernel.models import Event, File, Matter
    from doorstep.kernel.trust import SYSTEM

    wanted = Counter(
        (a["answer"]["id"], a["step"], a["outcome"]) for a in asked if a["verb"] == "act" and a["answer"]
    )
    happened: Counter[Any] = Counter()
    for event in Event.objects.filter(kind="acted"):
        header = orjson.loads(event.header)
        happened[(str(event.matter_id), header["step"], header["outcome"])] += 1
    found = [f"act {k} {n} times for {wanted[k]} keys" for k, n in happened.items() if n > wanted[k]]
    counts = {
        "open": Matter.objects.exclude(opened_by=SYSTEM).count(), "rate": Vote.objects.count(),
        "upload": File.objects.exclude(material="").count(),
    }  # fmt: skip
    for verb, there in counts.items():
        keys = len({a["answer"]["id"] for a in asked if a["verb"] == verb and a["answer"]})
        if there > keys:
            found.append(f"{verb}: {there} rows for {keys} acknowledged keys")
    return found


def _papers_made(patience: float = 60) -> list[str]:
    """Every promised paper gets made by itself, and its content opens. Waits as long as there are fewer each minute."""
    from doorstep.kernel import file
    from doorstep.kernel.models import Paper

    least, since = Paper.objects.filter(state="making").count(), time.monotonic()
    while least and time.monotonic() - since < patience:
        time.sleep(0.5)
        now = Paper.objects.filter(state="making").count()
        if now < least:
            least, since = now, time.monotonic()
    faults = [f"paper {p.number} was never made" for p in Paper.objects.filter(state="making")]
    for row in Paper.objects.filter(state="ready"):
        if row.file_id is None or not file.content(row.file_id).startswith(b"%PDF"):
            faults.append(f"paper {row.number} is no PDF")
    return faults


def _chain(row: Any) -> list[str]:
    """One matter: links, hashes, bodies; headers replay to its state; step rows are what the replay says."""
    import doorstep.kernel.change  # noqa: F401 - says where the published packs are
    from doorstep.kernel import event
    from doorstep.kernel.models import Event, Step
    from doorstep.kernel.trust import keys
    from doorstep.rulebook import flow, pack

    faults = event.verify(row.id, keys().unwrap(bytes(row.key), UUID(str(row.id)).bytes))
    headers = [orjson.loads(e.header) for e in Event.objects.filter(matter_id=row.id).order_by("seq")]
    happenings = [flow.Happening.from_codes(codes) for header in headers for codes in header["happened"]]
    state = flow.replay(pack.version(bytes(row.pack)).flow_on(row.law_date), happenings)
    if json.loads(json.dumps(state.as_json())) != row.flow:
        faults.append(f"{row.number}: headers replay to {state.as_json()}, the row says {row.flow}")
    open_rows = Counter(Step.objects.filter(matter_id=row.id, closed_at=None).values_list("name", flat=True))
    if set(open_rows) != set(state.open) or any(n > 1 for n in open_rows.values()):
        faults.append(f"{row.number}: open step rows {dict(open_rows)}, replay says {sorted(state.open)}")
    if headers and headers[-1]["state"] != row.state:
        faults.append(f"{row.number}: state {row.state}, its last event says {headers[-1]['state']}")
    return faults


if __name__ == "__main__":
    main(sys.argv[1:])
