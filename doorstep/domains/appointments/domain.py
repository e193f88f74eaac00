"""Appointments: a step that waits until a time is chosen, at a point with so many places at once."""

from __future__ import annotations

from doorstep.domains.appointments import pages, shut, verbs
from doorstep.kernel.plug import Domain, Door, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_BOTH = ("GET", "POST")

DOMAIN = Domain(
    name="appointments",
    title=Words("预约", "Appointments"),
    tiles=(
        Tile(Words("今天谁来", "Who comes today"), Words("按约好的时间", "By the time they chose"), "/appointments/today",
             "receive", "calendar"),
    ),
    slots=(
        Slot("matter.top", "appointments/_booked.html", pages.part),
        Slot("layer.touched", "appointments/_touched.html", shut.touched),
    ),
    doors={
        verbs.MESSAGE: Door(
            "/appointments/matter/", Words("挑个时间", "Choose a time"), "calendar", pages.say,
            "/appointments/window/", Words("替来人约时间", "Choose a time for them"), "receive", pages.when,
        )
    },
    chores=((verbs.free_ended, 60.0), (shut.tell, 20.0)),
    routes=(
        Route("appointments/matter/<uuid:matter_id>", pages.choose, "appointment", "apply", methods=_BOTH, kinds=("resident",)),
        Route(
            "appointments/window/<uuid:matter_id>", pages.choose, "appointment.window", "receive", "staff", _BOTH,
            ("officer",),
        ),
        Route("appointments/today", pages.today, "appointment.today", "receive", "staff", kinds=("officer",)),
    ),
)  # fmt: skip
