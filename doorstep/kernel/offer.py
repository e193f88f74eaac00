"""What is offered: published versions of packs, for everybody and for single places, with who published them and why.

A publication is all or nothing and never changed; of each item the last one that names it is in force. To go back is one
more publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from doorstep.kernel.models import PackOffer, PackVersion, Publication
from doorstep.kernel.row import fetch
from doorstep.rulebook import clock, pack
from doorstep.rulebook.pack import Offer
from doorstep.rulebook.words import Refused, Words

_IN_FORCE = """select o.code, o.unit_id, o.hash, o.first, o.last from pack_offer o
    join (select code, max(publication_id) as latest from pack_offer group by code) l
    on l.code = o.code and l.latest = o.publication_id order by o.id"""


@dataclass(frozen=True, slots=True)
class Made:
    """An item to be published: by unit (0: wherever no other says) the hash of the version for each time.

    ``source``: a fingerprint of what it was made of. No hash at all: it is offered no longer.
    """

    code: str
    source: bytes
    times: Mapping[int, Sequence[Offer]]


def contents(digests: Collection[bytes]) -> dict[bytes, str]:
    """What these published versions hold, by hash."""
    rows = PackVersion.objects.filter(hash__in=digests).values_list("hash", "content")
    return {bytes(digest): text for digest, text in rows}


def in_force() -> dict[str, dict[int, list[Offer]]] | None:
    """What is offered now, by item and unit; None in a program that has no database."""
    if not connection.settings_dict["HOST"]:
        return None
    found: dict[str, dict[int, list[Offer]]] = {}
    same: dict[Offer, Offer] = {}  # read each minute: what many places offer alike lies in memory once
    for code, unit_id, digest, first, last in fetch(_IN_FORCE):
        offer = Offer(bytes(digest), first, last)
        found.setdefault(code, {}).setdefault(unit_id, []).append(same.setdefault(offer, offer))
    return found


pack.versions_from(contents)
pack.offers_from(in_force)


def publish(
    made: Sequence[Made],
    versions: Sequence[pack.Pack],
    *,
    by: str,
    why: str,
    base: int | None = None,
    undoes: int | None = None,
) -> int:
    """Put these items in force, all or none, as the migrator. Returns the number of the publication.

    ``base``: the last publication that the publisher knew. Refused: "published-meanwhile" (409) if another named one of
    these items since; it says who, why and which.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("lock table publication in exclusive mode")
        if base is not None:
            refuse_meanwhile([one.code for one in made], base)
        at = clock.now()
        PackVersion.objects.bulk_create(
            (PackVersion(hash=one.hash, code=one.code, content=one.content, at=at) for one in versions),
            ignore_conflicts=True, batch_size=100,
        )  # fmt: skip
        number: int = Publication.objects.create(at=at, by=by, why=why, undoes=undoes).id
        PackOffer.objects.bulk_create(
            PackOffer(publication_id=number, code=one.code, unit_id=unit, hash=offer.hash, first=offer.first,
                      last=offer.last, source=one.source)
            for one in made for unit, offers in one.times.items() for offer in offers
        )  # fmt: skip
        return number


def refuse_meanwhile(codes: Collection[str], base: int) -> None:
    """Refused: "published-meanwhile" (409) if one of these items was published after ``base``: by whom, why and which."""
    later = PackOffer.objects.filter(code__in=codes, publication_id__gt=base).order_by("publication_id")
    touched = sorted(set(later.values_list("code", flat=True)))
    if not touched:
        return
    last = Publication.objects.get(id=max(later.values_list("publication_id", flat=True)))
    named = "、".join(touched)
    raise Refused(
        "published-meanwhile",
        Words(
            f"{last.by} 刚刚发布了 {named}（第 {last.id} 次发布：{last.why}）。您的改动还没有发布；请先预览一遍再发布。",
            f"{last.by} has just published {', '.join(touched)} (publication {last.id}: {last.why}). Yours is not published; "
            "preview it again first.",
        ),
        status=409,
    )


@dataclass(frozen=True, slots=True)
class Published:
    """A publication. ``versions``: item and unit (0: all others) to the hashes it offers; ``undoes``: what it takes back."""

    number: int
    at: datetime
    by: str
    why: str
    undoes: int | None
    versions: dict[tuple[str, int], tuple[bytes, ...]]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for code, _ in self.versions))


def history(code: str = "", units: Collection[int] = (), most: int = 100) -> tuple[Published, ...]:
    """Publications, the latest first; those of one item and for these units, if they are named."""
    rows = PackOffer.objects.filter(code=code) if code else PackOffer.objects.all()
    rows = rows.filter(unit_id__in=units) if units else rows
    numbers = rows.order_by("-publication_id").values_list("publication_id", flat=True).distinct()[:most]
    versions: dict[int, dict[tuple[str, int], tuple[bytes, ...]]] = defaultdict(dict)
    for row in rows.filter(publication_id__in=list(numbers)).order_by("id"):
        key, held = (row.code, row.unit_id), versions[row.publication_id]
        held[key] = (*held.get(key, ()), bytes(row.hash))
    told = Publication.objects.filter(id__in=list(numbers)).order_by("-id")
    return tuple(Published(one.id, one.at, one.by, one.why, one.undoes, versions[one.id]) for one in told)


def sources() -> dict[str, list[bytes]]:
    """The fingerprints of everything that was ever in force, by item, the latest last."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for code, source in PackOffer.objects.order_by("id").values_list("code", "source"):
        found[code].append(bytes(source))
    return found


def last() -> int:
    """The number of the last publication; 0 if there is none."""
    return Publication.objects.order_by("-id").values_list("id", flat=True).first() or 0


def before(number: int) -> list[Made]:
    """What was in force of the items of a publication before it. Refused: "no-publication" (404)."""
    codes = PackOffer.objects.filter(publication_id=number).values_list("code", flat=True).distinct()
    if not codes:
        raise Refused("no-publication", Words("没有这次发布。", "There is no such publication."), status=404)
    made = []
    for code in codes:
        rows = list(PackOffer.objects.filter(code=code, publication_id__lt=number).order_by("id"))
        times: dict[int, list[Offer]] = defaultdict(list)
        for row in (row for row in rows if row.publication_id == rows[-1].publication_id):
            times[row.unit_id].append(Offer(bytes(row.hash), row.first, row.last))
        made.append(Made(code, bytes(rows[-1].source) if rows else b"-", times or {0: [Offer(b"")]}))
    return made
