"""Telephones of tests: a stand-in carrier takes the messages, and the worker hands them over when asked to."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import as_role


def carrier(folder: Path, key: Path, fault: str = "") -> Iterator[str]:
    """The stand-in carrier; its address."""
    command = [
        sys.executable,
        "-m",
        "doorstep.standin.carrier",
        "--db",
        str(folder / "carrier.sqlite3"),
        "--key",
        str(key),
    ]
    command += ["--fault", fault] if fault else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


def phone() -> str:
    """A number that nobody has."""
    return f"199{secrets.randbelow(10**8):08d}"


def hand_over(place: Any) -> int:
    """As the worker does it."""
    from doorstep.domains.accounts.carrier import send_codes

    taken = 0
    for _ in as_role("worker", place):
        taken = send_codes()
    return taken


def texts_to(address: str, number: str) -> list[str]:
    """What came to a telephone, the newest first."""
    link = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    link.request("GET", "/messages")
    return [one["text"] for one in json.loads(link.getresponse().read()) if one["to"].endswith(number)]


def code_in(text: str) -> str:
    found = re.search(r"\d{6}", text)
    assert found, text
    return found[0]
