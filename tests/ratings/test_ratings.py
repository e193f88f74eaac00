"""Ratings: every way to cast one, what a bad one sets going, and what nobody who handled it can find out."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.api.calls import Caller
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Visit
from tests.kernel.test_erase import erase

if TYPE_CHECKING:
    from doorstep.kernel.trust import Viewer

HANDLERS = ("clerk", "approver", "clerk2")


@pytest.fixture
def ended(cast: Cast) -> Any:
    """A matter of the resident, taken in, decided and handed out."""
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    cast.act("clerk2", done.matter_id, "hand_out")
    return done


@pytest.fixture(scope="module")
def second(cast: Cast) -> str:
    """Somebody of the bureau beside the reviewing one: a token."""
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    login = f"beside-{fresh()}"
    order = {"login": login, "password": "beside-1234", "kind": "officer", "role": "supervisor", "unit": 20,
             "rights": list(region().roles["supervisor"]), "name": ["邻区督办", "Beside"], "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    return trust.sign_in(login, "beside-1234")


def rated(cast: Cast, matter_id: UUID, level: int, **more: Any) -> Any:
    from doorstep.domains.ratings import rate

    with cast.enter("resident") as viewer:
        return rate.rate(viewer, matter_id, level=level, request_id=fresh(), **more)


def slip_code(cast: Cast, matter_id: UUID) -> str:
    from doorstep.domains.ratings import rate

    with cast.enter("resident"):
        return rate.code_of(matter_id)


def with_code(cast: Cast, role: str, ended: Any, **more: Any) -> Any:
    from doorstep.domains.ratings import rate

    code = more.pop("code", None) or slip_code(cast, ended.matter_id)
    with _as(cast, role) as viewer:
        return rate.rate_with_code(viewer, ended.number, code, **({"level": 4} | more))


def _as(cast: Cast, role: str) -> AbstractContextManager[Viewer]:
    from doorstep.kernel import trust

    return cast.enter(role) if role else trust.enter(None)


def _call_backs(token: str) -> list[Any]:
    from doorstep.kernel import lists, trust

    with trust.enter(token) as viewer:
        return [row for row in lists.unit_matters(viewer).rows if row.item == "HF-001"]


def _call_back_of(cast: Cast, above: Any, matter_id: UUID) -> UUID:
    row = above.execute("select call_back from rating_vote where matter_id = %s", [matter_id]).fetchone()
    found: UUID = row[0]
    return found


# ---- casting ----


@pytest.mark.parametrize(
    ("role", "way"),
    [("", "code"), ("", "pad"), ("other_station", "paper"), ("supervisor", "phone"), ("dispatcher", "phone")],
)
def test_A22_rated_by_code_paper_and_phone(cast: Cast, ended: Any, above: Any, role: str, way: str) -> None:
    with_code(cast, role, ended, way=way, level=4)
    kept = above.execute(
        "select level, way, entered_by is not null from rating_vote where matter_id = %s", [ended.matter_id]
    )
    assert kept.fetchone() == (4, way, way not in ("code", "pad"))


def test_A22_one_rating_for_one_person_and_visit_whatever_the_way(cast: Cast, ended: Any) -> None:
    from doorstep.rulebook.words import Refused

    rated(cast, ended.matter_id, 5)
    with pytest.raises(Refused, match="rated"):
        rated(cast, ended.matter_id, 1)
    for role, way in (("", "code"), ("", "pad"), ("other_station", "paper"), ("supervisor", "phone")):
        with pytest.raises(Refused, match="rated"):
            with_code(cast, role, ended, way=way)


@pytest.mark.parametrize("role", HANDLERS)
@pytest.mark.parametrize("way", ["paper", "code"])
def test_A22_who_handled_it_cannot_enter_its_rating(cast: Cast, ended: Any, role: str, way: str) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match=r"handled|no-right"):
        with_code(cast, role, ended, way=way)


@pytest.mark.parametrize(
    ("role", "way"),
    [("approver", "paper"), ("neighbour", "paper"), ("other_station", "phone"), ("", "phone")],
)
def test_A22_entering_for_somebody_needs_the_right_to(cast: Cast, ended: Any, role: str, way: str) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match=r"no-right|handled"):
        with_code(cast, role, ended, way=way)


def test_A22_not_before_a_result_and_not_by_anybody_else(cast: Cast, ended: Any) -> None:
    from doorstep.domains.ratings import rate
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="not-yet"):
        rated(cast, cast.apply().matter_id, 5)
    for role in ("neighbour", *HANDLERS):
        with pytest.raises(Refused, match=r"not-found|no-right"), cast.enter(role) as viewer:
            rate.rate(viewer, ended.matter_id, level=5, request_id=fresh())


def test_A22_five_wrong_codes_lock_the_number(cast: Cast, ended: Any) -> None:
    visit, right = Visit(), slip_code(cast, ended.matter_id)
    for _ in range(5):
        page = visit.post("/ratings/with", {"number": ended.number, "code": "2222-2222-2222"})
        assert page.status == 404
    assert visit.post("/ratings/with", {"number": ended.number, "code": right}).status == 429


def test_A22_a_code_belongs_to_one_matter(cast: Cast, ended: Any) -> None:
    other = cast.apply()
    assert slip_code(cast, other.matter_id) != slip_code(cast, ended.matter_id)
    page = Visit().post("/ratings/with", {"number": ended.number, "code": slip_code(cast, other.matter_id)})
    assert page.status == 404 and "对不上" in page.text


# ---- what who handled it can find out ----


def test_A22_who_handled_it_finds_the_vote_nowhere(cast: Cast, ended: Any) -> None:
    def seen(role: str) -> list[bytes]:
        person, name = Caller(role, cast[role].token), cast.person("resident")["name"]
        paths = (f"matters/{ended.matter_id}?purpose=check_quality", f"matters/{ended.matter_id}/events?purpose=check_quality",
                 "matters?unit=mine", f"matters?party={name}", "ratings")  # fmt: skip
        pages = ("/counter/matters", f"/counter/search?q={name}", f"/counter/matter/{ended.matter_id}?purpose=check_quality",
                 "/ratings/")  # fmt: skip
        return [person.get(path).content for path in paths] + [
            _still(Visit(cast[role].token).get(page).text).encode() for page in pages
        ]

    before = {role: seen(role) for role in HANDLERS}
    rated(cast, ended.matter_id, 1, text="态度很差", may_call=True)
    for role in HANDLERS:
        after = seen(role)
        assert after == before[role]
        assert not any("态度很差".encode() in one or b"HF-001" in one for one in after)


def _still(text: str) -> str:
    """A page without what the clock moves."""
    import re

    return re.sub(r"\d+ ?(分钟|minutes?|小时|hours?|秒|seconds?)", "", text)


def test_A22_no_role_of_the_app_can_read_a_vote(cast: Cast, ended: Any) -> None:
    from django.db import ProgrammingError, transaction

    from doorstep.domains.ratings.models import Vote

    rated(cast, ended.matter_id, 2)
    for role in ("resident", "supervisor", *HANDLERS):
        with (
            cast.enter(role),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
        ):
            Vote.objects.count()


def test_A22_one_vote_moves_no_published_figure(cast: Cast, ended: Any) -> None:
    from doorstep.rulebook import clock

    def at(days: int) -> list[Any]:
        with clock.clock_at(clock.now() + timedelta(days=days)):
            found = publish()
            lines = (*found.units, *found.items, *found.points, *found.channels, *found.branches)
            return sorted((one.subject, one.key, one.votes, one.rated) for one in lines)

    tomorrow, today = at(1), at(0)  # what waited from other tests is published by the first look
    rated(cast, ended.matter_id, 3)
    assert at(0) == today
    moved = [(one, two) for one, two in zip(tomorrow, at(1), strict=True) if one != two]
    assert all((two[3] - one[3]) % 5 == 0 for one, two in moved), "whole fives or none"


# ---- the call-back ----


def call_back_of_rated(cast: Cast, above: Any) -> UUID:
    """The call-back of a matter that was rated badly just now."""
    done = cast_ended(cast)
    rated(cast, done.matter_id, 1)
    return _call_back_of(cast, above, done.matter_id)


def test_A22_a_bad_one_opens_a_call_back_with_a_deadline_elsewhere(
    cast: Cast, ended: Any, above: Any
) -> None:
    from doorstep.kernel import read
    from doorstep.rulebook import clock
    from doorstep.rulebook.words import Refused

    rated(cast, ended.matter_id, 2, text="等了三天", may_call=True)
    made = _call_back_of(cast, above, ended.matter_id)
    with cast.enter("supervisor") as viewer:
        view = read.read_matter(viewer, made)
        step = view.open_steps[0]
        assert view.data["about"]["words"] == "等了三天" and view.data["about"]["number"] == ended.number
        assert view.applicant.name == cast.person("resident")["name"]
        assert step.name == "call" and step.due_at is not None and step.due_at > clock.now()
        assert view.unit_id not in {cast_unit(cast, role) for role in HANDLERS}
    for role in (*HANDLERS, "other_station", "neighbour"):
        with cast.enter(role) as viewer, pytest.raises(Refused, match="not-found"):
            read.read_matter(viewer, made, purpose="call_back")


def cast_unit(cast: Cast, role: str) -> int | None:
    with cast.enter(role) as viewer:
        return viewer.unit_id


def test_A22_good_ones_open_none(cast: Cast, ended: Any, above: Any) -> None:
    rated(cast, ended.matter_id, 3)
    assert _call_back_of(cast, above, ended.matter_id) is None


def test_A22_without_consent_nobody_learns_who_it_was(cast: Cast, ended: Any, above: Any) -> None:
    from doorstep.kernel import read

    rated(cast, ended.matter_id, 1, text="我的电话 19900000001，号码 990101199003071288")
    made = _call_back_of(cast, above, ended.matter_id)
    with cast.enter("supervisor") as viewer:
        view = read.read_matter(viewer, made)
    assert view.applicant.name == "***" and "number" not in view.data["about"]
    assert "1990" not in view.data["about"]["words"] and "我的电话" in view.data["about"]["words"]
    who = above.execute("select opened_by::text, applicant_id from matter where id = %s", [made]).fetchone()
    assert who == ("00000000-0000-0000-0000-000000000000", None)


@pytest.mark.parametrize("outcome", ["mended", "explained"])
def test_A22_the_call_back_ends_mended_or_explained(cast: Cast, ended: Any, above: Any, outcome: str) -> None:
    rated(cast, ended.matter_id, 1, may_call=True)
    made = _call_back_of(cast, above, ended.matter_id)
    assert cast.act("supervisor", made, "call", outcome, reason="打过电话").state == "closed"


def test_A22_unfounded_is_decided_by_another_unit(cast: Cast, ended: Any, above: Any, second: str) -> None:
    from doorstep.kernel import matter, trust
    from doorstep.rulebook.words import Refused

    rated(cast, ended.matter_id, 1, may_call=True)
    made = _call_back_of(cast, above, ended.matter_id)
    with pytest.raises(Refused, match="outcome"):
        cast.act("supervisor", made, "call", "unfounded")
    cast.act("supervisor", made, "call", "ask_second", reason="查不到")
    with pytest.raises(Refused, match="no-right"):
        cast.act("supervisor", made, "judge@AL-YX", "unfounded")
    with trust.enter(second) as viewer:
        done = matter.act(
            viewer, made, step="judge@AL-YX", outcome="unfounded", reason="核过了", request_id=fresh()
        )
    assert done.state == "closed"


def test_A22_a_late_call_back_lies_before_the_unit_above_until_it_is_done(
    cast: Cast, ended: Any, above: Any, database: Place
) -> None:
    """Again and again; whoever presses learns no more than who calls, and the handlers nothing."""
    from doorstep.kernel import lists, matter, read, trust
    from doorstep.rulebook import clock

    rated(cast, ended.matter_id, 1)
    made = _call_back_of(cast, above, ended.matter_id)

    def step() -> Any:
        with cast.enter("supervisor") as viewer:
            return next(one for one in read.read_matter(viewer, made).open_steps if one.name == "call")

    def asked(role: str) -> bool:
        with cast.enter(role) as viewer:
            return made in {row.id for row in lists.work_list(viewer, by="branch").rows}

    def runs_out() -> None:
        with contextmanager(as_role)("worker", database), trust.enter_system(made) as system:
            assert matter.mark_late(system, made, "call")

    for turn in range(2):
        before = step()
        assert not asked("city_approver")
        with clock.clock_at(before.due_at + timedelta(minutes=1)):
            runs_out()
            assert [asked(role) for role in ("city_approver", "supervisor", *HANDLERS)] == [
                True,
                *[False] * 4,
            ]
            assert "催过了" in Visit(cast["city_approver"].token).get(f"/ratings/call/{made}").text
            cast.act("city_approver", made, "press@AL", "pressed", reason=f"第 {turn + 1} 次催")
            assert step().due_at > before.due_at and not asked("city_approver")
    with clock.clock_at(step().due_at + timedelta(minutes=1)):
        runs_out()
        assert cast.act("supervisor", made, "call", "explained", reason="打过电话").state == "closed"
        assert not asked("city_approver"), "done meanwhile: nothing is left to press for"
    above.execute("select ratings.settle()")
    row = above.execute("select outcome from rating_vote where matter_id = %s", [ended.matter_id]).fetchone()
    assert row == ("explained",)


def test_A22_a_call_back_is_not_handed_to_who_handled_it(cast: Cast, ended: Any, above: Any) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    rated(cast, ended.matter_id, 1, may_call=True)
    made = _call_back_of(cast, above, ended.matter_id)
    with cast.enter("supervisor") as viewer, pytest.raises(Refused, match="no-right"):
        matter.hand_over(viewer, made, unit="AL-LJ-LX", reason="请自己回", request_id=fresh())


def test_A22_the_rater_follows_the_call_back_and_its_scope_ends_with_it(
    cast: Cast, ended: Any, above: Any
) -> None:
    from doorstep.domains.ratings import rate
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        rate.rate(viewer, ended.matter_id, level=1, request_id=fresh(), may_call=True)
        made = _call_back_of_now(viewer)
        assert read.read_matter(viewer, made).open_steps[0].name == "call"
        assert read.read_matter(viewer, ended.matter_id).number == ended.number


def _call_back_of_now(viewer: Viewer) -> UUID:
    from doorstep.kernel import lists

    return next(row.id for row in lists.my_matters(viewer).rows if row.item == "HF-001")


def test_A22_call_backs_are_opened_by_ratings_alone(cast: Cast) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    data = {
        "about": {"item": "HZ-078", "unit": "AL-LJ-LX", "level": "1"},
        "call": {"unit": "AL", "second": "AL-LJ"},
    }
    with cast.enter("clerk2") as viewer, pytest.raises(Refused, match="no-item"):
        matter.open_matter(
            viewer, item="HF-001", point="HALL-1", channel="hall", data=data, request_id=fresh()
        )
    assert "HF-001" not in Caller("").get("items").content.decode()


def test_A22_a_vote_without_anybody_to_look_into_it_is_no_vote(
    cast: Cast, ended: Any, above: Any, monkeypatch: Any
) -> None:
    from doorstep.domains.ratings import call_back
    from doorstep.rulebook.words import Refused

    monkeypatch.setattr(call_back, "_points", lambda unit: [])
    with pytest.raises(Refused, match="no-reviewer"):
        rated(cast, ended.matter_id, 1)
    assert above.execute(
        "select count(*) from rating_vote where matter_id = %s", [ended.matter_id]
    ).fetchone() == (0,)


def test_A22_what_was_written_goes_when_the_matter_is_erased(cast: Cast, ended: Any, above: Any) -> None:
    rated(cast, ended.matter_id, 4, text="谢谢")
    erase(cast, ended.matter_id)
    row = above.execute(
        "select level, key, sealed from rating_vote where matter_id = %s", [ended.matter_id]
    ).fetchone()
    assert row == (4, None, None)


# ---- what is published ----


def test_A22_the_supervisor_reads_released_words_without_numbers(cast: Cast, above: Any) -> None:
    from doorstep.domains.ratings import figures, rate
    from doorstep.rulebook import clock

    votes = [cast_ended(cast) for _ in range(5)]
    with clock.clock_at(clock.now() - timedelta(days=2)), cast.enter("resident") as viewer:
        for one in votes:
            rate.rate(viewer, one.matter_id, level=4, text="很快 19912345678", request_id=fresh())
    publish()
    with cast.enter("supervisor"):
        assert "很快 …" in [one.text for one in figures.said(500)]
    for role in ("approver", "clerk", "chief"):
        with cast.enter(role):
            assert figures.said(500) == []


def publish() -> Any:
    from doorstep.domains.ratings import figures
    from doorstep.kernel import trust

    for _ in as_role("worker", Place.from_env()):
        figures.publish()
    with trust.enter(None):
        return figures.figures()


def cast_ended(cast: Cast) -> Any:
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "refuse", reason="no_application")
    return done


# ---- pages ----


def test_A22_the_slip_carries_a_code_that_rates_without_signing_in(cast: Cast, ended: Any) -> None:
    import re

    slip = Visit(cast["clerk"].token).get(f"/ratings/slip/{ended.matter_id}?purpose=check_quality")
    code = re.search(r"data-rating-code>([^<]+)<", slip.html)
    assert code and ended.number in slip.html
    visit = Visit()
    ask = visit.get(f"/ratings/with?number={ended.number}&code={code[1]}")
    assert "临时居民身份证" in ask.text and cast.person("resident")["name"] not in ask.text
    form = ask.form("/ratings/with")
    none = visit.post("/ratings/with", form | {"level": "", "text": "等了很久"})
    assert none.status == 422 and "等了很久" in none.html
    assert "谢谢您" in visit.post("/ratings/with", form | {"level": "5"}).text
    assert visit.get(f"/ratings/with?number={ended.number}&code={code[1]}").status == 409


def test_A22_a_clerk_enters_a_slip_and_a_supervisor_calls_back(cast: Cast, ended: Any, above: Any) -> None:
    told = {"number": ended.number, "code": slip_code(cast, ended.matter_id)}
    clerk = Visit(cast["other_station"].token)
    form = clerk.post("/ratings/enter", told).form("/ratings/enter")
    assert (
        "录好了"
        in clerk.post("/ratings/enter", form | {"level": "1", "text": "冷冰冰的", "may_call": "yes"}).text
    )
    supervisor = Visit(cast["supervisor"].token)
    board = supervisor.get("/ratings/board")
    made = _call_back_of(cast, above, ended.matter_id)
    assert f"/ratings/call/{made}" in board.html
    page = supervisor.get(f"/ratings/call/{made}")
    assert "冷冰冰的" in page.text and cast.person("resident")["name"] in page.text
    form = page.form(f"/ratings/call/{made}")
    bare = supervisor.post(f"/ratings/call/{made}", form | {"outcome": "mended"})
    assert bare.status == 422
    done = supervisor.post(f"/ratings/call/{made}", form | {"outcome": "mended", "told": "道了歉，补寄了"})
    assert done.name == "rating_board" and "记下了" in done.text


@pytest.mark.parametrize("path", ["/ratings/board", "/ratings/enter"])
@pytest.mark.parametrize("role", ["resident", "neighbour", "approver", "auditor", "gone"])
def test_A22_who_may_not_sees_neither_board_nor_desk(cast: Cast, role: str, path: str) -> None:
    page = Visit(cast[role].token).get(path)
    assert page.status == 403 or page.name == "login"


def test_A22_what_is_published_is_open_to_anybody_in_both_languages(database: Any, cast: Cast) -> None:
    assert "大家怎么评" in Visit().get("/ratings/").text
    assert "How people rate us" in Visit(lang="en").get("/ratings/").text
    assert Visit(cast["chief"].token).get("/ratings/board").status == 200
