"""One checklist for a whole visit: a paper that several items need is asked for once, and goes to all of them.

What one family shows once (their household book) is one line for all who came; what is each one's own is a line for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from doorstep.domains.counter.basket import anchor, filled
from doorstep.domains.counter.visit import Entry, Visit, key_of
from doorstep.kernel.party import HELD
from doorstep.rulebook.field import Field, at_pointer
from doorstep.rulebook.pack.item import Asked
from doorstep.rulebook.words import Words
from doorstep.web.questions import pairs_from


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that stands between this visit and its acceptance, and where on the page it is mended."""

    anchor: str
    title: Words
    words: Words
    named: Words | None = None
    guest: int = 0


@dataclass(frozen=True, slots=True)
class Needed:
    """One paper of the visit: whose, for which entries, where its scans go (entry, pointer), and whether it is a must."""

    code: str
    title: Words
    whose: str
    items: tuple[Words, ...]
    entries: tuple[str, ...]
    note: Words | None
    source: Words
    required: bool
    must_scan: bool
    slots: tuple[tuple[str, str], ...]
    file_ids: tuple[str, ...]
    seen: bool
    left: bool
    made: bool

    @property
    def there(self) -> bool:
        return self.made or bool(self.file_ids) or (self.seen and not self.must_scan)


def papers(visit: Visit) -> list[Needed]:
    """One list for all; a paper that several need is there once."""
    found: dict[str, Needed] = {}
    for entry in visit.entries():
        data = filled(visit, entry)
        for asked in entry.item.materials:
            fields = [f for f in entry.item.form.fields if f.material == asked.material.code]
            slots = [f for f in fields if entry.item.form.asked(f, data)]
            if any(f.when for f in fields) and not slots:
                continue
            code = (
                asked.material.code
                if asked.material.family
                else key_of(asked.material.code, entry.guest.number)
            )
            slots = [f for f in slots if f.widget == "upload"]  # what is declared by a tick is no scan
            files = [str(v) for f in slots if (v := at_pointer(data, f.pointer))]
            found[code] = _joined(found.get(code), visit, entry, asked, code, slots, files)
    return list(found.values())


def _joined(
    before: Needed | None,
    visit: Visit,
    entry: Entry,
    asked: Asked,
    code: str,
    slots: list[Field],
    files: list[str],
) -> Needed:
    """The line of a paper with one more entry that needs it."""
    several = len(visit.guests) > 1 and not asked.material.family
    whose = entry.guest.person.name if several else ""
    fresh = Needed(
        code, asked.material.title, whose, (), (), asked.note, asked.material.source, False, False, (), (), code in visit.seen,
        code in visit.left, asked.material.made,
    )  # fmt: skip
    old = before or fresh
    titles = old.items if entry.item.title in old.items else (*old.items, entry.item.title)
    return replace(
        old,
        items=titles,
        entries=(*old.entries, entry.key),
        note=asked.note or old.note,
        required=asked.required or old.required,
        must_scan=any(f.required for f in slots) or old.must_scan,
        slots=(*old.slots, *((entry.key, f.pointer) for f in slots)),
        file_ids=tuple(dict.fromkeys([*old.file_ids, *files])),
    )


def spread(visit: Visit) -> Visit:
    """A scan that is there already goes to every item that asks for the same paper, also to one that was added later."""
    for needed in papers(visit):
        held = [key for key, pointer in needed.slots if at_pointer(visit.answers.get(key, {}), pointer)]
        if needed.file_ids and len(held) < len(needed.slots):
            visit = with_file(visit, needed.code, needed.file_ids[0])
    return visit


def with_file(visit: Visit, code: str, file_id: str | None) -> Visit:
    """Put a scan (or nothing) into every place that asks for this paper."""
    answers = {key: dict(data) for key, data in visit.answers.items()}
    forms = {entry.key: entry.item.form for entry in visit.entries()}
    for needed in papers(visit):
        for key, pointer in needed.slots if needed.code == code else ():
            pairs = [p for p in pairs_from(answers.get(key, {})) if p[0] != pointer]
            if file_id:
                pairs.append((pointer, file_id))
            answers[key] = forms[key].from_post(pairs)
    return replace(visit, answers=answers)


# ---- what is missing ----


def missing(visit: Visit) -> list[Missing]:
    """What stands between this visit and its acceptance, in the order of the page."""
    found = list(_people_missing(visit))
    for key in visit.halted:
        words = Words(
            "这一项刚刚停办。打过的字都留着；先去掉它，别的照办。",
            "This is not offered any more. What was typed is kept; take it out and go on with the rest.",
        )
        found.append(Missing(f"halt-{key}", Words.of(visit.titles[key]), words))
    uploads: list[Missing] = []
    for entry in visit.entries():
        found += _answers_missing(visit, entry, uploads)
    return found + list(_papers_missing(visit, uploads))


def _people_missing(visit: Visit) -> Iterator[Missing]:
    with_items = {entry.guest.number for entry in visit.entries()}
    for guest in visit.guests:
        if not guest.checked and (guest.number in with_items or not with_items):
            words = Words("先核对来的人。", "Identify the visitor first.")
            title = Words("核对证件", "identify the visitor")
            if guest.person.name:
                title = Words(f"核对{guest.person.name}的证件", f"identify {guest.person.name}")
            yield Missing("who", title, words, guest=guest.number)


def _answers_missing(visit: Visit, entry: Entry, uploads: list[Missing]) -> Iterator[Missing]:
    """The faults of one form; those of papers go to ``uploads``."""
    for fault in entry.item.form.validate(filled(visit, entry)):
        one = entry.item.form.field(fault.pointer)
        if one is not None and one.fact in HELD:
            if entry.guest.checked:
                yield Missing("who", one.title, fault.words, guest=entry.guest.number)
        elif one is not None and one.material:
            code = _paper_code(entry, one)
            uploads.append(Missing(f"paper-{code}", _paper(one, entry), fault.words))
        else:
            title = one.title if one else entry.item.title
            yield Missing(anchor(entry.key, fault.pointer), title, fault.words)


def _paper_code(entry: Entry, one: Field) -> str:
    family = any(a.material.family for a in entry.item.materials if a.material.code == one.material)
    return one.material if family else key_of(one.material, entry.guest.number)


def _paper(one: Field, entry: Entry) -> Words:
    titles = (a.material.title for a in entry.item.materials if a.material.code == one.material)
    return next(titles, one.title)


def _papers_missing(visit: Visit, uploads: Iterable[Missing]) -> Iterator[Missing]:
    told = {one.anchor: one for one in uploads}
    for needed in papers(visit):
        at = f"paper-{needed.code}"
        if at in told:
            yield replace(told[at], title=titled(needed))
        elif needed.required and not needed.there:
            words = Words(
                "看过原件请打勾，或者扫描进来。", "Tick it once you have seen the original, or scan it."
            )
            yield Missing(at, titled(needed), words, titled(needed))


def titled(needed: Needed) -> Words:
    """What a line is called: whose it is stands in front where several people came."""
    if not needed.whose:
        return needed.title
    return Words(f"{needed.whose}的{needed.title.zh}", f"{needed.title.en} of {needed.whose}")
