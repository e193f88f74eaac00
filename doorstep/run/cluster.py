"""The database's files: where they lie, who owns them, making them once, and telling ours from anybody
else's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from doorstep.rulebook.words import Words
from doorstep.run.binaries import Binaries, find, reachable_copy
from doorstep.run.halt import DISK_FULL, FAILED, WRONG_DATA, Halt
from doorstep.run.place import Place, write_private
from doorstep.run.roles import SUPERUSER

USER: Final = "doorstep"
"""The system user the database runs as when we are root: no password, no shell, no home."""
_SOCKET_ROOM: Final = 100 - len("/.s.PGSQL.5432.lock")
"""A socket's path may have 107 bytes; a little is kept in hand."""


@dataclass(frozen=True)
class Cluster:
    """The files of one PostgreSQL and the programs that fit them. ``uid`` is None unless we are root."""

    place: Place
    binaries: Binaries
    pgdata: Path
    sockets: Path
    uid: int | None
    gid: int | None

    @property
    def as_user(self) -> dict[str, Any]:
        """Arguments for subprocess that give up root."""
        common: dict[str, Any] = {"cwd": "/", "env": {"LC_ALL": "C", "PATH": os.defpath}, "umask": 0o077}
        if self.uid is None:
            return common
        return common | {"user": self.uid, "group": self.gid, "extra_groups": []}


def open_cluster(place: Place, wish: str) -> Cluster:
    """The cluster of ``place``, created if there is none yet. Refuses foreign data and versions that do not
    fit.
    """
    root = os.geteuid() == 0
    account = _account() if root else None
    if root:
        place.state.mkdir(mode=0o711, parents=True, exist_ok=True)
    place.check_room(*([place.state] if root else []))
    binaries = find(wish, _existing_version(place))
    if account:
        binaries = reachable_copy(binaries, place)
    home = _home(place, account)
    cluster = Cluster(
        place,
        binaries,
        home / "pg",
        _socket_folder(home, account),
        account.pw_uid if account else None,
        account.pw_gid if account else None,
    )
    if not (cluster.pgdata / "PG_VERSION").exists():
        _create(cluster)
    return cluster


def _existing_version(place: Place) -> int | None:
    """The major version of the data, or None before the first start. Refuses what we did not make."""
    pg = place.pg
    if not pg.exists() or not any(pg.iterdir()):
        return None
    mark, version = pg / "doorstep.json", pg / "PG_VERSION"
    if not mark.exists() or not version.exists():
        raise Halt(WRONG_DATA, _FOREIGN.format(path=pg))
    if json.loads(mark.read_text())["instance"] != place.instance.get("instance"):
        raise Halt(WRONG_DATA, _FOREIGN.format(path=pg))
    major = version.read_text().strip()
    if not major.isdigit():
        raise Halt(WRONG_DATA, _FOREIGN.format(path=pg))
    return int(major)


def _account() -> pwd.struct_passwd:
    """The nologin user the database runs as, made if missing.

    One process of ours at a time: two `useradd` at once have been seen to give one name two numbers, of which the second stays.
    """
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    held = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(USER)
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", USER], check=True, capture_output=True)
        return pwd.getpwnam(USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        with contextlib.suppress(KeyError):  # somebody else made it in the meantime
            return pwd.getpwnam(USER)
        raise Halt(FAILED, _NO_USER) from error
    finally:
        os.close(held)


def _home(place: Place, account: pwd.struct_passwd | None) -> Path:
    """The folder around the cluster.

    Ordinary user: the data directory itself. Root: the database's user may not enter the data directory
    (0700), so the cluster lies in ``place.state`` and ``pg`` in the data directory is a link to it.
    """
    if account is None:
        return place.data
    if place.pg.is_symlink():
        target = place.pg.readlink().parent
        if not target.is_dir():
            raise Halt(WRONG_DATA, _LOST.format(path=place.pg, target=target))
        return target
    if place.pg.exists():
        raise Halt(WRONG_DATA, _NOT_LINK.format(path=place.pg))
    home = place.state / str(place.instance["instance"])
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, account.pw_uid, account.pw_gid)
    place.pg.symlink_to(home / "pg")
    return home


def _socket_folder(home: Path, account: pwd.struct_passwd | None) -> Path:
    """A 0700 folder for the socket, short enough for its path to fit; below /tmp when the home's path is too
    long.
    """
    folder = home / "run"
    owner = account.pw_uid if account else os.geteuid()
    if len(os.fsencode(folder)) > _SOCKET_ROOM:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir(), f"doorstep-{owner}-{digest}")
        if len(os.fsencode(folder)) > _SOCKET_ROOM:
            folder = Path("/tmp", folder.name)  # noqa: S108 - checked below: a real folder, ours, closed to others
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise Halt(FAILED, _BAD_SOCKET.format(path=folder))
    return folder


def _create(cluster: Cluster) -> None:
    """initdb beside the final place, then one rename: a start broken off half-way leaves nothing
    half-made.
    """
    fresh = cluster.pgdata.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    password = cluster.place.secret(SUPERUSER)
    pwfile = cluster.sockets / "initdb.password"
    write_private(pwfile, password)
    if cluster.uid is not None and cluster.gid is not None:
        os.chown(pwfile, cluster.uid, cluster.gid)
    try:
        _initdb(cluster, fresh, pwfile)
        _mark(cluster, fresh)
        if cluster.pgdata.is_dir():
            cluster.pgdata.rmdir()  # an empty folder that somebody prepared
        fresh.rename(cluster.pgdata)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        pwfile.unlink(missing_ok=True)


def _initdb(cluster: Cluster, fresh: Path, pwfile: Path) -> None:
    command = [str(cluster.binaries.bin / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "-A", "scram-sha-256"]
    command += ["--pwfile", str(pwfile), "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    if os.environ.get("DOORSTEP_DURABLE") == "0":
        command.append("--no-sync")
    done = subprocess.run(command, capture_output=True, text=True, **cluster.as_user)
    if done.returncode:
        told = (done.stdout + done.stderr).strip()
        if "No space left" in told or "Disk quota" in told:
            raise Halt(DISK_FULL, _NO_SPACE.format(path=fresh.parent))
        raise Halt(FAILED, _INITDB.format(why=told.splitlines()[-1] if told else done.returncode))


def _mark(cluster: Cluster, fresh: Path) -> None:
    mark = fresh / "doorstep.json"
    mark.write_text(
        json.dumps({"instance": cluster.place.instance["instance"], "major": cluster.binaries.major})
    )
    mark.chmod(0o600)
    if cluster.uid is not None and cluster.gid is not None:
        os.chown(mark, cluster.uid, cluster.gid)


_FOREIGN = Words(
    "{path} 不是家门口为这个数据目录建立的数据库，没有改动。请换一个 DOORSTEP_DATA；"
    "要迁移数据请先导出再导入。",
    "{path} is not a database that Doorstep made for this data directory; it was left alone. "
    "Choose another DOORSTEP_DATA; to move data, dump and restore it.",
)
_LOST = Words(
    "{path} 指向 {target}，但那里什么都没有（磁盘没有挂载？）。没有改动。请恢复它，或换一个 DOORSTEP_DATA。",
    "{path} points to {target}, where nothing is (a disk not mounted?). Nothing was changed. "
    "Bring it back, or choose another DOORSTEP_DATA.",
)
_NOT_LINK = Words(
    "{path} 是由普通用户建立的数据库，不能用 root 启动。请用原来的用户启动。",
    "{path} was made by an ordinary user and cannot be started as root. Start as that user.",
)
_NO_USER = Words(
    "PostgreSQL 不能以 root 运行，而系统用户 doorstep 建立失败。请用普通用户启动，或执行 useradd --system "
    "doorstep。",
    "PostgreSQL does not run as root, and the system user `doorstep` could not be made. Start as an "
    "ordinary user, "
    "or run `useradd --system doorstep`.",
)
_BAD_SOCKET = Words(
    "套接字目录 {path} 属于别人或对别人开放，拒绝使用。请删除它后重试。",
    "The socket folder {path} belongs to somebody else or is open to others, and will not be used. "
    "Remove it and start again.",
)
_NO_SPACE = Words(
    "建立数据库时磁盘已满（{path}），未留下半成品。请清理磁盘后重试。",
    "The disk filled up while the database was being made ({path}); nothing half-made was left. "
    "Free some space and start again.",
)
_INITDB = Words("建立数据库失败：{why}", "Making the database failed: {why}")
