"""From the decision to the paper in hand: drawn by the worker, checked by anybody, shown to whom it concerns."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from tests.cast import Cast

WORKER = "import django; django.setup(); from doorstep.kernel import chore; \nwhile chore.make_papers(): pass"


def work(place: Any) -> None:
    """One round of the worker, under its own database role."""
    env = os.environ | {"DOORSTEP_DB_ROLE": "worker", "DOORSTEP_DATA": str(place.data)}
    subprocess.run([sys.executable, "-c", WORKER], env=env, check=True, capture_output=True)


@pytest.fixture(scope="module")
def issued(cast: Cast, database: Any) -> Any:
    """A matter whose card has been made and not yet handed out."""
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    work(database)
    return done


def test_many_papers_are_made_two_at_a_time_and_each_once(cast: Cast, database: Any, above: Any) -> None:
    """Two workers beside each other, as when one is just being replaced: each with two hands."""
    whose = []
    for _ in range(6):
        done = cast.apply()
        cast.act("clerk", done.matter_id, "intake")
        cast.act("approver", done.matter_id, "review", "approve")
        cast.act("approver", done.matter_id, "issue")
        whose.append(done.matter_id)
    waiting = above.execute("select id from paper where state = 'making' order by issued_at desc").fetchall()
    first = above.execute("select id from trust.making_papers(4)").fetchall()
    assert first == [*waiting[:2], waiting[-1], waiting[-2]], (
        "the newest, for whom somebody waits, and the oldest"
    )
    env = os.environ | {"DOORSTEP_DB_ROLE": "worker", "DOORSTEP_DATA": str(database.data)}
    both = [subprocess.Popen([sys.executable, "-c", WORKER], env=env) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    made = "select state, count(*) from paper where matter_id = any(%s) group by state"
    assert above.execute(made, [whose]).fetchall() == [("ready", 6)]
    files = "select count(*) from file where matter_id = any(%s) and state = 'issued'"
    assert above.execute(files, [whose]).fetchone() == (6,)
    told = "select matter_id, count(*) from notice where matter_id = any(%s) and template = 'ready' group by matter_id"
    assert {count for _, count in above.execute(told, [whose]).fetchall()} <= {1}


def paper_of(cast: Cast, issued: Any, role: str = "resident") -> Any:
    from doorstep.kernel import read

    with cast.enter(role) as viewer:
        return read.read_matter(viewer, issued.matter_id, purpose="check_quality").papers[0]


def download(cast: Cast, issued: Any, role: str) -> bytes:
    from doorstep.kernel import issue

    number = paper_of(cast, issued).number
    with cast.enter(role) as viewer:
        return issue.download(viewer, number)[0]


def text_of(pdf: bytes, tmp_path: Any, program: str = "pdftotext") -> str:
    if not shutil.which(program):
        pytest.skip(f"{program} (poppler-utils) is not installed")
    (tmp_path / "p.pdf").write_bytes(pdf)
    run = [program, str(tmp_path / "p.pdf"), *(["-"] if program == "pdftotext" else [])]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("role", ["resident", "approver", "clerk2"])
def test_A12_the_card_is_signed_and_says_what_was_decided(
    cast: Cast, issued: Any, role: str, tmp_path: Any
) -> None:
    pdf = download(cast, issued, role)
    text = text_of(pdf, tmp_path)
    who = cast.person()
    born = f"{who['id_no'][6:10]}年{int(who['id_no'][10:12])}月{int(who['id_no'][12:14])}日"
    for part in (who["name"], who["id_no"], "橘园路", born, paper_of(cast, issued).number):
        assert part in text
    assert "Signature is Valid" in text_of(pdf, tmp_path, "pdfsig")


@pytest.mark.parametrize("role", ["neighbour", "other_station", "gone", "partner", "auditor"])
def test_A12_nobody_else_gets_the_card(cast: Cast, issued: Any, role: str) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="not-found"):
        download(cast, issued, role)


def test_the_code_on_the_paper_proves_it_without_an_account_and_names_no_person(
    cast: Cast, issued: Any, tmp_path: Any
) -> None:
    from doorstep.kernel import issue, read, trust

    code = code_on(download(cast, issued, "resident"), tmp_path)
    with trust.enter(None):
        found = read.check_paper(issue.code_hash(code))
    assert found and found.valid and found.number == paper_of(cast, issued).number
    assert "云小满" not in repr(found)


def code_on(pdf: bytes, tmp_path: Any) -> str:
    found = re.search(r"/v/([\w-]{22})", re.sub(r"\s", "", text_of(pdf, tmp_path)))
    assert found
    return found[1]


def test_a_copied_code_on_a_paper_with_another_name_is_told(cast: Cast, issued: Any, tmp_path: Any) -> None:
    from doorstep.kernel import issue, trust

    code = code_on(download(cast, issued, "resident"), tmp_path)
    with trust.enter(None):
        assert issue.is_made_out_to(code, " 云 小满")
        assert not issue.is_made_out_to(code, "陆望舒")
        assert not issue.is_made_out_to(code, "")
        assert not issue.is_made_out_to("0" * 22, "云小满")


def test_a_card_is_good_to_the_end_of_its_last_day_here_and_no_longer(
    cast: Cast, issued: Any, tmp_path: Any
) -> None:
    from doorstep.kernel import issue, read, trust
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    code = issue.code_hash(code_on(download(cast, issued, "resident"), tmp_path))
    last = paper_of(cast, issued).valid_until
    midnight = datetime.combine(last, time(0), calendar().zone) + timedelta(days=1)
    for moment, valid in ((midnight - timedelta(minutes=1), True), (midnight, False)):
        with clock.clock_at(moment), trust.enter(None):
            found = read.check_paper(code)
        assert found and found.valid is valid


def test_a_guessed_code_proves_nothing(cast: Cast, issued: Any) -> None:
    from doorstep.kernel import issue, read, trust

    with trust.enter(None):
        assert read.check_paper(issue.code_hash("0" * 22)) is None


def test_a_download_is_in_the_log_that_the_person_sees(cast: Cast, issued: Any) -> None:
    from doorstep.kernel import read

    download(cast, issued, "clerk2")
    with cast.enter("resident") as viewer:
        looks = read.readers(viewer, issued.matter_id)
    assert "looked at the paper" in {look.what.en for look in looks}


def test_numbers_of_papers_have_no_gaps(cast: Cast, issued: Any, database: Any) -> None:
    other = cast.apply()
    cast.act("clerk", other.matter_id, "intake")
    cast.act("approver", other.matter_id, "review", "approve")
    cast.act("approver", other.matter_id, "issue")
    first, second = (int(paper_of(cast, one).number[-6:]) for one in (issued, other))
    assert second == first + 1


def test_a_paper_not_made_yet_says_so(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    with pytest.raises(Refused, match="not-ready"):
        download(cast, done, "resident")
