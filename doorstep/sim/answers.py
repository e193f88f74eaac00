"""Answers to any form: the shape of one of its examples, with the persons, places and files of the town put in.

Examples are what an author wrote down as a sound application, so a new item is lived in the demo town as soon as it has some.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.rulebook.field import Field, at_pointer
from doorstep.rulebook.form import Form
from doorstep.rulebook.pack.profile import put
from doorstep.sim.people import Citizen

_HELD = {"name": "name", "id_no": "id_no", "mobile": "phone"}


@dataclass(frozen=True)
class Town:
    """What answers are taken from: who applies, who else there is, places by list, and how to hand in a paper.

    ``place(list, pointer)`` gives a code of ``units.station``, ``points.hand_out`` …; ``other(group, like)`` the person whom a
    group of questions is about, as old as the one with the number ``like``; ``upload(material)`` the id of an uploaded file.
    """

    applicant: Citizen
    city: str
    place: Callable[[str, str], str]
    other: Callable[[str, str], Citizen]
    upload: Callable[[str], str]


def answers(form: Form, example: Mapping[str, Any], town: Town) -> dict[str, Any]:
    """The example's answers as somebody of the town would give them."""
    data: dict[str, Any] = copy.deepcopy(dict(example))
    for one in form.fields:
        if one.items:
            rows = at_pointer(data, one.pointer) or []
            for number in range(len(rows)):
                for item in one.row(number):
                    _answer(data, item, town)
        else:
            _answer(data, one, town)
    return data


def changed(form: Form, data: Mapping[str, Any], change: Mapping[str, Any], town: Town) -> dict[str, Any]:
    """``data`` with what an example changes when it corrects; persons, places and files of the town again."""
    fresh: dict[str, Any] = copy.deepcopy(dict(data))
    fields = {one.pointer: one for one in form.fields}
    for pointer, value in change.items():
        put(fresh, pointer, value)
        if pointer in fields and value is not None:
            _answer(fresh, fields[pointer], town)
    return fresh


def _answer(data: dict[str, Any], one: Field, town: Town) -> None:
    told = at_pointer(data, one.pointer)
    if told is None:
        return
    value = _value(one, told, town)
    if value != told:
        put(data, one.pointer, value)


def _value(one: Field, told: Any, town: Town) -> Any:
    subject, _, part = one.fact.rpartition(".")
    if (one.material or one.widget == "upload") and isinstance(told, str):  # a tick stays a tick
        return town.upload(one.material)
    if one.options_from:
        return town.place(one.options_from, one.pointer)
    if subject == "applicant" and part in _HELD:
        return getattr(town.applicant, _HELD[part])
    if one.format == "document" and isinstance(told, str) and not told[:17].isdigit():
        return told
    if one.format in ("cn-id", "document", "cn-mobile") or (
        part == "name" and isinstance(told, str) and _is_person(told)
    ):
        who = town.other(one.pointer.rpartition("/")[0], told if one.format in ("cn-id", "document") else "")
        return {"cn-id": who.id_no, "document": who.id_no, "cn-mobile": who.phone}.get(one.format, who.name)
    if part == "address" and isinstance(told, str):
        who = town.applicant if subject in ("household", "applicant") else town.other(one.pointer, "")
        return f"{town.city}{who.address}"
    return told


def _is_person(text: str) -> bool:
    return re.fullmatch(r"[\u4e00-\u9fff]{2,4}", text) is not None
