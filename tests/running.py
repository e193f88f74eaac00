"""A whole Doorstep in a process of its own, as an operator starts it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def quiet_port() -> str:
    """A free port below those that outgoing connections get: it stays free while nobody listens between two starts."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return str(port)


@dataclass
class Doorstep:
    """One data directory and the `doorstep up` (or demo) running on it."""

    verb: str = "up"
    env: dict[str, str] = field(default_factory=dict)
    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="doorstep-run-")))
    process: subprocess.Popen[str] | None = None
    url: str = ""

    def __post_init__(self) -> None:
        self.root.chmod(0o711)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("DOORSTEP_") and k != "DATABASE_URL"}
        own = {
            "DOORSTEP_DATA": str(self.data),
            "DOORSTEP_STATE": str(self.root / "state"),
            "DOORSTEP_PORT": "0",
            "DOORSTEP_DURABLE": "0",
            "DOORSTEP_PG_SETTINGS": "synchronous_commit=on",  # what was acknowledged survives kill -9, as in every day
            "DOORSTEP_WEB_WORKERS": "1",
            "DOORSTEP_DEMO_FAST": "1",
            "DOORSTEP_DAY": "0",  # nobody rings unless a test does
            "DOORSTEP_GROUND": "",  # the map is built and asked by the tests that need it
            "PYTHONPATH": str(ROOT),
        }
        return clean | own | self.env

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs one verb to its end."""
        line = [sys.executable, "-m", "doorstep", *words]
        return subprocess.run(
            line, env=self.environment, capture_output=True, text=True, timeout=180, cwd=ROOT
        )

    def start(self, seconds: float = 180) -> Doorstep:
        """Starts it and returns when it says READY."""
        errors = (self.root / "stderr").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "doorstep", self.verb],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.kill()
            raise AssertionError(f"not ready after {seconds} s: {self.said()}")
        line = self.process.stdout.readline()
        assert line.startswith("READY "), f"{self.process.wait()}: {self.said()}"
        self.url = line.split()[1]
        return self

    def said(self) -> str:
        """What it wrote on standard error, and the ends of its logs."""
        logs = [f"--- {p.name}\n{p.read_text(errors='replace')[-1500:]}" for p in self.data.glob("log/*.log")]
        return (self.root / "stderr").read_text() + "\n".join(logs)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None

    def until_well(self, seconds: float = 120) -> None:
        """Returns when /readyz answers 200 again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if self.get("/readyz")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not well after {seconds} s: {self.said()}")

    def pid_of(self, name: str) -> int:
        """The process of a child, or of postgres."""
        if name == "postgres":
            return int((self.data / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
        return int(json.loads((self.data / "running.json").read_text())["children"][name]["pid"])

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        """kill -9 of the supervisor alone."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def remove(self) -> None:
        """Stops it if need be and removes everything."""
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
