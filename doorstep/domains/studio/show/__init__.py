"""A pack as others know it: the picture of its flow (SVG), BPMN 2.0 and DMN 1.3. Written from the compiled pack."""

from __future__ import annotations

from doorstep.domains.studio.show.bpmn import bpmn
from doorstep.domains.studio.show.dmn import dmn
from doorstep.domains.studio.show.svg import svg
from doorstep.rulebook.pack import Pack

__all__ = ["bpmn", "dmn", "shown", "svg"]


def shown(found: Pack, form: str, lang: str) -> str:
    """A pack as ``svg``, ``bpmn`` or ``dmn``."""
    if form == "svg":
        return svg(found.flow, found.title, lang)
    if form == "bpmn":
        return bpmn(found.flow, f"process_{found.code.replace('-', '_')}", found.title, lang)
    columns = {
        name: {column.name: column for column in (*table.inputs, *table.outputs)}
        for name, table in found.tables.items()
    }
    return dmn(f"rules_{found.code.replace('-', '_')}", found.title.in_(lang), found.raw["tables"], columns)
