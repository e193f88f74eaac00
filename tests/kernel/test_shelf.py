"""A running system takes its packs from what was published; files are read when they changed, and by who writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from doorstep.domains.studio import read_stacks
from doorstep.rulebook import pack
from tests.cast import Cast

FOUND_AGAIN = """
import sys, django
django.setup()
from doorstep.rulebook.pack import profile
from doorstep.domains.studio import publish
real, seen = profile.read, []
profile.read = lambda path, *name: seen.append(path.name) or real(path, *name)
publish.found_packs()
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
    from doorstep.rulebook.pack import profile, shelf

    assert change  # it says where the published packs are
    stacks = read_stacks()
    files = {path.stem: stacks.layered(path.stem) for path in pack.pack_files()}
    for room in (shelf, profile):
        monkeypatch.setattr(room, "read", lambda *_: pytest.fail("a file was read"))
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
    above.execute("update pack_offer set source = 'another' where code = 'HZ-106'")
    before = above.execute(IN_FORCE).fetchall()
    assert read() == ["HZ-106.yaml"]
    assert above.execute(IN_FORCE).fetchall() == before


IN_FORCE = """select code, unit_id, hash, first, last from pack_offer o where publication_id =
    (select max(publication_id) from pack_offer l where l.code = o.code) order by code, unit_id, first"""


def test_an_item_without_a_file_is_offered_no_longer(database: Any, above: psycopg.Connection[Any]) -> None:
    told = above.execute(
        "insert into publication (at, by, why) values (now(), 'x', 'x') returning id"
    ).fetchone()
    assert told
    above.execute(
        "insert into pack_offer (publication_id, code, unit_id, hash, source) values (%s, 'HZ-999', 0, 'x', 'gone')",
        told,
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", FOUND_AGAIN],
            env=os.environ | {"DOORSTEP_DB_ROLE": "migrator"},
            check=True,
        )
    assert above.execute("select hash from pack_offer where code = 'HZ-999' order by id").fetchall() == [
        (b"x",),
        (b"",),
    ]
