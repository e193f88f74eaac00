"""Rating a matter: by its applicant online, or with the code on the slip; or entered for who has no screen.

One vote a matter, which is one person and one visit. Nobody who handled it can see that there is one (docs/decisions/0042).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connection, transaction

from doorstep.domains.ratings import call_back
from doorstep.kernel import change
from doorstep.kernel.crypto import new_key, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import unit_words
from doorstep.kernel.trust import Viewer, keys, not_found, refuse_right
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

LEVELS: dict[int, Words] = {
    5: Words("非常满意", "Very satisfied"),
    4: Words("满意", "Satisfied"),
    3: Words("一般", "Neither"),
    2: Words("不满意", "Dissatisfied"),
    1: Words("非常不满意", "Very dissatisfied"),
}
BAD = 2
"""Up to this level somebody looks into it."""
WAYS: dict[str, Words] = {
    "online": Words("登录后评", "Signed in"),
    "code": Words("凭评价码自己评", "With the code, oneself"),
    "pad": Words("在窗口的评价器上评", "On the pad at the window"),
    "paper": Words("纸上写的，窗口代录", "On paper, entered at a window"),
    "phone": Words("电话里说的，代录", "By telephone, entered for them"),
}
_NO = {
    "not-yet": (409, Words("办出结果以后再评价。", "Rate it once there is a result.")),
    "rated": (409, Words("这件事已经评价过了，谢谢。", "This matter has been rated already. Thank you.")),
    "handled": (
        403,
        Words(
            "这件事您经手过，不能由您代录。请交给没有经手的同事。",
            "You had a hand in this matter, so you cannot enter its rating. Give the slip to a colleague who had none.",
        ),
    ),
    "near": (
        403,
        Words(
            "这件事是您所在的单位经手的，不能在本单位代录。请把评价单装好，转给别的单位录。",
            "Your unit had a hand in this matter, so its rating is not entered here. Pass the folded slip on to another unit.",
        ),
    ),
    "wrong": (
        404,
        Words(
            "受理号和评价码对不上。请照着评价单再看一遍，字母和数字都要一样。",
            "Number and code do not belong together. Please compare them with the slip once more.",
        ),
    ),
    "locked": (
        429,
        Words(
            "这个受理号输错的次数太多，请 15 分钟后再试。",
            "Too many wrong codes for this number. Try again in 15 minutes.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a slip is about: enough to know what one rates, nothing about the person."""

    matter_id: UUID
    title: Words
    unit: Words


def rate(
    viewer: Viewer,
    matter_id: UUID,
    *,
    level: int,
    request_id: str,
    text: str = "",
    may_call: bool = False,
) -> Done:
    """The applicant says how it went, once. ``may_call``: a bad vote's call-back may name them and ring them up.

    Refused: "not-found", "no-right" for anybody else, "level", "not-yet" (409) before a result, "rated" (409).
    """
    check(level)

    def do() -> Done:
        done = change.done_of(matter_id)
        cast(matter_id, level, "online", text=text, may_call=may_call)
        return done

    content = {"matter": str(matter_id), "level": level, "text": text, "may_call": may_call}
    return once(viewer, "rate", request_id, content, do, change.done_of)


def asked(number: str, code: str) -> Asked:
    """What the slip with this number and code is about. Refused: "wrong" (404), "locked" (429), "not-yet", "rated", "handled" or,
    by a unit with a hand in it, "near" (403).
    """
    return _slip(number, code, unrated=True)


def _slip(number: str, code: str, *, unrated: bool = False) -> Asked:
    with connection.cursor() as cursor:
        cursor.execute("select ratings.asked(%s, %s)", [number.strip().upper(), _bare(code)])
        found: dict[str, Any] = _json(cursor.fetchone()[0])
    no = found.get("no") or ("rated" if unrated and found["rated"] else "") or found["stops"]
    if no or not found["ended"]:
        raise _refusal(no or "not-yet")
    return Asked(UUID(found["matter"]), pack.current(found["item"]).title, unit_words(found["unit"]))


def rate_with_code(
    viewer: Viewer,
    number: str,
    code: str,
    *,
    level: int,
    way: str = "code",
    text: str = "",
    may_call: bool = False,
    request_id: str = "",
) -> Asked:
    """Rate with number and code: ``way`` "code" by whoever holds the slip, "pad" by who stands at the window, "paper" or "phone"
    entered for them by staff of a unit without a hand in the matter. Answers what was rated, also to the same request again.

    Refused: as `asked`, "level", "no-right" for entering without the right to.
    """
    check(level)
    entered = way in ("paper", "phone")
    if entered and (viewer.is_resident or not viewer.may("rate") or (way == "phone" and not answers(viewer))):
        raise refuse_right()
    found = _slip(number, code)
    told = {"matter": str(found.matter_id), "level": level, "way": way, "text": text, "may_call": may_call}
    request = keys().fingerprint(f"rating {request_id}", canonical(told)) if request_id else None
    by = way if entered or way == "pad" else "code"
    with transaction.atomic():  # what is refused later leaves nothing but the count of wrong codes
        cast(found.matter_id, level, by, code=_bare(code), text=text, may_call=may_call, request=request)
    return found


def own_level(matter_id: UUID) -> int | None:
    """How the viewer of this transaction rated this matter of theirs."""
    with connection.cursor() as cursor:
        cursor.execute("select ratings.own(%s)", [matter_id])
        level: int | None = cursor.fetchone()[0]
    return level


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a matter that the viewer sees, in groups of four. ``ended``: it can be rated now."""

    matter_id: UUID
    number: str
    code: str
    ended: bool


def codes(matters: Sequence[UUID]) -> list[Code]:
    """The codes of these matters, as far as the viewer sees them and they are rated by themselves. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, number, code, ended from ratings.codes(%s, %s)", [list(matters), unrated()]
        )
        return [Code(one, number, _grouped(code), ended) for one, number, code, ended in cursor.fetchall()]


def code_of(matter_id: UUID) -> str:
    """The code for the slip of a matter that the viewer sees. Refused: "not-found"."""
    with connection.cursor() as cursor:
        cursor.execute("select ratings.code_of(%s)", [matter_id])
        code = cursor.fetchone()[0]
    if not code:
        raise not_found()
    return _grouped(code)


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def rated_of(matters: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these matters of their own the viewer has rated. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("select ratings.own_of(%s)", [list(matters)])
        return frozenset(row[0] for row in cursor.fetchall())


def unrated() -> list[str]:
    """The items that are a part of something else, which is what is rated."""
    return [one.code for one in pack.every() if one.part_of]


def answers(viewer: Viewer) -> bool:
    """Who takes telephone calls: supervisors and the hotline."""
    return viewer.may("supervise") or viewer.may("dispatch")


def check(level: int) -> None:
    if level not in LEVELS:
        raise Refused(
            "level",
            Words("请从 1 到 5 里选一级。", "Choose a level from 1 to 5."),
            faults=(("/level", Words("必填", "Required")),),
        )


def cast(
    matter_id: UUID,
    level: int,
    way: str,
    *,
    code: str = "",
    text: str = "",
    may_call: bool = False,
    request: bytes | None = None,
) -> None:
    """Keep one vote, and open the call-back of a bad one. Refused: as the verbs that use it say."""
    check(level)
    vote_id, key, text = uuid4(), new_key(), text.strip()
    sealed = (
        [keys().wrap(key, vote_id.bytes), seal(key, text.encode(), b"rating:" + vote_id.bytes)]
        if text
        else [None, None]
    )
    today = calendar().day_of(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "select ratings.vote(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [matter_id, code, level, way, today, vote_id, *sealed, request, unrated()],
        )
        answer = cursor.fetchone()[0]
    if answer == "again":
        return
    if answer == "not-found":
        raise not_found()
    if answer == "no-right":
        raise refuse_right()
    if answer != "ok":
        raise _refusal(answer)
    if level <= BAD:
        call_back.open_call_back(vote_id, text, named=may_call)


def _refusal(code: str) -> Refused:
    status, words = _NO[code]
    return Refused(code, words, status=status)


def _bare(code: str) -> str:
    """A code as it is compared: capital letters and digits alone."""
    return "".join(c for c in code.upper() if c.isalnum())


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
