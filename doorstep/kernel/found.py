"""Founding a deployment: what its database must hold before anybody can come in. Runs as the migrator, again at every start.

Facts are set once: a database that was founded as a demonstration stays one, and one that was not never becomes one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from doorstep.kernel.crypto import make_keys
from doorstep.kernel.models import Fact, Point, Unit
from doorstep.kernel.trust import keys
from doorstep.rulebook.region import Region, region
from doorstep.rulebook.words import Refused, Words


def found(*, demo: bool) -> None:
    """Bring facts and units in line with the region's files; points follow with their layers (`settle_points`).

    Refused: "demo" when the database was founded the other way; nothing is changed then.
    """
    place = region()
    if is_founded_as_demo() is None:
        make_keys(Path(settings.SECRETS_DIR))
    _fact_once("keys", keys().mark)
    _fact_once("demo", demo)
    _fact_once("region", place.code)
    _units(place)


def is_founded_as_demo() -> bool | None:
    """Whether this database is a demonstration; None when it was never founded."""
    return Fact.objects.filter(name="demo").values_list("value", flat=True).first()


def set_fact(name: str, value: Any) -> None:
    """Write one fact of a demo database (its logins, its history); those that name its kind stay as they are."""
    if name in ("demo", "region", "keys"):
        raise ValueError(f"{name} is set at founding and never again")
    Fact.objects.update_or_create(name=name, defaults={"value": value})


def _fact_once(name: str, value: Any) -> None:
    row, new = Fact.objects.get_or_create(name=name, defaults={"value": value})
    if not new and row.value != value:
        raise Refused(
            "demo",
            Words(
                f"这个数据库建立时 {name}={row.value}，不能当作 {value} 启动。数据没有改动；请换一个数据目录。",
                f"This database was founded with {name}={row.value} and cannot be started as {value}. Nothing was changed; "
                "use another data directory.",
            ),
        )


def _units(place: Region) -> None:
    ids = {u["code"]: u["id"] for u in place.units}
    known = {u["code"]: u for u in place.units}
    for raw in place.units:
        chain = _chain(raw, known)
        Unit.objects.update_or_create(
            id=raw["id"],
            defaults={
                "code": raw["code"], "kind": raw["kind"], "zh": raw["name"]["zh"], "en": raw["name"]["en"],
                "parent_id": ids.get(raw.get("parent", "")), "division": str(raw["division"]),
                "city": chain["city"], "county": chain.get("county"),
                "station": raw["id"] if raw["kind"] not in ("city", "county") else None,
            },
        )  # fmt: skip


def _chain(raw: dict[str, Any], known: dict[str, dict[str, Any]]) -> dict[str, int]:
    """City and county a unit belongs to. A hall or station directly under the city has no county."""
    found_ids: dict[str, int] = {}
    here: dict[str, Any] | None = raw
    while here is not None:
        if here["kind"] in ("city", "county"):
            found_ids[here["kind"]] = here["id"]
        here = known.get(here.get("parent", ""))
    return found_ids


def settle_points(place: Region) -> list[str]:
    """Bring the points in line with what region and layers say, as the migrator. Returns the codes of those that changed."""
    units, changed = {u["code"]: u["id"] for u in place.units}, []
    held = {one.id: one for one in Point.objects.all()}
    for raw in place.points:
        told = {
            "code": raw["code"], "unit_id": units[raw["unit"]], "kind": raw["kind"],
            "zh": raw["name"]["zh"], "en": raw["name"]["en"], "address_zh": raw["address"]["zh"],
            "address_en": raw["address"]["en"], "lon": raw.get("lon"), "lat": raw.get("lat"),
            "phone": raw.get("phone", ""), "hours": raw.get("hours", {}), "channels": raw["channels"],
            "sure": raw.get("sure", True), "takes": raw.get("takes", {}),
        }  # fmt: skip
        was = held.get(raw["id"])
        if was is None or any(getattr(was, key) != value for key, value in told.items()):
            Point.objects.update_or_create(id=raw["id"], defaults=told)
            changed.append(str(raw["code"]))
    return changed
