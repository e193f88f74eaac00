"""A scan belongs to one matter: whoever needs the same paper gets a copy of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from doorstep.domains.counter.visit import Entry
from doorstep.kernel import file
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.web.questions import pairs_from, upload_ids


def own(viewer: Viewer, entry: Entry, data: dict[str, Any], taken: set[UUID]) -> dict[str, Any]:
    """A scan belongs to one matter: every further item that needs the same paper gets a copy of its own."""
    form = entry.item.form
    copies: dict[str, str] = {}
    for file_id in upload_ids(form, data):
        if file_id in taken:
            content, _ = file.read_file(viewer, file_id)
            copies[str(file_id)] = str(file.add(viewer, file.receive([content]), _material(viewer, file_id)))
        taken.add(file_id)
    if not copies:
        return data
    return form.from_post([(pointer, copies.get(value, value)) for pointer, value in pairs_from(data)])


def _material(viewer: Viewer, file_id: UUID) -> str:
    row = file.pending(viewer, [file_id]).get(file_id)
    return row.material if row else ""


def copied(viewer: Viewer, view: MatterView) -> dict[str, Any]:
    """The answers of a matter for a new one: its scans are copied, what other systems said is asked again."""
    form, named = view.pack.form, {one.id: one.material for one in view.files}
    pairs = [one for one in pairs_from(view.data) if form.field(one[0])]
    fresh: dict[str, str] = {}
    for file_id in upload_ids(form, view.data):
        content, _ = file.read_file(viewer, file_id)
        fresh[str(file_id)] = str(file.add(viewer, file.receive([content]), named.get(file_id, "")))
    return form.from_post([(pointer, fresh.get(value, value)) for pointer, value in pairs])
