"""What the page of a matter shows beside its flow: who else is concerned, where it is, which other matters it touches."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from doorstep.kernel.read import MatterView
from doorstep.kernel.tied import PartyView, TieView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words
from doorstep.web.questions import who_by

ROLES = {
    "respondent": Words("对方当事人", "Respondent"), "witness": Words("知情人", "Witness"),
    "injured": Words("受害人", "Injured person"), "owner": Words("物主或房主", "Owner"),
    "guardian": Words("监护人", "Guardian"), "also_brought": Words("也来反映的人", "Also brought it"),
}  # fmt: skip
OFFERED = ("respondent", "witness", "injured", "owner", "guardian")
_KINDS = {
    "linked": Words("相关的事", "Related"), "merged_from": Words("并进来的", "Merged into this one"),
    "merged_into": Words("并到了这件", "Merged into"), "referred_to": Words("由它转出的", "Referred from here"),
    "referred_from": Words("从这件转来", "Came from"), "child": Words("由它分出的", "Part of this one"),
    "parent": Words("属于这件", "Part of"),
}  # fmt: skip
_NOT_KNOWN = Words("还不知道是谁", "Not known yet")


def tied(viewer: Viewer, view: MatterView) -> dict[str, Any]:
    """Parties, place and ties in words, and which forms the viewer gets: nothing more is tied to a matter that has ended."""
    may = {name: view.closed_at is None and viewer.may(name, view.pack.branch)
           for name in ("involve", "locate", "link", "merge", "refer", "reclassify")}  # fmt: skip
    return {
        "parties": [_party(one) for one in view.parties],
        "unknown": [_party(one) for one in view.parties if one.person is None and one.described],
        "ties": [_tie(one) for one in view.ties],
        "place": view.place,
        "may": may,
        "tie_request": uuid4().hex,
        "known_by": who_by("id_no", "", required=False, anchor="p-id"),
        "roles": [(code, ROLES[code]) for code in OFFERED],
    }


def _party(one: PartyView) -> dict[str, Any]:
    name = Words(one.person.name, one.person.name) if one.person else _NOT_KNOWN
    role = ROLES.get(one.role) or Words(one.role, one.role)
    return {
        "id": one.id,
        "name": name,
        "role": role,
        "described": one.described,
        "known": one.person is not None,
    }


def _tie(one: TieView) -> dict[str, Any]:
    kind = _KINDS.get(one.kind) or Words(one.kind, one.kind)
    return {"kind": kind, "title": one.title, "number": one.number, "url": f"/counter/matter/{one.matter_id}",
            "state": one.state}  # fmt: skip
