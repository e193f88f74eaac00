"""The catalogue: what can be brought, where, with what, until when, for how much."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field, RootModel

from doorstep.api.answer import Duration, In, Money, Out, Text, said
from doorstep.api.guard import Asked, operation
from doorstep.kernel.org import reach_at
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack.dated import Dated
from doorstep.rulebook.pack.item import Asked as AskedMaterial
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.region_profile import RegionProfile, load_profiles
from doorstep.rulebook.words import Refused, Words
from doorstep.web.finding import Hit, find
from doorstep.web.places import brought, offered
from doorstep.web.routes import PUBLIC

router = Router(tags=["items"])


class ItemCard(Out):
    """An item as a list shows it. ``fee``: the most it may cost, null if nothing or if only the answers say; ``promise`` 0: done
    on the spot.
    """

    code: str
    branch: str
    title: Text
    summary: Text
    channels: list[str]
    promise: Duration
    fee: Money | None


class Items(Out):
    results: list[ItemCard]
    count: int


class Law(Out):
    title: Text
    sure: bool


class Material(Out):
    code: str
    title: Text
    source: Text
    required: bool
    note: Text | None
    made: bool
    """It comes out of the answers: nobody brings it."""


class Fee(Out):
    """One fee: owed if the answers are those of ``when`` (pointer to values). ``amount`` null: the answer ``field`` says it."""

    title: Text | None
    amount: Money | None
    field: str | None
    when: dict[str, Any]
    source: str
    sure: bool


class Less(Out):
    """Who pays ``percent`` less, and by what it is proved."""

    title: Text
    shows: Text
    percent: int
    law: Text | None
    sure: bool


class Stage(Out):
    """A step of the flow: who acts, and the outcomes that `act` takes there."""

    step: str
    title: Text
    by: str
    outcomes: list[str]
    limit: Duration | None


class SetBy(Out):
    """A value that the layer of a province, city, county or station set; what is not listed holds in the whole country."""

    value: Annotated[str, Field(description="name of the value, such as /limits/promise")]
    level: str
    layer: Text
    why: Text
    source: str


class Item(ItemCard):
    """Everything needed to apply. ``form`` is JSON Schema 2020-12 with x- hints: what `data` must be."""

    guide: dict[str, Text]
    law: list[Law]
    statutory: Duration | None
    materials: list[Material]
    fees: list[Fee]
    reductions: list[Less]
    flow: list[Stage]
    reasons: dict[str, dict[str, Text]]
    purposes: dict[str, Text]
    gives: list[Text]
    form: dict[str, Any]
    version: Annotated[str, Field(description="hash of the pack")]
    layers: list[SetBy]


class ProfileGroup(Out):
    title: Text
    codes: list[str]


class Profile(Out):
    """The items that a place or a platform of a region offers. ``modes``: online, how far each goes (do whole, do apply …)."""

    profile: str
    title: Text
    count: int
    published: Annotated[int, Field(description="how many of them are offered by this installation today")]
    codes: list[str]
    through: list[str]
    through_one: list[str]
    groups: list[ProfileGroup]
    modes: dict[str, list[str]]


class Profiles(RootModel[list[Profile]]):
    """What a region says is done where."""


class Question(In):
    """What somebody wants, in their own words."""

    text: str = Field(min_length=1, max_length=1000)


class Guess(Out):
    """An item that may be meant, how well it fits (0 to 1), and which of its names the words come close to."""

    item: str
    title: Text
    score: float
    why: Text


class Guesses(RootModel[list[Guess]]):
    """At most three, best first."""


@operation(router, "GET", "/items", right=PUBLIC, answer=Items)
def list_items(
    request: Asked,
    q: Annotated[str, Query(max_length=100, description="code, or part of a title or of a common name")] = "",
    branch: str = "",
    point: Annotated[str, Query(description="code of a point of service")] = "",
    region_: Annotated[str, Query(alias="region", description="code of a region")] = "",
    channel: str = "",
) -> HttpResponse:
    """What can be brought here, narrowed by words, branch, point, region and channel. With ``point`` as it holds there."""
    here = pack.listed(reach_at(point) if point else ()) if region_ in ("", region().code) else ()
    shown = brought(here, channel, point) if channel or point or not here else offered()
    found = [one for one in shown if not branch or one.branch == branch]
    cards = [ItemCard(**_card(one)) for one in (_best_first(found, q) if q.strip() else found)]
    return said(Items(results=cards, count=len(cards)))


@operation(router, "GET", "/items/{code}", right=PUBLIC, answer=Item)
def read_item(
    request: Asked,
    code: str,
    point: Annotated[str, Query(description="code of a point of service: the item as it holds there")] = "",
) -> HttpResponse:
    """One item with its guide, materials, form, flow and reasons; and which values a layer set, and why."""
    return said(_item(pack.current(code, reach_at(point) if point else ())))


@operation(router, "GET", "/regions/{name}/profiles", right=PUBLIC, answer=Profiles)
def list_profiles(request: Asked, name: str) -> HttpResponse:
    """What is done where in a region, as its lists say: each with its items, its channels and its groups."""
    try:
        found = load_profiles(name)
    except LookupError:
        words = Words("没有这个地方的清单。", "There are no lists of this region.")
        raise Refused("no-region", words, status=404) from None
    held = pack.digests()
    return said(Profiles([_profile(one, held) for one in found.values()]))


def _profile(one: RegionProfile, held: Collection[str]) -> Profile:
    return Profile(
        profile=one.code, title=Text.of(one.title), count=len(one.items), codes=list(one.items),
        published=sum(code in held for code in one.items),
        through=list(one.through), through_one=list(one.through_one),
        groups=[ProfileGroup(title=Text.of(group.title), codes=list(group.items)) for group in one.groups],
        modes={kind: list(codes) for kind, codes in one.extent.items() if codes},
    )  # fmt: skip


@operation(router, "POST", "/guide", right=PUBLIC, answer=Guesses, keyed=False)
def guide(request: Asked, asked: Question) -> HttpResponse:
    """Which items may be meant, best first, at most three; none when nothing fits.

    Nothing of the text is kept, so it needs no Idempotency-Key.
    """
    hits = find(asked.text, offered())
    return said(
        Guesses(
            [
                Guess(item=h.pack.code, score=round(h.score, 3), why=_why(h), title=Text.of(h.pack.title))
                for h in hits
            ]
        )
    )


def _why(hit: Hit) -> Text:
    return Text(zh=f"和“{hit.name}”相近", en=f"close to “{hit.name}”")


def _best_first(packs: list[pack.Pack], q: str) -> list[pack.Pack]:
    """Those that fit the words as a person means them, then those that hold the words as they stand."""
    ranked = [hit.pack for hit in find(q, packs, most=len(packs))]
    return ranked + [one for one in packs if one not in ranked and _says(one, q)]


def _says(one: pack.Pack, q: str) -> bool:
    """Does the item answer to these words? Every word must be in its code, a title or a name people use."""
    told = " ".join(
        [one.code, one.title.zh, one.title.en, one.summary.zh, one.summary.en,
         *(name for names in one.aliases.values() for name in names)]
    ).casefold()  # fmt: skip
    return all(word in told for word in q.casefold().split())


def _card(one: pack.Pack) -> dict[str, Any]:
    return {
        "code": one.code, "branch": one.branch, "title": Text.of(one.title), "summary": Text.of(one.summary),
        "channels": list(one.channels), "promise": Duration.of(one.promise), "fee": fee_of(one),
    }  # fmt: skip


def fee_of(one: pack.Pack) -> Money | None:
    """What the item costs today."""
    row = one.fee(_today())
    return Money(amount=str(row.value["amount"]), currency=str(row.value["currency"])) if row else None


def _today() -> date:
    return clock.now().astimezone(calendar().zone).date()


def _fee(row: Dated) -> Fee:
    value = row.value
    return Fee(
        title=Text.of(Words.of(value["title"])) if "title" in value else None,
        amount=Money(amount=value["amount"], currency=value["currency"]) if "amount" in value else None,
        field=value.get("field"), when=dict(value.get("when") or {}), source=row.source, sure=row.sure,
    )  # fmt: skip


def _item(one: pack.Pack) -> Item:
    return Item(
        **_card(one),
        guide={name: Text.of(words) for name, words in one.guide.items()},
        law=[Law(title=Text.of(title), sure=sure) for title, sure in one.law],
        statutory=Duration.of(one.statutory) if one.statutory else None,
        materials=[_material(asked) for asked in one.materials],
        fees=[_fee(row) for row in one.fees(_today())],
        reductions=[
            Less(
                title=Text.of(less.title),
                shows=Text.of(less.shows),
                percent=less.percent,
                law=Text.of(less.law) if less.law else None,
                sure=less.sure,
            )
            for less in one.reductions(on=_today())
        ],
        flow=[_stage(step) for step in one.flow.steps.values() if step.shown],
        reasons={
            outcome: {name: Text.of(words) for name, words in listed.items()}
            for outcome, listed in one.reasons.items()
        },
        purposes={name: Text.of(words) for name, words in one.purposes.items()},
        gives=[Text.of(give.title) for give in one.gives],
        form=one.raw["form"],
        version=one.hash.hex(),
        layers=[_set_by(name, told[-1]) for name, told in one.provenance.items()],
    )


def _set_by(name: str, told: Mapping[str, Any]) -> SetBy:
    layer, why = Words.of(told["title"]), Words.of(told["why"])
    return SetBy(
        value=name, level=told["level"], layer=Text.of(layer), why=Text.of(why), source=told["source"]
    )


def _material(asked: AskedMaterial) -> Material:
    return Material(
        code=asked.material.code, title=Text.of(asked.material.title), source=Text.of(asked.material.source),
        required=asked.required, note=Text.of(asked.note) if asked.note else None,
        made=asked.material.made,
    )  # fmt: skip


def _stage(step: Step) -> Stage:
    return Stage(
        step=step.id, title=Text.of(step.title), by=step.by, outcomes=list(step.outcomes),
        limit=Duration.of(step.limit) if step.limit else None,
    )  # fmt: skip
