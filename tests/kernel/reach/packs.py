"""Two kinds that no catalogue knows, put on the shelf by tests: a burglary call and a neighbours' dispute.

They prove that the kernel carries what takes seconds and what wanders without knowing either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def _limits(**named: str) -> dict[str, Any]:
    return {
        name: [{"from": None, "to": None, "value": value, "source": "none", "sure": False}]
        for name, value in named.items()
    }


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _pack(code: str, zh: str, en: str, **own: Any) -> dict[str, Any]:
    """What every pack has, short."""
    return {
        "code": code, "branch": "public-order", "group": _words("治安", "Public order"), "title": _words(zh, en),
        "summary": _words(zh, en), "aliases": {"zh": [], "en": []}, "kind": "other-power", "for": ["person"],
        "channels": ["station", "hall"], "visits": 0, "law": [], "materials": [], "gives": [],
        "guide": {key: _words(zh, en) for key in ("who", "where", "how", "next")},
        "competent": {"by": "point"}, "applicant": "optional",
        "privacy": {
            "purpose": "handle", "basis": _words("待核实", "To be confirmed"), "notice": _words("只用于处理", "For this only"),
            "retention": [{"from": None, "to": None, "years": 3, "source": "none", "sure": False}],
        },
        "purposes": {"handle": _words("处理这件事", "To handle it"), "check_quality": _words("检查质量", "To check quality")},
        "form": {
            "required": ["where"],
            "properties": {"where": {"x-fact": "home.address"}},
            "x-pages": [{"id": "where", "title": _words("在哪里", "Where"), "fields": ["/where"]}],
        },
        **own,
    }  # fmt: skip


def _given(name: str, zh: str, en: str, limit: str, late: str, **answers: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": name, "kind": "task", "by": "branch", "title": _words(zh, en), "limit": limit, "on_late": late,
        "answers": {code: _words(*words) for code, words in answers.items()},
    }  # fmt: skip


CALL = _pack(
    "XX-901", "入室盗窃警情", "Burglary call",
    limits=_limits(promise="1 day", answer="60 second", arrive="10 minute"),
    flow={
        "machine": "three_teams", "ends": "closed",
        "steps": [
            {"id": "handle", "kind": "task", "by": "competent", "title": _words("指挥", "Command"),
             "answers": {"send": _words("派人", "Send"), "close": _words("结束", "Close")}},
            _given("answer", "接令", "Acknowledge", "answer", "escalate", coming=("出发", "Coming"), cannot=("去不了", "Cannot")),
            _given("arrive", "到场", "Arrive", "arrive", "escalate", there=("到了", "There")),
            _given("work", "现场工作", "Work at the scene", "promise", "escalate", cleared=("做完了", "Cleared")),
            {"id": "escalate", "kind": "task", "by": "competent", "title": _words("没人应答", "Nobody answers"),
             "answers": {"seen": _words("知道了", "Seen")}},
        ],
    },
)  # fmt: skip

DISPUTE = _pack(
    "XX-902", "邻里纠纷", "Neighbours' dispute",
    limits=_limits(promise="30 day", talk="10 day", visit="3 day"),
    flow={
        "ends": "closed",
        "steps": [
            {"id": "hear", "kind": "task", "by": "competent", "title": _words("听双方说", "Hear both"), "limit": "talk"},
            {"id": "mediate", "kind": "review", "by": "competent", "title": _words("调解", "Mediate"), "limit": "talk"},
            {"id": "settle", "kind": "task", "by": "competent", "title": _words("签协议", "Sign an agreement")},
        ],
        "adhoc": [
            {"while": ["hear", "mediate"], "added_by": ["competent"], "at_most": 5,
             "step": {"id": "visit", "kind": "task", "by": "competent", "title": _words("上门看看", "Visit"), "limit": "visit"}},
        ],
    },
    reasons={"refuse": {"violence": _words("有家庭暴力，不调解", "Violence at home: not mediated")}},
)  # fmt: skip


@contextmanager
def on_the_shelf(above: Any) -> Iterator[None]:
    """Offer both kinds inside the block, and register the machine as a domain would. ``above`` may write any table; what was
    published stays, as versions do.
    """
    from doorstep.kernel.plug import Domain, adopt
    from doorstep.rulebook.pack import shelf
    from doorstep.rulebook.pack.item import Pack
    from doorstep.rulebook.words import Words
    from tests.kernel.reach.machine import three_teams

    adopt(Domain("reach", Words("试验", "Trial"), machines={"three_teams": three_teams}))
    number = above.execute(
        "insert into publication (at, by, why) values (now(), 'reach', 'tried') returning id"
    ).fetchone()[0]
    for raw in (CALL, DISPUTE):
        pack = Pack.of(raw, shelf.library())
        above.execute(
            "insert into pack_version (hash, code, content, at) values (%s, %s, %s, now()) on conflict do nothing",
            [pack.hash, pack.code, pack.content],
        )
        above.execute(
            "insert into pack_offer (publication_id, code, unit_id, hash, source) values (%s, %s, 0, %s, '')",
            [number, pack.code, pack.hash],
        )
    shelf.forget()
    yield
    above.execute("delete from pack_offer where publication_id = %s", [number])
    shelf.forget()
