"""Packs: the services that the police offer, one YAML file each. The public door of this room."""

from doorstep.kernel.pack.example import Told, run_examples
from doorstep.kernel.pack.item import Give, Library, Pack
from doorstep.kernel.pack.lint import check
from doorstep.kernel.pack.order import fmt
from doorstep.kernel.pack.shelf import (
    ROOT,
    add_version,
    all_purposes,
    current,
    every,
    fingerprints,
    forget,
    load_pack,
    offers_from,
    pack_files,
    version,
    versions_from,
)
from doorstep.kernel.pack.source import Finding, Unusable

__all__ = [
    "ROOT",
    "Finding",
    "Give",
    "Library",
    "Pack",
    "Told",
    "Unusable",
    "add_version",
    "all_purposes",
    "check",
    "current",
    "every",
    "fingerprints",
    "fmt",
    "forget",
    "load_pack",
    "offers_from",
    "pack_files",
    "run_examples",
    "version",
    "versions_from",
]
