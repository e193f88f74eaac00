"""A daughter acts for her father: what the mandate covers, until it ends, and nothing else; also by SQL of her own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import Cast, fresh


@pytest.fixture(autouse=True, scope="module")
def known(database: Any) -> None:
    """The kernel has been told who takes care of mandates."""
    from doorstep.domains.family.domain import DOMAIN
    from doorstep.kernel.plug import adopt

    adopt(DOMAIN)


def give(cast: Cast, **more: Any) -> Any:
    """云小满 lets 陆望舒 act for her."""
    from doorstep.domains.family import mandate
    from doorstep.kernel.party import Person
    from doorstep.rulebook import clock

    other = cast.person("neighbour")
    told = {
        "agent": Person(other["name"], other["id_no"]),
        "until": clock.now() + timedelta(days=30),
        "items": ["HZ-078"],
    } | more
    with cast.enter("resident") as viewer:
        return mandate.give(viewer, request_id=fresh(), **told).matter_id


def end(cast: Cast, who: str, mandate_id: Any) -> Any:
    from doorstep.domains.family import mandate

    with cast.enter(who) as viewer:
        return mandate.end(viewer, mandate_id, request_id=fresh())


def bring(cast: Cast, mandate_id: Any, item: str = "HZ-078") -> Any:
    from doorstep.kernel import matter

    data = cast.card("neighbour", applicant=cast.person("resident"))
    with cast.enter("neighbour") as viewer:
        return matter.open_matter(
            viewer,
            item=item,
            point="HW-1",
            channel="online",
            data=data,
            request_id=fresh(),
            on_behalf=mandate_id,
        )


def refused(code: str) -> Any:
    from doorstep.rulebook.words import Refused

    return _Refusal(Refused, code)


class _Refusal:
    def __init__(self, kind: type[Exception], code: str) -> None:
        self.raises, self.code = pytest.raises(kind), code

    def __enter__(self) -> None:
        self.caught = self.raises.__enter__()

    def __exit__(self, *why: Any) -> bool:
        done = bool(self.raises.__exit__(*why))
        assert self.caught.value.code == self.code  # type: ignore[attr-defined]
        return done


def test_A01_an_agent_opens_follows_and_mends_and_the_person_is_told_of_each(cast: Cast) -> None:
    from doorstep.kernel import post, read

    given = give(cast)
    made = bring(cast, given)
    cast.act("clerk", made.matter_id, "intake")
    cast.act("approver", made.matter_id, "review", "return", reason="photo_unclear")
    with cast.enter("neighbour") as viewer:
        seen = read.read_matter(viewer, made.matter_id)
        assert (
            seen.for_other
            and seen.applicant.name == "云小满"
            and [s.name for s in seen.mine] == ["correct:review"]
        )
        data = seen.data
    cast.act(
        "neighbour", made.matter_id, "correct:review", data={k: v for k, v in data.items() if k != "heard"}
    )
    with cast.enter("resident") as viewer:
        found = read.read_matter(viewer, made.matter_id)
        assert not found.for_other and viewer.party_id is not None
        looks = [
            one for one in read.readers(viewer, made.matter_id) if one.unit.en == "Somebody you authorised"
        ]
        assert {one.what.en for one in looks} == {"opened this matter", "took a step for you"}
        assert all(one.explained for one in looks)
        told = [
            one.words.en for one in post.my_notices(viewer, 5000) if one.matter_id in (made.matter_id, given)
        ]
    assert sum("Somebody you authorised took a step" in one for one in told) == 2
    assert any("authority to act for somebody is in force" in one for one in told)


def test_A01_nothing_is_seen_or_done_after_the_mandate_ends(cast: Cast, above: Any) -> None:
    from doorstep.kernel import draft, lists, read

    given = give(cast)
    made = bring(cast, given)
    with cast.enter("neighbour") as viewer:
        kept = draft.save_draft(viewer, "HZ-078", {"reason": "lost"}, mandate_id=given)
    end(cast, "resident", given)
    with refused("not-found"), cast.enter("neighbour") as viewer:
        read.read_matter(viewer, made.matter_id)
    with refused("no-mandate"):
        bring(cast, given)
    with cast.enter("neighbour") as viewer:
        assert made.matter_id not in [row.id for row in lists.my_matters(viewer, role="agent").rows]
        assert kept.id not in [one.id for one in draft.my_drafts(viewer)]
    again = give(cast)
    later = bring(cast, again)
    above.execute("set session_replication_role = replica")  # a trigger holds even this connection
    above.execute("update mandate set until = now() - interval '1 second' where id = %s", [again])
    above.execute("update share set until = now() - interval '1 second' where reason = %s", [str(again)])
    above.execute("set session_replication_role = origin")
    with refused("not-found"), cast.enter("neighbour") as viewer:
        read.read_matter(viewer, later.matter_id)


def test_A01_a_mandate_covers_what_it_names_and_what_the_person_need_not_do(cast: Cast) -> None:
    with refused("no-mandate"):
        bring(cast, give(cast, items=["HZ-095"]))
    assert bring(cast, give(cast, items=[], branches=["household"])).number
    with refused("own-hand"):
        bring(cast, give(cast, items=[], branches=["household"]), item="HZ-088")
    with refused("until"):
        from doorstep.rulebook import clock

        give(cast, until=clock.now() + timedelta(days=400))
    with refused("name-differs"):
        from doorstep.kernel.party import Person

        give(cast, agent=Person("陆望书", cast.person("neighbour")["id_no"]))


def test_A01_the_database_itself_holds_an_agent_to_the_mandate(cast: Cast) -> None:
    """What the application's role may send when she is signed in: SQL that goes round every verb."""
    from django.db import DatabaseError, connection

    from doorstep.domains.family import mandate

    ended = give(cast)
    made = bring(cast, ended)
    own = cast.apply("resident")
    copied = """insert into matter select (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'number',
      gen_random_uuid()::text::varchar(20), 'opened_by', trust.ctx_account()) || %s)).* from matter m where id = %s"""
    principal = str(_principal(cast, ended))

    def tried(sql: str, *values: Any) -> int:
        with cast.enter("neighbour"), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)

    def no(sql: str, *values: Any) -> None:
        try:
            assert tried(sql, *values) == 0
        except DatabaseError as error:
            assert (
                "row-level security" in str(error)
                or "permission denied" in str(error)
                or "mandate" in str(error)
            )

    assert tried("select 1 from matter where id = %s", own.matter_id) == 0
    no("update share set until = null where matter_id = %s and role = 'agent'", made.matter_id)
    no("update share set role = 'applicant' where matter_id = %s and role = 'agent'", made.matter_id)
    no("update mandate set until = 'infinity' where id = %s", ended)
    no(
        """insert into share (id, matter_id, party_id, role, tier, at, opened_at, state, reason)
        values (gen_random_uuid(), gen_random_uuid(), trust.ctx_party(), 'agent', 1, now(), now(), 'open', '')"""
    )
    no(
        """insert into mandate (id, kind, principal_id, agent_id, relation, items, branches, at, until, granted_by, proof)
        values (gen_random_uuid(), 'given', %s, trust.ctx_party(), '', '[]', '[1]', now(), 'infinity', trust.ctx_account(), '')""",
        principal,
    )
    with cast.enter("neighbour") as viewer:
        live = [one.id for one in mandate.mine(viewer) if one.held and one.live]
    for one in live:
        end(cast, "neighbour", one)
    no(copied, "{}", made.matter_id)
    no(copied, f'{{"applicant_id": "{principal}"}}', _own_matter(cast))
    assert tried("select 1 from matter where id = %s", made.matter_id) == 0
    assert tried("select 1 from party where id = %s", principal) == 0


def _own_matter(cast: Cast) -> Any:
    return cast.apply("neighbour").matter_id


def _principal(cast: Cast, mandate_id: Any) -> Any:
    with cast.enter("resident") as viewer:
        return viewer.party_id


def test_A01_a_parent_acts_until_eighteen_and_a_guardian_by_a_document_the_clerk_saw(cast: Cast) -> None:
    from datetime import date

    from doorstep.domains.family import mandate
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person
    from doorstep.rulebook import clock

    other, child = cast.person("neighbour"), Person("陆小舟", "990101201805051238")
    told = {
        "agent": Person(other["name"], other["id_no"]),
        "principal": child,
        "branches": ["household"],
        "relation": "child",
    }
    with cast.enter("clerk") as viewer:
        until = mandate.of_age(date(2018, 5, 5))
        with refused("proof"):
            mandate.give(viewer, kind="parent", until=until, request_id=fresh(), **told)  # type: ignore[arg-type]
        made = mandate.give(
            viewer, kind="parent", until=until, proof="户口簿，同一户", request_id=fresh(), **told  # type: ignore[arg-type]
        )  # fmt: skip
        seen = mandate.at_window(viewer, child)
        assert [one.id for one in seen] == [made.matter_id] and seen[0].until.year == 2036
    with refused("assurance"), cast.enter("resident") as viewer:
        mandate.give(
            viewer,
            kind="guardian",
            until=clock.now() + timedelta(days=9),
            proof="x",
            request_id=fresh(),
            **told,
        )  # type: ignore[arg-type]
    data = cast.card(
        "neighbour", applicant={"name": child.name, "id_no": child.id_no, "mobile": other["mobile"]}
    )
    with cast.enter("neighbour") as viewer:
        opened = matter.open_matter(
            viewer,
            item="HZ-078",
            point="HW-1",
            channel="online",
            data=data,
            request_id=fresh(),
            on_behalf=made.matter_id,
        )
    assert opened.number
