"""What a domain adds to Doorstep: one declaration, checked when it is registered.

A domain is a folder under ``doorstep.domains`` with ``domain.py`` that holds ``DOMAIN = Domain(...)``, and
one line in the project's list. Delete the folder and the line, and it is gone.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from doorstep.rulebook import machine
from doorstep.rulebook.machine import Machine
from doorstep.rulebook.words import Words

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Committed:
    """What a reactor is told after the commit: ids and states, never what a person typed."""

    event_id: UUID
    matter_id: UUID
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A way into the domain from the start page of those who hold ``right`` for what is of this ``tier``."""

    title: Words
    hint: Words
    path: str
    right: str
    icon: str = "arrow-right"
    tier: str = "personal"


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a page of the kit that a domain fills: ``fill(request, viewer, subject)`` gives the template's context, or None."""

    name: str
    template: str
    fill: Callable[[Any, Any, Any], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Door:
    """Where a step that waits for a message is dealt with. ``path`` and ``staff_path`` are followed by the matter's id; staff
    need ``right``. ``say`` tells the applicant, from a matter that was read, what is waited for; ``when`` says
    for which time it is settled.
    """

    path: str
    do: Words
    icon: str
    say: Callable[[Any], Words]
    staff_path: str
    staff_do: Words
    right: str
    when: Callable[[Any], datetime | None] = lambda _: None


class Mandates(Protocol):
    """Who may act for whom: ``held`` gives the party in whose name the viewer may bring an item by a mandate, or refuses."""

    def held(self, viewer: Any, mandate_id: UUID, found: Any, /) -> UUID: ...
    def mine(self, viewer: Any, /) -> tuple[Any, ...]: ...


class _Nobody:
    """No domain knows of mandates: nobody acts for anybody."""

    def held(self, viewer: Any, mandate_id: UUID, found: Any) -> UUID:
        from doorstep.kernel.trust import not_found  # tables are not ready when domains are declared

        raise not_found()

    def mine(self, viewer: Any) -> tuple[Any, ...]:
        return ()


_doors: dict[str, Door] = {}
HAPPENS: dict[str, Words] = {}
"""What domains book about matters (`matter.book`), in words: by the kind of the event."""
_mandates: list[Mandates] = [_Nobody()]


def mandates() -> Mandates:
    """Whoever takes care of mandates."""
    return _mandates[-1]


def door(message: str) -> Door | None:
    """Where one goes for this message, if a domain takes care of it."""
    return _doors.get(message)


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain. Web and api mount ``routes`` and ``api``, web fills ``slots``; ``machines`` maps a matter kind to its machine,
    ``doors`` a message that steps wait for to its pages; ``happens`` names the kinds of events that it books;
    ``mandates`` says who acts for whom; ``chores`` are done again and
    again by the worker, every so many seconds, and say how much they did. ``applies`` run inside the verb's transaction
    (own tables only, raising aborts it); ``reacts`` run after the commit, at least once, with a `Committed`.
    """

    name: str
    title: Words
    routes: tuple[Any, ...] = ()
    tiles: tuple[Tile, ...] = ()
    slots: tuple[Slot, ...] = ()
    api: Any = None
    machines: Mapping[str, Machine] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)
    happens: Mapping[str, Words] = field(default_factory=dict)
    mandates: Mandates | None = None
    chores: tuple[tuple[Callable[[], int], float], ...] = ()
    applies: tuple[Callable[..., None], ...] = ()
    reacts: tuple[Callable[[Committed], None], ...] = ()


def adopt(domain: Domain) -> None:
    """Let the kernel use what a domain brings: its machines and doors."""
    for kind, moves in domain.machines.items():
        machine.register(kind, moves)
    _doors.update(domain.doors)
    HAPPENS.update(domain.happens)
    if domain.mandates is not None:
        _mandates.append(domain.mandates)


def register(packages: Iterable[str]) -> Mapping[str, Domain]:
    """The domains of these packages by name, each checked. Raises ValueError that says what is wrong."""
    found: dict[str, Domain] = {}
    for package in packages:
        domain = getattr(importlib.import_module(f"{package}.domain"), "DOMAIN", None)
        if not isinstance(domain, Domain):
            raise ValueError(f"{package}.domain: no DOMAIN = Domain(...)")
        for wrong in _wrong(package, domain, found):
            raise ValueError(f"{package}: {wrong}")
        found[domain.name] = domain
        adopt(domain)
    return MappingProxyType(found)


def _wrong(package: str, domain: Domain, found: Mapping[str, Domain]) -> Iterable[str]:
    """What is wrong with a declaration, one sentence each."""
    if not _NAME.match(domain.name):
        yield f"'{domain.name}' is not a name (small letters, digits, underscore)"
    if domain.name != package.rpartition(".")[2]:
        yield f"its folder is not called '{domain.name}'"
    if domain.name in found:
        yield f"there is already a domain '{domain.name}'"
    if not domain.title.zh or not domain.title.en:
        yield "its title needs both languages"
    routes = [route.name for other in found.values() for route in other.routes]
    for route in domain.routes:
        if route.name in routes:
            yield f"two routes are called '{route.name}'"
        routes.append(route.name)
        if not route.path.startswith(f"{domain.name}/"):
            yield f"route '{route.name}' is not under {domain.name}/"
    for kind in domain.machines:
        if any(kind in other.machines for other in found.values()):
            yield f"two machines for the kind '{kind}'"
