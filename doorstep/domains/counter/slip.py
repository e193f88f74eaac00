"""What a person takes home from the window: one receipt for the whole visit, one sheet with everything that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorstep.domains.counter import checklist, place
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.visit import Visit
from doorstep.kernel.draft import KEPT
from doorstep.kernel.org import town
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Words
from doorstep.web import saying

# ---- the receipt ----


def receipt_line(view: MatterView) -> dict[str, Any]:
    """What the receipt prints of one matter, kept with the visit."""
    return {
        "id": str(view.id), "number": view.number, "title": view.title.as_dict(), "state": view.state,
        "unit": view.unit.as_dict(), "opened_at": view.opened_at.isoformat(),
        "due_at": view.due_at.isoformat() if view.due_at else "", "hand_out": view.hand_out.code,
        "goes_out": any(s.by == "hand_out" for s in view.pack.flow.steps.values()),
        "papers": [{"number": p.number, "title": p.title.as_dict()} for p in view.papers],
    }  # fmt: skip


def receipt(viewer: Viewer, found: Visit) -> dict[str, Any]:
    """Context of ``counter/receipt.html``."""
    names = {one.number: one.person.name for one in found.guests}
    came = [names[n] for n in dict.fromkeys(one["guest"] for one in found.done) if names.get(n)]
    several = len(came) > 1
    matters = [_receipt_matter(one, names.get(one["guest"], "") if several else "") for one in found.done]
    return {
        "said": Words(f"已受理 {len(found.done)} 项", f"Accepted: {len(found.done)}"), **_from(viewer, found),
        "at": found.done[0]["opened_at"], "visit_id": found.id,
        "lead": Words(f"{'、'.join(came)}，您办的事我们收下了。", f"{', '.join(came)}, we have taken in your application."),
        "matters": matters,
    }  # fmt: skip


def _from(viewer: Viewer, found: Visit) -> dict[str, Any]:
    """Who writes, and where one finds them."""
    point = place.point_of(viewer, found.point)
    address = (
        Words(f"{point.address.zh}，{point.phone}", f"{point.address.en}, {point.phone}") if point else None
    )
    return {"unit": point.name if point else viewer.unit_name, "address": address}


def _receipt_matter(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    lines = [(Words("谁来办", "With"), Words.of(one["unit"]))]
    if name:
        lines.insert(0, (Words("谁的", "For"), Words(name, name)))
    if one["state"] in ("closed", "granted"):
        lines.append((Words("结果", "Result"), Words("当场办好了", "Done at once")))
    elif one["due_at"]:
        due = saying.day(one["due_at"])
        lines.append((Words("最迟", "Due by"), Words(due, due)))
    if one.get("at_once") and one["state"] == "open":
        lines.append(
            (
                Words("请稍等", "Please wait"),
                Words("这一项当场办，等叫号", "Done while you wait; you will be called"),
            )
        )
    point = town().point_by_code.get(one["hand_out"])
    if one["goes_out"] and point is not None:
        where = Words(f"{point.zh}，{point.address_zh}", f"{point.en}, {point.address_en}")
        lines += [
            (Words("在哪里领", "Pick up at"), where),
            (Words("带什么", "Bring"), Words("本人证件和这张回执", "Your document and this receipt")),
        ]
    left = [Words.of(title) for title in one.get("left", ())]
    if left:
        zh, en = "、".join(t.zh for t in left), ", ".join(t.en for t in left)
        lines.append(
            (
                Words("原件留在这里", "Originals left here"),
                Words(f"{zh}，办好还您，当面签收", f"{en}; returned to you against your signature"),
            )
        )
    return {
        "id": one["id"], "number": one["number"], "title": Words.of(one["title"]), "state": one["state"],
        "lines": [{"title": title, "value": value} for title, value in lines],
        "papers": [{"title": Words.of(p["title"]), "url": f"/counter/paper/{p['number']}"} for p in one["papers"]],
    }  # fmt: skip


# ---- what is missing ----


def notice(viewer: Viewer, found: Visit) -> dict[str, Any]:
    """Context of ``counter/notice.html``: all that is missing, over all items, each once, and where it comes from."""
    needed = {f"paper-{one.code}": one for one in checklist.papers(found)}
    left = checklist.missing(found)
    papers = [needed[one.anchor] for one in left if one.anchor in needed]
    rest = [one for one in left if one.anchor not in needed]
    until = saying.day(clock.now() + KEPT)
    names = [one.person.name for one in found.guests if one.person.name]
    return {
        **_from(viewer, found), "at": clock.now(), "url": f"/counter/visit/{found.id}", "name": "、".join(names),
        "items": [_wanted(found, key) for key in found.items], "nothing": not left,
        "papers": [_notice_paper(one, len(found.items) > 1) for one in papers],
        "answers": [{"title": one.title, "words": one.words} for one in rest],
        "held": [checklist.titled(one) for one in checklist.papers(found) if one.there],
        "until": Words(until, until), "mark": visits.mark(found),
    }  # fmt: skip


def _wanted(found: Visit, key: str) -> Words:
    """An item, and for whom, where several people came."""
    title = Words.of(found.titles[key])
    if len(found.guests) == 1:
        return title
    name = next(one.person.name for one in found.guests if one.number == visits.number_of(key))
    return Words(f"{name}：{title.zh}", f"{name}: {title.en}")


def _notice_paper(one: checklist.Needed, several: bool) -> dict[str, Any]:
    zh, en = "、".join(t.zh for t in one.items), ", ".join(t.en for t in one.items)
    return {
        "title": checklist.titled(one), "note": one.note, "from": one.source,
        "for": Words(f"办“{zh}”要用", f"For: {en}") if several else None,
    }  # fmt: skip
