"""Packs: the services that the police offer, one YAML file each. The public door of this room."""

from doorstep.rulebook.pack.item import Give, Library, Pack
from doorstep.rulebook.pack.shelf import (
    ROOT,
    Offer,
    add_version,
    all_purposes,
    current,
    digests,
    every,
    fingerprints,
    forget,
    listed,
    load_pack,
    no_item,
    offers,
    offers_from,
    pack_files,
    version,
    versions_from,
)
from doorstep.rulebook.pack.source import Finding, Unusable

__all__ = [
    "ROOT",
    "Finding",
    "Give",
    "Library",
    "Offer",
    "Pack",
    "Unusable",
    "add_version",
    "all_purposes",
    "current",
    "digests",
    "every",
    "fingerprints",
    "forget",
    "listed",
    "load_pack",
    "no_item",
    "offers",
    "offers_from",
    "pack_files",
    "version",
    "versions_from",
]
