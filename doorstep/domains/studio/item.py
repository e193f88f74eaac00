"""The pages about one item: everything that its pack says, as people read it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe
from ruamel.yaml import YAML

from doorstep.domains.studio import counts, dated, face, origin, sample
from doorstep.domains.studio.card import ran, run
from doorstep.domains.studio.difference import key_of
from doorstep.domains.studio.frame import head, show
from doorstep.domains.studio.history import history, layered
from doorstep.domains.studio.movable import movable_now
from doorstep.domains.studio.order import fmt
from doorstep.domains.studio.show import shown, svg
from doorstep.domains.studio.show.svg import BY
from doorstep.domains.studio.story import stories
from doorstep.domains.studio.tables import tables
from doorstep.kernel.offer import Published
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock, pack
from doorstep.rulebook.field import Field
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack import Give, Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import CHANNELS, KINDS, WHO
from doorstep.web.language import lang

_TYPES = {
    "bpmn": ("application/xml", "bpmn"),
    "dmn": ("application/xml", "dmn"),
    "svg": ("image/svg+xml", "svg"),
    "yaml": ("application/yaml", "yaml"),
}
_CLASSES = {
    "public": Words("公开", "public"), "personal": Words("个人信息", "personal"), "secret": Words("敏感信息", "sensitive"),
}  # fmt: skip
_LATE = {
    "escalate": Words("报给上级", "the supervisor is told"), "remind": Words("催办", "a reminder goes out"),
    "lapse": Words("这一步失效", "the step lapses"), "open": Words("另开一步", "another step opens"),
    "fail": Words("算没有答复", "counts as no answer"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the pack in both languages."""

    name: Words
    words: Words


@dataclass(frozen=True, slots=True)
class Kept:
    """One question as data: what class, which fact, what proves it."""

    title: Words
    fact: str
    class_: str
    class_words: Words
    proofs: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper with its sample."""

    template: str
    title: Words
    prefix: str
    at: Words
    valid: tuple[dated.Line, ...]


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the flow, in a row."""

    title: Words
    by: Words
    limit: Words | None
    late: Words | None
    outcomes: tuple[Words, ...]


def one(request: HttpRequest, viewer: Viewer, item: str, part: str = "") -> HttpResponse:
    """One part of an item. Refused: "no-item", "not-found" for a part that there is not."""
    found, unit = _found(request, item)
    if part not in _PARTS:
        raise not_found()
    context = {**head(found, part, unit), **_PARTS[part](request, found)}
    return show(request, part or "item", context)


def plain(request: HttpRequest, viewer: Viewer, item: str) -> HttpResponse:
    """The address as people type it leads to the item. Refused: "no-item", "no-unit"."""
    found, _ = _found(request, item)
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"/studio/{found.code}/{'?' if query else ''}{query}")


def examples(request: HttpRequest, viewer: Viewer, item: str) -> HttpResponse:
    """The examples as stories; a post runs them. The result is kept with the content that it is of."""
    found, unit = _found(request, item)
    told = run(found) if request.method == "POST" else ran(found)
    return show(request, "examples", {**head(found, "examples", unit), **_told(found, told)})


def download(request: HttpRequest, viewer: Viewer, item: str, form: str) -> HttpResponseBase:
    """The item as a file that other tools read: bpmn, dmn, svg, yaml. Refused: "no-item", "not-found"."""
    found, _ = _found(request, item)
    if form not in _TYPES or (form == "dmn" and not found.tables):
        raise not_found()
    media, suffix = _TYPES[form]
    text = written(found) if form == "yaml" else shown(found, form, lang())
    return HttpResponse(
        text, content_type=f"{media}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.code}.{suffix}"'},
    )  # fmt: skip


def paper(request: HttpRequest, viewer: Viewer, item: str, template: str, kind: str) -> HttpResponseBase:
    """A sample of a paper, as ``pdf`` or ``png``. Refused: "no-item", "not-found"."""
    found, _ = _found(request, item)
    give = next((one for one in found.gives if one.template == template), None)
    if give is None or kind not in ("pdf", "png"):
        raise not_found()
    content = sample.drawn(found, give, lang=lang(), picture=kind == "png")
    media = "image/png" if kind == "png" else "application/pdf"
    name = f'inline; filename="{found.code}-{template}.{kind}"'
    return HttpResponse(content, content_type=media, headers={"Content-Disposition": name})


def _found(request: HttpRequest, item: str) -> tuple[Pack, str]:
    """The item as it is in the place that is looked at, and that place. Refused: "no-item", "no-unit"."""
    unit = request.GET.get("unit", "")
    return layered(item, unit), unit


def written(found: Pack) -> str:
    """A published pack as the file it could be, in the order of the formatter."""
    return _written(found.content)


@lru_cache(maxsize=32)
def _written(content: str) -> str:
    out = io.StringIO()
    YAML().dump(Pack.from_content(content).raw, out)
    return fmt(out.getvalue())


def way(found: Pack) -> dict[str, Any]:
    """The flow drawn, in the reader's language and the colours of the page, and its steps. ``wide``: it has branches."""
    drawn: SafeString = mark_safe(svg(found.flow, found.title, lang(), dressed=False))  # noqa: S308 - svg() escapes every text
    return {"picture": drawn, "wide": len(found.flow.blocks) > 1, "steps": steps(found)}


def steps(found: Pack) -> tuple[StepLine, ...]:
    """The steps in the order in which they are written."""
    return tuple(
        _step(one) for one in found.flow.steps.values() if one.kind not in ("correct", "hand", "each")
    )


def _step(step: Step) -> StepLine:
    late = _LATE.get(step.on_late) if step.limit else None
    outcomes = tuple(step.label(one) for one in step.outcomes)
    return StepLine(step.title, BY[step.by], step.limit.words if step.limit else None, late, outcomes)


def _item(request: HttpRequest, found: Pack) -> dict[str, Any]:
    return {
        "texts": _texts(found), "channels": [CHANNELS[one] for one in found.channels],
        "kind": KINDS[found.raw["kind"]], "who": [WHO[one] for one in found.raw["for"]], "fees": dated.fees(found),
    }  # fmt: skip


def _texts(found: Pack) -> tuple[Text, ...]:
    names = {
        "who": Words("谁能办", "Who"), "where": Words("在哪办", "Where"), "how": Words("怎么办", "How"),
        "next": Words("办了以后", "What comes next"),
    }  # fmt: skip
    aliases = Words("、".join(found.aliases["zh"]), ", ".join(found.aliases["en"]))
    return (
        Text(Words("名称", "Title"), found.title),
        Text(Words("一句话", "Summary"), found.summary),
        Text(Words("别的叫法", "Other names"), aliases),
        *(Text(names.get(name, Words("另外", "Besides")), words) for name, words in found.guide.items()),
        Text(Words("填表前告诉", "Told before typing"), Words.of(found.privacy["notice"])),
    )


def _form(request: HttpRequest, found: Pack) -> dict[str, Any]:
    look = face.look_of(request)
    here = face.face(request, found, look)
    at = replace(look, page=here.id)

    def to(words: Words, on: bool, **changed: Any) -> Way:
        return Way(at.url(found, **changed), words, on)

    return {
        "look": at, "face": here, "last": here.id == face.LAST,
        "ways": [to(words, way == at.way, way=way) for way, words in face.WAYS.items()],
        "devices": [(icon, to(words, name == at.device, device=name)) for name, (icon, words, _) in face.DEVICES.items()],
        "tongues": [to(words, code == at.tongue, tongue=code) for code, words in face.TONGUES.items()],
        "pages": [to(title, one == here.id, page=one) for one, title in face.pages(found, look)],
        "told": [to(Words.of(one["name"]), number == at.example, example=number)
                 for number, one in enumerate(found.raw["examples"], 1)],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """A link to another look at the same thing."""

    url: str
    words: Words
    here: bool


def _flow(request: HttpRequest, found: Pack) -> dict[str, Any]:
    return way(found)


def _tables(request: HttpRequest, found: Pack) -> dict[str, Any]:
    hit = counts.hits(found) if found.tables else {}
    return {"tables": tables(found, hit), "latest": counts.LATEST}


def _limits(request: HttpRequest, found: Pack) -> dict[str, Any]:
    return {"limits": dated.limits(found), "fees": dated.fees(found), "reductions": dated.reductions(found)}


def _papers(request: HttpRequest, found: Pack) -> dict[str, Any]:
    return {"sheets": [_sheet(found, give) for give in found.gives]}


def _sheet(found: Pack, give: Give) -> Sheet:
    step = found.flow.step(give.step)
    said = step.label(give.outcome) if give.outcome in step.outcomes else None
    at = Words(f"{step.title.zh}：{said.zh}", f"{step.title.en}: {said.en}") if said else step.title
    raw = next(one for one in found.raw["gives"] if one["paper"] == give.template)
    return Sheet(give.template, give.title, give.prefix, at, dated.validity(raw.get("valid") or ()))


def _told(found: Pack, told: Any) -> dict[str, Any]:
    listed = stories(found, told)
    return {"stories": listed, "ran": told is not None, "failed": sum(not one.ok for one in listed)}


def _privacy(request: HttpRequest, found: Pack) -> dict[str, Any]:
    privacy = found.privacy
    return {
        "purpose": found.purposes.get(found.purpose), "basis": Words.of(privacy["basis"]), "notice": Words.of(privacy["notice"]),
        "retention": dated.retention(found), "purposes": [w for name, w in found.purposes.items() if name != found.purpose],
        "kept": [_kept(found, item) for one in found.form.fields for item in (one.items or (one,))],
        "figures": [_figure(found, of) for of in (found.raw.get("figures") or {}).values()],
    }  # fmt: skip


def _kept(found: Pack, one: Field) -> Kept:
    fact = found.library.facts.get(one.fact)
    proofs = tuple(
        material.title
        for code in (fact.proved_by if fact else ())
        if (material := found.library.materials.get(code))
    )
    return Kept(one.title, one.fact, one.class_, _CLASSES[one.class_], proofs)


def _figure(found: Pack, of: Any) -> Words:
    pointer = of["count"] if isinstance(of, dict) else of
    field = found.form.field(pointer)
    title = field.title if field else Words(pointer, pointer)
    return Words(f"{title.zh}（几个）", f"{title.en} (how many)") if isinstance(of, dict) else title


@dataclass(frozen=True, slots=True)
class Edition:
    """One publication as it concerns a place: the version that it put in force there, and how many matters run on it."""

    published: Published
    digest: bytes
    now: bool
    open: int

    @property
    def mark(self) -> str:
        """The beginning of the version's hash: enough to tell versions of an item apart."""
        return self.digest.hex()[:10]

    @property
    def key(self) -> str:
        """How the version is named where two are compared."""
        return key_of(self.digest)


def _layers(request: HttpRequest, found: Pack) -> dict[str, Any]:
    unit, today = request.GET.get("unit", ""), calendar().day_of(clock.now())
    return {
        "origins": origin.origins(found, today), "untouched": origin.untouched(found, today), "left": origin.left(found),
        "editions": _editions(found, unit), "moving": movable_now(found.code),
    }  # fmt: skip


def _editions(found: Pack, unit: str) -> tuple[Edition, ...]:
    """What was published of this item for one place, the latest first."""
    running, seen, listed = counts.open_matters().get(found.code, {}), False, []
    for one in history(found.code):
        held: dict[int, list[pack.Offer]] = {}
        for (_, place), digests in one.versions.items():
            held[place] = [pack.Offer(digest) for digest in digests]
        if digest := origin.digest_in(held, unit, calendar().day_of(clock.now())):
            now = not seen and digest == found.hash
            listed.append(Edition(one, digest, now, running.get(digest, 0)))
            seen = seen or now
    return tuple(listed)


_PARTS: Mapping[str, Callable[[HttpRequest, Pack], dict[str, Any]]] = {
    "": _item, "form": _form, "flow": _flow, "tables": _tables, "limits": _limits, "papers": _papers, "privacy": _privacy,
    "layers": _layers,
}  # fmt: skip
