"""Filled towns, kept from one measurement to the next unless something they are made from has changed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.running import ROOT, Doorstep

CACHE = ROOT / "bench" / "cache"
"""Filled towns, the newest of each size. May be deleted at any time."""
_MEASURING = frozenset(
    {
        "__main__.py",
        "meter.py",
        "kept.py",
        "pages.py",
        "processes.py",
        "midway.py",
        "test_fill.py",
        "test_pages.py",
    }
)
"""What measures, and fills nothing."""


def filled(doorstep: Doorstep, matters: int) -> dict[str, Any]:
    """Start a town with so many matters, kept from an earlier run unless something it is made from has changed."""
    kept = CACHE / f"{matters}-{_made_from()}"
    if kept.exists():
        _copy(kept, doorstep.root)
        find_cluster(doorstep)
    else:
        doorstep.start(300)
        doorstep.stop()
        told = inside(doorstep, "tests.bench.town", "--matters", str(matters))
        (doorstep.root / "spread.json").write_text(told)
        for older in CACHE.glob(f"{matters}-*"):
            shutil.rmtree(older)
        _copy(doorstep.root, kept)
    doorstep.start(300)
    spread: dict[str, Any] = json.loads((doorstep.root / "spread.json").read_text())
    return spread


def find_cluster(doorstep: Doorstep) -> None:
    """After its directory was copied or moved: run by root, the cluster lies beside the data, and a link says where."""
    link = doorstep.data / "pg"
    if link.is_symlink():
        home = link.readlink()
        link.unlink()
        link.symlink_to(doorstep.root / "state" / home.parent.name / home.name)


def _made_from() -> str:
    """A fingerprint of the code and data that decide what a filled town holds."""
    digest = hashlib.sha256()
    for folder in ("doorstep/kernel", "doorstep/rulebook", "doorstep/sim", "packs", "regions", "tests/bench"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".yaml") and path.name not in _MEASURING:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _copy(source: Path, target: Path) -> None:
    """The whole directory with owners and rights; there whole or not at all."""
    part = target if target.exists() else target.with_suffix(".part")
    shutil.rmtree(target.with_suffix(".part"), ignore_errors=True)
    part.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", str(part)], check=True)
    if part != target:
        part.rename(target)


def inside(doorstep: Doorstep, module: str, *words: str) -> str:
    """What a module of ours prints, run with the environment of this Doorstep."""
    line = [sys.executable, "-m", module, *words]
    done = subprocess.run(
        line, env=doorstep.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return done.stdout


def commit() -> str:
    """The commit that is measured."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
