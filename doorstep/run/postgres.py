"""Our own PostgreSQL, run as a child: started, waited for, started again when it dies, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from doorstep.rulebook.words import Words
from doorstep.run.cluster import Cluster, open_cluster
from doorstep.run.halt import DISK_FULL, FAILED, WRONG_DATA, Halt, say
from doorstep.run.leash import leashed
from doorstep.run.place import Place
from doorstep.run.roles import (
    DATABASE,
    SUPERUSER,
    DbConnection,
    announce,
    bootstrap,
    check_keys,
    furnish,
    has_database,
)

PORT: Final = "5432"
_LOG_LIMIT: Final = 16 * 2**20
_OLD_BACKENDS: Final = 120.0
"""Seconds to wait until the last backend of a dead postmaster lets go of the shared memory."""

SETTINGS: Final[dict[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "96MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "recovery_init_sync_method": "syncfs",  # one call after a crash, where a thousand files took seconds
    "shared_preload_libraries": "pg_stat_statements",
    # No personal data in the server's log: no statement texts, no parameters, no "Key (name)=(…)" details.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""What `doorstep up` runs with, and what the bench therefore measures. fsync and synchronous_commit stay
on.
"""


class Postgres:
    """One server of ours. Not thread-safe: the thread that starts it must live as long as it does."""

    def __init__(self, cluster: Cluster, giving_up: Callable[[], bool] = lambda: False) -> None:
        """``giving_up`` is asked while waiting, so that a stop request ends the wait."""
        self.cluster, self._giving_up = cluster, giving_up
        self._process: subprocess.Popen[bytes] | None = None
        self._log = cluster.place.log / "postgres.log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def params(self) -> dict[str, str]:
        """How the superuser reaches it."""
        password = self.cluster.place.secret(SUPERUSER)
        return {"host": str(self.cluster.sockets), "port": PORT, "user": SUPERUSER, "password": password}

    def start(self) -> None:
        """Returns when the server answers. Waits as long as recovery takes; waits for old backends to go."""
        self._end_predecessor()
        patience = time.monotonic() + _OLD_BACKENDS
        while not self._try_start():
            told = self._last_words()
            self._explain_fatal(told)
            if time.monotonic() > patience or self._giving_up():
                raise Halt(FAILED, _NO_START.format(log=self._log, why=told))
            time.sleep(0.2)

    def stop(self, seconds: float = 60.0) -> None:
        """Ends it in order: fast shutdown (a checkpoint, nothing lost), and by force when that takes too
        long.
        """
        if not self._process:
            return
        for sign, wait in ((signal.SIGINT, seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.alive:
                self._process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(wait)
                return

    def _try_start(self) -> bool:
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        options = [word for key, value in _settings().items() for word in ("-c", f"{key}={value}")]
        command = [str(self.cluster.binaries.bin / "postgres"), "-D", str(self.cluster.pgdata)]
        command += ["-k", str(self.cluster.sockets), "-p", PORT, *options]
        with self._log.open("ab") as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops things in order
                preexec_fn=leashed(signal.SIGINT),
                **self.cluster.as_user,
            )
        return self._answers(self._process)

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        began, told = time.monotonic(), False
        while process.poll() is None and not self._giving_up():
            with contextlib.suppress(psycopg.OperationalError), self.connect("postgres"):
                return True
            if not told and time.monotonic() - began > 30:
                say(_RECOVERING.format(log=self._log))
                told = True
            time.sleep(0.05)
        if process.poll() is None:
            raise Halt(FAILED, _GIVEN_UP)
        return False

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_from)
            lines = log.read().decode(errors="replace").strip().splitlines()
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or ["?"])[-1]

    def _explain_fatal(self, told: str) -> None:
        """Raises for a cause that waiting does not cure; returns when old backends are still in the way."""
        if "No space left" in told:
            raise Halt(DISK_FULL, _FULL.format(path=self.cluster.pgdata))
        if "not compatible" in told or "incompatible" in told:
            raise Halt(WRONG_DATA, _INCOMPATIBLE.format(why=told))
        passing = ("already exists", "still in use", "in use", "does not match data directory")
        if not any(words in told for words in passing):
            raise Halt(FAILED, _NO_START.format(log=self._log, why=told))

    def _end_predecessor(self) -> None:
        """Takes over from a server whose supervisor was killed: stops it if it lives, removes what it left
        if not.

        We hold the lock of the data directory, so nobody else can be in charge of it. A process number in a
        lock file may meanwhile belong to somebody else's program: only a postgres on our own data counts.
        """
        pidfile = self.cluster.pgdata / "postmaster.pid"
        pid = _first_number(pidfile)
        if pid is None:
            return
        for sign, wait in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if not self._is_ours(pid):
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            until = time.monotonic() + wait
            while self._is_ours(pid) and time.monotonic() < until:
                time.sleep(0.05)
        for leftover in (pidfile, *self.cluster.sockets.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.cluster.pgdata) in words and b"postgres" in words[0]

    def connect(self, dbname: str) -> DbConnection:
        """A superuser's connection, autocommit. For the supervisor only."""
        return psycopg.connect(dbname=dbname, autocommit=True, connect_timeout=10, **self.params)  # type: ignore[arg-type]


def _first_number(path: Path) -> int | None:
    try:
        return abs(int(path.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _settings() -> dict[str, str]:
    chosen = dict(SETTINGS)
    if os.environ.get("DOORSTEP_DURABLE") == "0":
        chosen |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    for pair in filter(None, os.environ.get("DOORSTEP_PG_SETTINGS", "").split(",")):
        key, _, value = pair.partition("=")
        chosen[key.strip()] = value.strip()
    return chosen


def own_server(place: Place, giving_up: Callable[[], bool] = lambda: False) -> Postgres:
    """Our PostgreSQL on ``place``, started, with roles and database in order. The caller holds the lock."""
    server = Postgres(open_cluster(place, os.environ.get("DOORSTEP_PG", "")), giving_up)
    server.start()
    try:
        with server.connect("postgres") as conn:
            if has_database(conn, DATABASE):
                with server.connect(DATABASE) as inside:
                    check_keys(inside, place)
            bootstrap(conn, place)
        with server.connect(DATABASE) as conn:
            furnish(conn)
    except BaseException:
        server.stop()
        raise
    announce(place, {"host": server.params["host"], "port": PORT, "dbname": DATABASE})
    return server


def foreign_server(place: Place, url: str) -> None:
    """Puts roles and database in order on the server named by DATABASE_URL; its role may create roles."""
    params: dict[str, Any] = conninfo_to_dict(url)
    named = params.get("dbname")
    dbname = DATABASE if named in (None, "", "postgres") else named
    try:
        with psycopg.connect(**params | {"dbname": "postgres"}, autocommit=True) as conn:
            if has_database(conn, dbname):  # its passwords are another's, perhaps: look before setting ours
                with psycopg.connect(**params | {"dbname": dbname}, autocommit=True) as inside:
                    check_keys(inside, place)
            bootstrap(conn, place, dbname)
        with psycopg.connect(**params | {"dbname": dbname}, autocommit=True) as conn:
            furnish(conn)
    except psycopg.Error as error:
        raise Halt(FAILED, _FOREIGN.format(why=str(error).strip().splitlines()[0])) from error
    announce(place, {key: str(value) for key, value in (params | {"dbname": dbname}).items()})


_NO_START = Words(
    "PostgreSQL 没有启动：{why}。详情见 {log}。数据未改动。",
    "PostgreSQL did not start: {why}. See {log}. The data was not changed.",
)
_RECOVERING = Words(
    "PostgreSQL 正在恢复上次未写完的日志，请等待（进度见 {log}）。",
    "PostgreSQL is replaying its log after an unclean end; please wait (progress in {log}).",
)
_GIVEN_UP = Words("启动时收到停止请求。", "Asked to stop while starting.")
_FULL = Words(
    "磁盘已满，PostgreSQL 无法启动：{path}。请清理磁盘后重新启动；已提交的数据都在。",
    "The disk is full and PostgreSQL cannot start: {path}. Free some space and start again; what was "
    "committed is there.",
)
_INCOMPATIBLE = Words(
    "数据与这个版本的 PostgreSQL 不相符：{why}。数据未改动。",
    "The data does not fit this PostgreSQL: {why}. It was not changed.",
)
_FOREIGN = Words(
    "DATABASE_URL 所指的数据库不能用：{why}。它的用户需要能建立角色和数据库。",
    "The server named by DATABASE_URL cannot be used: {why}. Its user must be able to create roles and "
    "databases.",
)
