"""What no page of ours sends is answered in words and breaks nothing: a word where an id, a number or a day belongs."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

#: Who sends it, where to, and what.
SENT = (
    ("clerk", "/counter/originals", {"original": "x", "signed": "paper"}),
    ("clerk", "/counter/results", {"do": "give", "name": "x", "id_no": "x", "step": "x"}),
    ("clerk", "/counter/correct", {"number": "x", "code": "x"}),
    ("clerk", "/payments/till", {"do": "open", "float": "x"}),
    ("clerk", "/payments/till", {"do": "count", "drawer": "x", "counted": "x"}),
    ("clerk", "/payments/till", {"do": "pay", "refund": "x"}),
    ("clerk", "/blanks/", {"do": "receive", "kind": "x", "first": "x", "count": "9" * 30}),
    ("clerk", "/blanks/", {"do": "count", "shift": "x", "counted": "x"}),
    ("clerk", "/family/window", {"do": "give", "principal_name": "x", "principal_id_no": "x", "kind": "parent", "until": "x"}),
    ("clerk", "/family/window", {"do": "end:x", "principal_name": "x", "principal_id_no": "x"}),
    ("supervisor", "/counter/samples", {"sample": "x", "result": "agree"}),
    ("supervisor", "/counter/oversee", {"pick": "x", "to": "", "reason": "x"}),
    ("supervisor", "/payments/day", {"drawer": "x"}),
    ("supervisor", "/counter/mine", {"do": "end", "absence": "x"}),
    ("approver", "/counter/mine", {"who": "x", "substitute": "x", "first": "x", "last": "x"}),
    ("approver", "/counter/mine", {"do": "hand_all", "to": "x", "reason": "x"}),
    ("resident", "/family/give", {"agent_name": "x", "agent_id_no": "x", "until": "x", "item": "x"}),
)  # fmt: skip


@pytest.mark.parametrize(("role", "path", "sent"), SENT)
def test_nonsense_is_answered_in_words(cast: Cast, role: str, path: str, sent: dict[str, str]) -> None:
    page = Visit(cast[role].token).post(path, {**sent, "request_id": fresh()})
    assert page.status in (200, 400, 403, 404, 409, 422), page.status


def test_a_matter_at_the_desk_survives_nonsense(cast: Cast) -> None:
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    page = Visit(cast["approver"].token).post(
        f"/counter/desk/{done.matter_id}",
        {"step": "review", "outcome": "approve", "version": "x", "request_id": "x"},
    )
    assert page.status < 500


def test_the_days_of_a_colleague_are_ended_by_nobody_else(cast: Cast) -> None:
    """Not by who stands in, not by a desk of the county: by who is away, or by a supervisor."""
    from datetime import timedelta

    from doorstep.domains.counter import absence
    from doorstep.kernel.assign import colleagues
    from doorstep.rulebook.words import Refused

    with cast.enter("approver") as viewer:
        other = next(
            one
            for one in colleagues().values()
            if one.unit_id == viewer.unit_id and one.id != viewer.account_id
        )
        day = absence.today() + timedelta(days=40)
        told = absence.tell(
            viewer, who=viewer.account_id, substitute=other.id, first=day, last=day, request_id=fresh()
        ).matter_id
    for role in ("county_approver", "other_station", "clerk"):
        with cast.enter(role) as viewer, pytest.raises(Refused) as no:
            absence.end(viewer, told)
        assert no.value.code == "not-found"
    with cast.enter("approver") as viewer, pytest.raises(Refused):
        absence.end(viewer, uuid4())
    with cast.enter("approver") as viewer:
        absence.end(viewer, told)
