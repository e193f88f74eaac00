"""A domain is checked when it is registered."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from types import ModuleType

import pytest

from doorstep.kernel.plug import Domain, register
from doorstep.rulebook.words import Words


@dataclass(frozen=True)
class _Route:
    path: str
    name: str


GOOD = Domain("bakery", Words("面包房", "Bakery"), routes=(_Route("bakery/", "bakery"),))


def _package(monkeypatch: pytest.MonkeyPatch, name: str, domain: object) -> str:
    module = ModuleType(f"town.{name}.domain")
    module.DOMAIN = domain  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "town", ModuleType("town"))
    monkeypatch.setitem(sys.modules, f"town.{name}", ModuleType(f"town.{name}"))
    monkeypatch.setitem(sys.modules, f"town.{name}.domain", module)
    return f"town.{name}"


def test_a_good_domain_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert register([_package(monkeypatch, "bakery", GOOD)])["bakery"] is GOOD


@pytest.mark.parametrize(
    ("folder", "domain", "said"),
    [
        ("bakery", object(), "no DOMAIN"),
        ("cellar", GOOD, "not called 'bakery'"),
        ("bakery", replace(GOOD, title=Words("面包房", "")), "both languages"),
        ("bakery", replace(GOOD, routes=(_Route("shop/", "shop"),)), "not under bakery/"),
        ("bakery", replace(GOOD, routes=GOOD.routes * 2), "two routes are called"),
        ("Bakery", replace(GOOD, name="Bakery"), "not a name"),
    ],
)
def test_a_wrong_domain_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, folder: str, domain: object, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        register([_package(monkeypatch, folder, domain)])


def test_two_domains_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    package = _package(monkeypatch, "bakery", GOOD)
    with pytest.raises(ValueError, match="already a domain"):
        register([package, package])
