"""What needs two people is held to in the database, whatever the programme does: asked in raw SQL as the people of the town."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, fresh
from tests.studio.regions import op

PUBLISH = "select trust.publish_layer(%s, 9999999, now(), 'x', null, '{}', '[]', '[]', '{}')"
ALONE, TWO = op(offer="kiosk"), op(withdraw="workstation")


def saved(cast: Cast, role: str, *operations: dict[str, Any]) -> Any:
    """A sheet of the county's layer as this person saves it over what is there."""
    from doorstep.domains.studio.sheet import latest, save, whose
    from doorstep.rulebook.words import Words

    with cast.enter(role) as viewer:
        last = latest(10)
        items = {"HZ-078": {"operations": list(operations)}}
        seen = last.version if last else 0
        return save(
            viewer, whose("AL-LJ"), items, {}, Words("试", "try"), seen=seen, request_id=fresh()
        ).matter_id


def published(cast: Cast, role: str, sheet: Any) -> bool:
    """Does the database let this person put it in force? Nothing of it stays."""
    from django.db import connection, transaction
    from django.db.utils import IntegrityError

    with cast.enter(role), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(PUBLISH, [sheet])
                cursor.execute(
                    "select account_id = trust.ctx_account() from layer_in_force where sheet_id = %s", [sheet]
                )
                assert cursor.fetchone()[0], "who put it in force is written down"
                transaction.set_rollback(True)
        except IntegrityError as no:
            assert "layer_by_two" in repr(no.__cause__.diag.constraint_name)  # type: ignore[union-attr]
            return False
        return True


@pytest.fixture(autouse=True)
def as_the_file(cast: Cast) -> Any:
    """Afterwards the county's layer is its file's again, and nothing waits."""
    yield
    from doorstep.domains.studio.sheet import latest, save, whose
    from doorstep.rulebook.words import Words

    with cast.enter("supervisor") as viewer:
        last = latest(10)
        seen = last.version if last else 0
        save(
            viewer, whose("AL-LJ"), None, None, Words("照文件", "as its file"), seen=seen, request_id=fresh()
        )


def test_E01_who_wrote_what_needs_two_cannot_put_it_in_force_in_raw_sql(cast: Cast) -> None:
    theirs = saved(cast, "supervisor", TWO)
    assert not published(cast, "supervisor", theirs)
    assert published(cast, "designer", theirs)
    both = saved(cast, "designer", TWO, ALONE)
    assert not published(cast, "designer", both), "who saved over it wrote it too"
    assert published(cast, "chief", both)


def test_E01_what_needs_one_is_put_in_force_by_its_writer(cast: Cast) -> None:
    keep = op(set="limits/keep_for_pick_up", value="60 day")
    assert published(cast, "supervisor", saved(cast, "supervisor", ALONE, keep))


def test_E01_the_web_s_role_cannot_say_what_needs_two_nor_who_published(cast: Cast) -> None:
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    for sql in (
        "delete from layer_two", "insert into layer_two values ('set')", "update layer_file set items = '{}'",
        "insert into layer_in_force (publication_id, unit_id) values (9999999, 10)",
        "update layer_in_force set account_id = null", "alter table layer_in_force disable trigger all",
        "select trust.differs_by_two('{}', '{}', '{}', '{}')",
    ):  # fmt: skip
        with (
            cast.enter("supervisor"),
            connection.cursor() as cursor,
            pytest.raises(ProgrammingError),
            transaction.atomic(),
        ):
            cursor.execute(sql)


def test_E01_the_database_knows_what_the_region_wants_two_for(cast: Cast, above: Any) -> None:
    from doorstep.rulebook.region import region

    held = {row[0] for row in above.execute("select kind from layer_two")}
    assert held == set(region().layers_by_two) >= {"delegate", "withdraw"}
    assert above.execute("select items::jsonb ? 'HZ-078' from layer_file where unit_id = 10").fetchone()[0]
