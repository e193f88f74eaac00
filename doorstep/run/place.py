"""The data directory: what lies where, that it is ours, that only one runs on it, that it has room."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from doorstep.kernel.crypto import make_keys
from doorstep.rulebook.region_profile import FOLDER as REGIONS
from doorstep.rulebook.words import Words
from doorstep.run.halt import DISK_FULL, FAILED, SECOND_INSTANCE, USAGE, WRONG_DATA, Halt

FORMAT: Final = 1
"""The layout of the data directory. A higher number on disk was written by a newer Doorstep."""

FREE_NEW: Final = 192 * 2**20
"""A new database takes about 40 MB, its write-ahead log grows to twice that within minutes."""
FREE_OLD: Final = 48 * 2**20
"""Below this PostgreSQL soon stops in the middle of a transaction: refusing at the door is kinder."""


@dataclass(frozen=True)
class Place:
    """One data directory. ``home`` holds the database, ``data`` everything else (see docs/running.md)."""

    data: Path
    state: Path

    @classmethod
    def from_env(cls) -> Place:
        """From DOORSTEP_DATA and DOORSTEP_STATE."""
        data = Path(os.environ.get("DOORSTEP_DATA") or "var")
        state = Path(os.environ.get("DOORSTEP_STATE") or "/var/lib/doorstep")
        return cls(data.absolute(), state.absolute())

    @property
    def pg(self) -> Path:
        """The database cluster; when run by root this is a link into ``state``."""
        return self.data / "pg"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def log(self) -> Path:
        return self.data / "log"

    @property
    def server_file(self) -> Path:
        """Where the database listens, for every other process: {host, port, dbname}."""
        return self.data / "server.json"

    def prepare(self, *, demo: bool = False) -> None:
        """Makes the directory (0700) or recognises it. Refuses one that is not ours or is from a newer
        version.
        """
        try:
            self._make(demo)
        except OSError as error:
            raise _refusal(error, self.data) from error

    def _make(self, demo: bool) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = self.data / "instance.json"
        if not mark.exists():
            self._refuse_strangers()
            self.data.chmod(0o700)
            make_keys(self.secrets)  # before the mark: a directory that has it never gets other keys
            told = {"instance": uuid.uuid4().hex, "format": FORMAT, "demo": demo}
            write_private(mark, json.dumps(told | {"region": os.environ.get("DOORSTEP_REGION", "")}))
        if self.instance.get("format", 0) > FORMAT:
            raise Halt(WRONG_DATA, _NEWER.format(path=self.data))
        for folder in (self.secrets, self.log):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _refuse_strangers(self) -> None:
        if self.data.stat().st_uid != os.geteuid():
            raise Halt(WRONG_DATA, _OWNER.format(path=self.data))
        harmless = ("lost+found", "secrets")  # the second: left by a first start that was broken off
        names = [p.name for p in self.data.iterdir() if not p.name.startswith(".") and p.name not in harmless]
        if names:
            raise Halt(WRONG_DATA, _FOREIGN.format(path=self.data, name=sorted(names)[0]))

    @property
    def instance(self) -> dict[str, Any]:
        """{instance, format, demo, region}; empty before `prepare`. Refuses a file nobody can read."""
        try:
            found: dict[str, Any] = json.loads((self.data / "instance.json").read_text())
        except FileNotFoundError:
            return {}
        except (ValueError, PermissionError) as error:
            raise Halt(WRONG_DATA, _OWNER.format(path=self.data)) from error
        return found

    def choose_region(self, name: str = "") -> None:
        """Every process started from here on is of this region: as named, else as DOORSTEP_REGION says, else as the directory was
        made for. Refused: a region that is not there; another than the one of this directory.
        """
        made = self.instance.get("region", "") if self.instance else None
        wanted = name or os.environ.get("DOORSTEP_REGION", "") or made or ""
        if name and not (REGIONS / name / "region.yaml").is_file():
            known = ", ".join(sorted(path.parent.name for path in REGIONS.glob("*/region.yaml")))
            raise Halt(USAGE, _NO_REGION.format(name=name, known=known))
        if name and made and made != name:
            raise Halt(WRONG_DATA, _OTHER_REGION.format(path=self.data, made=made, name=name))
        if wanted:
            os.environ["DOORSTEP_REGION"] = wanted

    def check_room(self, *folders: Path) -> None:
        """Refuses to start when a disk that will be written is nearly full."""
        need = FREE_OLD if (self.pg / "PG_VERSION").exists() else FREE_NEW
        for folder in (self.data, *folders):
            disk = os.statvfs(folder)
            free = disk.f_bavail * disk.f_frsize
            if free < need:
                raise Halt(DISK_FULL, _FULL.format(path=folder, free=free >> 20, need=need >> 20))

    @contextlib.contextmanager
    def only_one(self) -> Any:
        """Holds the lock of this directory; the kernel lets go of it when this process dies, however it
        dies.
        """
        handle = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(handle, 20, 0).decode().strip() or "?"
            os.close(handle)
            raise Halt(SECOND_INSTANCE, _SECOND.format(path=self.data, pid=pid)) from error
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)

    def secret(self, name: str) -> str:
        """The secret called ``name``, made on first use; each has a file of its own, readable by us alone."""
        path = self.secrets / f"{name}.secret"
        with contextlib.suppress(FileNotFoundError):
            return path.read_text().strip()
        write_private(path, secrets.token_urlsafe(32))
        return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Writes 0600, wholly or not at all, and durably: a half-written secret would lock us out of the
    database.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)


def _refusal(error: OSError, path: Path) -> Halt:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Halt(DISK_FULL, _FULL.format(path=path, free=0, need=FREE_NEW >> 20))
    return Halt(FAILED, _CANNOT.format(path=path, why=error.strerror))


_NEWER = Words(
    "数据目录 {path} 由更新版本的家门口写成，本版本不敢动它。请使用新版本启动，或换一个 DOORSTEP_DATA。",
    "The data directory {path} was written by a newer Doorstep. Start the newer one, or choose another "
    "DOORSTEP_DATA.",
)
_OWNER = Words(
    "数据目录 {path} 不属于当前用户或无法读取。请用创建它的用户启动，或换一个 DOORSTEP_DATA。",
    "The data directory {path} belongs to another user or cannot be read. "
    "Start as the user who made it, or choose another DOORSTEP_DATA.",
)
_FOREIGN = Words(
    "目录 {path} 里有别的东西（例如 {name}），不是家门口的数据目录，没有改动。请给 DOORSTEP_DATA "
    "一个空目录。",
    "The directory {path} holds something else (such as {name}) and is not a Doorstep data directory; it "
    "was left "
    "alone. Give DOORSTEP_DATA an empty directory.",
)
_FULL = Words(
    "磁盘空间不足：{path} 只剩 {free} MB，至少需要 {need} MB。请清理磁盘或换一个位置，然后重新启动；"
    "已有数据未受影响。",
    "Disk full: {path} has {free} MB left, {need} MB are needed. Free some space or choose another place, "
    "then start again; existing data is untouched.",
)
_SECOND = Words(
    "另一个家门口（进程 {pid}）正在使用 {path}。请先停止它，或用另一个 DOORSTEP_DATA。",
    "Another Doorstep (process {pid}) is running on {path}. Stop it first, or use another DOORSTEP_DATA.",
)
_CANNOT = Words(
    "无法写入数据目录 {path}（{why}）。请检查权限，或换一个 DOORSTEP_DATA。",
    "Cannot write the data directory {path} ({why}). Check its permissions, or choose another DOORSTEP_DATA.",
)
_NO_REGION = Words(
    "没有“{name}”这个地区；有的是：{known}。",
    "There is no region {name}; there are: {known}.",
)
_OTHER_REGION = Words(
    "{path} 是为 {made} 建的，不能当作 {name} 启动。数据没有改动；请换一个 DOORSTEP_DATA。",
    "{path} was made for {made} and is not started as {name}. Nothing was changed; choose another DOORSTEP_DATA.",
)
