"""The bridge as a program on a machine that has nothing else of ours, and no package at all."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from doorstep.bridge.pairing import Pairing
from tests.bridge import table
from tests.bridge.table import COUNTER, Page
from tests.running import ROOT

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@contextlib.contextmanager
def running(home: Path, *more: str) -> Iterator[tuple[Page, str]]:
    """The program started; a page at its door, and what it showed on standard error."""
    said = home / "said"
    line = [
        sys.executable,
        "-S",
        "-m",
        "doorstep.bridge",
        "--counter",
        COUNTER,
        "--port",
        "0",
        "--data",
        str(home / "keys"),
        *more,
    ]
    with said.open("w") as errors:
        program = subprocess.Popen(
            line, cwd=home, stdout=subprocess.PIPE, stderr=errors, text=True, env={"HOME": str(home)}
        )
    assert program.stdout
    try:
        port = int(program.stdout.readline().rpartition(":")[2])
        yield Page(port, COUNTER, Pairing(home / "none")), said.read_text()
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def test_it_runs_alone_shows_its_code_once_and_remembers_who_was_paired(tmp_path: Path) -> None:
    (tmp_path / "doorstep").mkdir()
    shutil.copy(ROOT / "doorstep" / "__init__.py", tmp_path / "doorstep")
    shutil.copytree(ROOT / "doorstep" / "bridge", tmp_path / "doorstep" / "bridge")
    card = "card=" + table.devices(table.quick())["card"][0]
    with running(tmp_path, "--device", card) as (page, said):
        [code] = CODE.findall(said)
        assert page.pair(code)[0] == 200 and page.hello()[0] == 200
        assert page.ask("/v1/card", **{"for": "v", "want": ["name"]})[1]["card"] == {"name": "宋知意"}
        name, key = page.name, page.key
    with running(tmp_path, "--device", card) as (page, said):
        page.name, page.key = name, key
        assert not CODE.findall(said) and page.hello()[0] == 200
        assert page.pair(code) == (401, {"code": "no-code"})
    with running(tmp_path, "--pair") as (page, said):
        assert CODE.findall(said) not in ([], [code])
    forget = [
        sys.executable,
        "-S",
        "-m",
        "doorstep.bridge",
        "--counter",
        COUNTER,
        "--data",
        str(tmp_path / "keys"),
        "--forget",
    ]
    assert subprocess.run(forget, cwd=tmp_path, check=False).returncode == 0
    with running(tmp_path) as (page, said):
        page.name, page.key = name, key
        assert page.hello() == (401, {"code": "unpaired"})


def test_the_stand_ins_end_with_whoever_started_them() -> None:
    line = [sys.executable, "-m", "doorstep.standin.device", "--leash"]
    program = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdin and program.stdout
    told = [program.stdout.readline().split()[0] for _ in range(10)]
    assert sorted(told) == [
        "READY",
        "call",
        "camera",
        "card",
        "printer",
        "rating",
        "rating",
        "sign",
        "speaker",
        "zone",
    ]
    program.stdin.close()
    assert program.wait(10) == 0
    program.stdout.close()
