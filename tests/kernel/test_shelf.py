"""A running system takes its packs from what was published; files are read when they changed, and by who writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from doorstep.kernel import pack
from tests.cast import Cast

FOUND_AGAIN = """
import sys, django
django.setup()
from doorstep.kernel.pack import shelf
from doorstep.kernel import found
real, seen = shelf.read, []
shelf.read = lambda path, *name: seen.append(path.name) or real(path, *name)
found._packs()
print(*sorted(set(seen) - {"facts.yaml", "materials.yaml"}))
"""


@pytest.fixture
def anew() -> Any:
    pack.forget()
    yield
    pack.forget()


def test_a_running_process_reads_no_pack_file(
    cast: Cast, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import change
    from doorstep.kernel.pack import shelf

    assert change  # it says where the published packs are
    files = {one.code: one for one in (pack.load_pack(path) for path in pack.pack_files())}
    monkeypatch.setattr(shelf, "read", lambda *_: pytest.fail("a file was read"))
    pack.forget()
    published = {one.code: one for one in pack.every()}
    assert {code: one.hash for code, one in published.items()} == {
        code: one.hash for code, one in files.items()
    }
    for code, one in files.items():
        assert json.dumps(published[code].raw) == json.dumps(one.raw), (
            "the order of a file is the order on the page"
        )


def test_only_the_packs_that_are_asked_for_are_parsed(
    cast: Cast, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    real = pack.Pack.from_content
    monkeypatch.setattr(pack.Pack, "from_content", lambda text: parsed.append(text) or real(text))
    for _ in range(2):
        assert pack.current("HZ-078").code == "HZ-078"
    assert len(parsed) == 1


def test_publishing_again_reads_only_the_files_that_changed(
    database: Any, above: psycopg.Connection[Any]
) -> None:
    def read() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", FOUND_AGAIN], env=os.environ | {"DOORSTEP_DB_ROLE": "migrator"}, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    assert read() == []
    before = above.execute("select code, hash, source from pack_offer order by code").fetchall()
    above.execute("update pack_offer set source = 'another', hash = '' where code = 'HZ-106'")
    assert read() == ["HZ-106.yaml"]
    assert above.execute("select code, hash, source from pack_offer order by code").fetchall() == before


def test_an_item_without_a_file_is_offered_no_longer(database: Any, above: psycopg.Connection[Any]) -> None:
    above.execute("insert into pack_offer values ('HZ-999', '', 'gone')")
    subprocess.run(
        [sys.executable, "-c", FOUND_AGAIN], env=os.environ | {"DOORSTEP_DB_ROLE": "migrator"}, check=True
    )
    assert above.execute("select count(*) from pack_offer where code = 'HZ-999'").fetchone() == (0,)
