"""Accounts that people make by themselves, and passwords that they forgot: who holds the telephone and nobody else (A01)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.accounts.texts import carrier, code_in, hand_over, phone, texts_to
from tests.cast import Cast, fresh

MINE = "990101199003071288"
PASSWORD = "bamboo river lantern 7"


@pytest.fixture(scope="module")
def sms(cast: Cast, database: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a carrier that takes messages; as in a demonstration."""
    from django.conf import settings

    database.secret("sms")
    for address in carrier(tmp_path_factory.mktemp("carrier"), database.secrets / "sms.secret"):
        settings.SMS_URL = address
        yield address
        settings.SMS_URL = ""


def browser(lang: str = "zh") -> Any:
    from django.test import Client

    return Client(headers={"host": "localhost", "accept-language": lang})


def asks(page: Any, number: str, way: str = "new", **told: str) -> Any:
    """Who I am, and a code please."""
    return page.post(f"/accounts/{way}", {"name": "云小满", "id_no": MINE, "phone": number} | told)


def proved(page: Any, sms: str, database: Place, number: str, way: str = "new", **told: str) -> Any:
    """As far as the password."""
    assert asks(page, number, way, **told).headers["Location"] == f"/accounts/{way}/code"
    assert hand_over(database) == 1
    said = page.post(f"/accounts/{way}/code", {"code": code_in(texts_to(sms, number)[0])})
    assert said.headers.get("Location") == f"/accounts/{way}/password", said.content.decode()
    return page.get(f"/accounts/{way}/password")


def signed_up(sms: str, database: Place, number: str, **told: str) -> Any:
    page = browser()
    proved(page, sms, database, number, **told)
    done = page.post("/accounts/new/password", {"password": PASSWORD, "again": PASSWORD})
    assert done.headers.get("Location") == "/account?told=new", done.content.decode()
    return page


def viewer_of(number: str, password: str = PASSWORD) -> Any:
    from doorstep.kernel import trust

    with trust.enter(trust.sign_in(number, password)) as viewer:
        return viewer


def test_A01_somebody_makes_an_account_by_telephone_and_is_told_the_way_to_the_window(
    sms: str, database: Place
) -> None:
    number = phone()
    page = signed_up(sms, database, number)
    told = page.get("/account?told=new").content.decode()
    assert "账号做好了" in told and "还差一步" in told and "data-point" in told and MINE not in told
    viewer = viewer_of(f" {number[:3]} {number[3:7]}-{number[7:]} ")
    assert (viewer.kind, viewer.assurance, viewer.party_id, viewer.unit_id) == ("resident", 1, None, None)
    assert viewer.may("apply") and not viewer.may("receive") and number not in viewer.login


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_typed_survives_and_each_fault_says_what_to_do(sms: str, database: Place, lang: str) -> None:
    page, number = browser(lang), phone()
    wrong = asks(page, "12345", id_no=MINE[:-1] + "0")
    html = wrong.content.decode()
    assert (
        wrong.status_code == 400
        and 'value="12345"' in html
        and 'value="云小满"' in html
        and MINE[:-1] + "0" in html
    )
    assert html.count('class="q-fault"') == 2 and "accounts_new" in html
    asks(page, number)
    back = page.get("/accounts/new").content.decode()
    assert f'value="{number}"' in back and MINE in back and "云小满" in back
    hand_over(database)
    page.post("/accounts/new/code", {"code": code_in(texts_to(sms, number)[0])})
    for password in ("short", "12345678901", f"x{number}", "passwordpassword", f"my{MINE[-8:]}id"):
        refused = page.post("/accounts/new/password", {"password": password, "again": password})
        assert refused.status_code == 400 and "q-fault" in refused.content.decode(), password
    assert page.post("/accounts/new/password", {"password": PASSWORD, "again": "other"}).status_code == 400
    assert page.post("/accounts/new/password", {"password": PASSWORD, "again": PASSWORD}).status_code == 302


def test_a_foreign_document_makes_an_account(sms: str, database: Place) -> None:
    number = phone()
    signed_up(
        sms, database, number, name="ERIKSSON ANNA MARIA", document="passport", state="SWE", id_no="X1234567"
    )
    assert viewer_of(number).name.en == "ERIKSSON ANNA MARIA"
    unknown = asks(browser(), phone(), document="passport", state="", id_no="X1234567")
    assert unknown.status_code == 400 and "哪国" in unknown.content.decode()


def test_nobody_learns_who_has_an_account(cast: Cast, sms: str, database: Place) -> None:
    """The document of somebody verified, of an account, and of nobody: the same pages, and no sight of anybody's record."""
    from doorstep.kernel import lists, trust

    number = phone()
    signed_up(sms, database, number)
    pages = []
    for one in (MINE, cast.person("neighbour")["id_no"], "990101198001010014"):
        page, other = browser(), phone()
        shown = proved(page, sms, database, other, id_no=one).content.decode()
        pages.append(re.sub(r"[\w-]{40,}", "", shown).replace(f"{other[:3]}****{other[-4:]}", ""))
    assert len(set(pages)) == 1
    page.post("/accounts/new/password", {"password": PASSWORD, "again": PASSWORD})
    with trust.enter(trust.sign_in(other, PASSWORD)) as viewer:
        assert viewer.party_id is None and not lists.my_matters(viewer).rows
    late = browser()
    assert asks(late, number).headers.get("Location") is None, "within a minute of the last code"
    aged(number)
    assert asks(late, number).headers["Location"] == "/accounts/new/code"
    assert "已经有账号" not in late.get("/accounts/new/code").content.decode()
    hand_over(database)
    late.post("/accounts/new/code", {"code": code_in(texts_to(sms, number)[0])})
    assert "已经有账号" in late.get("/accounts/new/password").content.decode()
    refused = late.post("/accounts/new/password", {"password": PASSWORD, "again": PASSWORD})
    assert refused.status_code == 400 and viewer_of(number)


def above() -> psycopg.Connection[Any]:
    from doorstep.run.roles import DATABASE, SUPERUSER

    place = Place.from_env()
    told = dsn("backup", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER), "dbname": DATABASE}
    return psycopg.connect(**told, autocommit=True)  # type: ignore[arg-type]


def aged(number: str, by: str = "2 minutes") -> None:
    """What this telephone asked for was longer ago."""
    from doorstep.kernel.trust import keys

    with above() as conn:
        blind = keys().blind("login", number)
        conn.execute("update trust.asked_code set at = at - %s::interval where phone = %s", [by, blind])
        conn.execute("update trust.proving set at = at - %s::interval where phone = %s", [by, blind])


def test_codes_are_few_and_tried_seldom(sms: str, database: Place) -> None:
    page, number = browser(), phone()
    asks(page, number)
    assert "一分钟" in page.post("/accounts/new/code", {"do": "again"}).content.decode()
    hand_over(database)
    right = code_in(texts_to(sms, number)[0])
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1):
        assert f"还能试 {left} 次" in page.post("/accounts/new/code", {"code": wrong}).content.decode()
    page.post("/accounts/new/code", {"code": wrong})
    assert "再要一条" in page.post("/accounts/new/code", {"code": right}).content.decode()
    for _ in range(4):
        aged(number)
        assert "又发了一条" in page.post("/accounts/new/code", {"do": "again"}).content.decode()
    aged(number)
    many = page.post("/accounts/new/code", {"do": "again"})
    assert many.status_code == 400 and "5 次" in many.content.decode() and "窗口" in many.content.decode()
    hand_over(database)
    aged(number, "11 minutes")
    last = code_in(texts_to(sms, number)[0])
    assert "过时" in page.post("/accounts/new/code", {"code": last}).content.decode()


def test_one_address_does_not_make_the_carrier_send_without_end(sms: str, database: Place) -> None:
    from doorstep.domains.accounts import proving
    from doorstep.rulebook.words import Refused

    typed = [proving.Typed("云小满", MINE, phone()) for _ in range(21)]
    for one in typed[:20]:
        proving.begin(proving.new_token(), "new", one, "203.0.113.9")
    with pytest.raises(Refused, match="source") as no:
        proving.begin(proving.new_token(), "new", typed[20], "203.0.113.9")
    assert no.value.status == 429 and "窗口" in no.value.words.zh
    proving.begin(proving.new_token(), "new", typed[20], "203.0.113.10")
    assert hand_over(database) == 20, "a carrier is told twenty at a time"
    hand_over(database)


def test_a_forgotten_password_is_set_by_who_holds_the_telephone_and_ends_every_session(
    sms: str, database: Place
) -> None:
    from doorstep.kernel import trust

    number = phone()
    open_before = signed_up(sms, database, number)
    for told in ({"id_no": "990101198001010014"}, {"phone": phone()}):
        aged(number)
        page = browser()
        assert (
            asks(page, told.get("phone", number), "forgot", **told).headers["Location"]
            == "/accounts/forgot/code"
        )
        assert (
            hand_over(database) == 0
            and "还能试 4 次" in page.post("/accounts/forgot/code", {"code": "123456"}).content.decode()
        )
    aged(number)
    page, other = browser(), "lantern river bamboo 8"
    proved(page, sms, database, number, "forgot")
    assert (
        page.post("/accounts/forgot/password", {"password": other, "again": other}).headers["Location"]
        == "/account?told=reset"
    )
    assert open_before.get("/account").status_code == 302, "the old session has ended"
    assert page.get("/account").status_code == 200 and viewer_of(number, other)
    with pytest.raises(Exception, match="wrong-password"):
        trust.sign_in(number, PASSWORD)


def test_a_carrier_that_fails_loses_and_doubles_nothing(sms: str, database: Place, tmp_path: Any) -> None:
    from django.conf import settings

    number, key = phone(), database.secrets / "sms.secret"
    asks(browser(), number)
    try:
        for fault in ("down", "refuse", "lost"):
            for address in carrier(tmp_path, key, fault):
                settings.SMS_URL = address
                assert hand_over(database) == 0
                _soon_again(number)
        for address in carrier(tmp_path, key):
            settings.SMS_URL = address
            assert hand_over(database) == 1 and hand_over(database) == 0
            assert len(texts_to(address, number)) == 1
    finally:
        settings.SMS_URL = sms


def _soon_again(number: str) -> None:
    from doorstep.kernel.trust import keys

    with above() as conn:
        conn.execute(
            "update trust.proving set tried_at = null where phone = %s", [keys().blind("login", number)]
        )


def test_without_a_carrier_the_page_says_where_to_go(cast: Cast) -> None:
    told = browser().get("/accounts/new").content.decode()
    assert "请带证件到窗口" in told or "/points" in told


def test_the_application_makes_and_raises_no_account_and_learns_no_code(
    cast: Cast, sms: str, database: Place
) -> None:
    """SQL run as the application, also within somebody's session: none that `doorstep account` would make either."""
    asks(browser(), phone())
    account = UUID(int=2)
    refused = (
        "insert into account (id, login, kind, role, zh, en) values (gen_random_uuid(), 'x', 'officer', 'chief', 'x', 'x')",
        "update account set assurance = 2", "select * from account", "select * from trust.proving",
        "select * from trust.credential",
        "update account_claim set verified_at = now()", "insert into account_claim (account_id) values (gen_random_uuid())",
        "select trust.create_account('{}', '', '')", f"select trust.end_account('{account}')",
        f"select trust.post_at('{account}', 1)", "select trust.bind_account('', '')", "select trust.let_go(gen_random_uuid())",
        f"select trust.set_password('{account}', '', '')", "select * from trust.codes_to_send(9)", "select trust.code_sent('', '')",
        "select trust.hash_of('', '123456')", "select trust.claimant('', '')", "set role doorstep_migrator",
    )  # fmt: skip
    for token in ("", cast["resident"].token, cast["clerk"].token, cast["sysadmin"].token):
        with psycopg.connect(**dsn("app", database), autocommit=True) as conn:  # type: ignore[arg-type]
            for statement in refused:
                with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
                    conn.execute("select trust.enter(%s)", [token])
                    conn.execute(statement)
            unproved = "select trust.sign_up(token, gen_random_uuid(), 'x', '[]', '', '') from (select sha256('x') as token) t"
            assert conn.execute(unproved).fetchone() == ("over",)
            assert conn.execute("select trust.new_password(sha256('x'), '', '')").fetchone() == ("over",)


def test_a_code_for_one_telephone_is_not_sent_to_another(sms: str, database: Place) -> None:
    """SQL run as the application could ask for that."""
    from doorstep.domains.accounts import proving

    number, mine, token = phone(), phone(), proving.new_token()
    proving.begin(token, "new", proving.Typed("云小满", MINE, mine), "")
    with above() as conn:
        from doorstep.kernel.trust import keys

        told = [keys().blind("login", one) for one in (number, mine)]
        conn.execute("update trust.proving set phone = %s where phone = %s", told)
    hand_over(database)
    assert not texts_to(sms, number) and not texts_to(sms, mine)


def test_an_account_that_is_made_by_oneself_gets_no_right_beyond_its_own(sms: str, database: Place) -> None:
    from doorstep.domains.accounts import proving
    from doorstep.rulebook.ids import uuid7

    number, token = phone(), proving.new_token()
    proving.begin(token, "new", proving.Typed("云小满", MINE, number), "")
    hand_over(database)
    assert proving.prove(token, code_in(texts_to(sms, number)[0])) is None
    for right in (
        "receive:*:unit:personal",
        "apply:*:city:personal",
        "read:*:own:sealed",
        "administer:*:own:personal",
    ):
        with (
            psycopg.connect(**dsn("app", database)) as conn,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):  # type: ignore[arg-type]
            conn.execute(
                "select trust.sign_up(sha256(%s), %s, 'x', jsonb_build_array(%s::text), '', '')",
                [token.encode(), uuid7(), right],
            )


def test_a_form_that_is_sent_twice_makes_one_account(sms: str, database: Place) -> None:
    from doorstep.domains.accounts import proving
    from doorstep.rulebook.words import Refused

    number, token = phone(), proving.new_token()
    proving.begin(token, "new", proving.Typed("云小满", MINE, number), "")
    hand_over(database)
    proving.prove(token, code_in(texts_to(sms, number)[0]))
    assert proving.sign_up(token, PASSWORD) == number
    with pytest.raises(Refused, match="over"):
        proving.sign_up(token, PASSWORD + fresh())
    assert viewer_of(number)


def test_A01_a_telephone_is_changed_by_who_holds_the_old_and_the_new_one(sms: str, database: Place) -> None:
    old, new, other = phone(), phone(), phone()
    page = signed_up(sms, database, old)
    signed_up(sms, database, other, id_no="990101198001010014")
    for one in (old, other):
        aged(one)

    def asked(leaves: str, comes: str) -> Any:
        return page.post("/accounts/phone", {"leaves": leaves, "comes": comes})

    assert asked(old, old).status_code == 400 and asked("12", new).status_code == 400
    assert asked(other, new).status_code == 302, "said the same whosever the old number is"
    assert hand_over(database) == 1, "and only the new telephone is sent a code"
    refused = page.post(
        "/accounts/phone/codes", {"leaves": "123456", "comes": code_in(texts_to(sms, new)[0])}
    )
    assert refused.status_code == 400 and viewer_of(old)
    aged(new), aged(other)
    assert asked(old, new).status_code == 302 and hand_over(database) == 2
    codes = {"leaves": code_in(texts_to(sms, old)[0]), "comes": code_in(texts_to(sms, new)[0])}
    half = page.post("/accounts/phone/codes", codes | {"leaves": f"{(int(codes['leaves']) + 1) % 10**6:06d}"})
    assert half.status_code == 400 and half.content.decode().count("q-fault") == 1 and viewer_of(old)
    done = page.post("/accounts/phone/codes", codes)
    assert done.headers.get("Location") == "/login?told=phone", done.content.decode()
    html = page.get("/login?told=phone").content.decode()
    assert html.count("手机号换好了") == 1, "its session has ended, too"
    assert html.index('role="status"') < html.index("手机号换好了") < html.index("<h1>"), (
        "it stands at the top"
    )
    assert viewer_of(new).assurance == 1
    with pytest.raises(Refused):
        viewer_of(old)


def test_A01_a_changed_telephone_is_changed_in_the_own_record_where_it_held_the_old_one(
    cast: Cast, sms: str, database: Place, above: psycopg.Connection[Any]
) -> None:
    from doorstep.kernel import trust
    from doorstep.kernel.party import Person, find_or_add, person_of
    from doorstep.kernel.row import fetch

    for held in (True, False):
        old, new, elsewhere = phone(), phone(), phone()
        page = signed_up(sms, database, old)
        account = viewer_of(old).account_id
        with cast.enter("clerk") as clerk:
            party = find_or_add(clerk, Person("云小满", "", old if held else elsewhere), purpose="intake")
        above.execute("update account set party_id = %s, assurance = 2 where id = %s", [party, account])
        aged(old)
        page.post("/accounts/phone", {"leaves": old, "comes": new})
        assert hand_over(database) == 2
        codes = {"leaves": code_in(texts_to(sms, old)[0]), "comes": code_in(texts_to(sms, new)[0])}
        assert page.post("/accounts/phone/codes", codes).headers.get("Location") == "/login?told=phone"
        with trust.enter(trust.sign_in(new, PASSWORD)) as viewer:
            assert viewer.party_id == party
            person = person_of(party)
            assert person and person.phone == (new if held else elsewhere)
            before = above.execute("select sealed from party where id = %s", [party]).fetchone()
            said = fetch("select trust.keep_phone(%s)", b"anything")[0][0]
            assert said == "over", "in no other transaction"
            assert above.execute("select sealed from party where id = %s", [party]).fetchone() == before
        above.execute("update account set party_id = null, assurance = 0 where id = %s", [account])


def test_a_telephone_that_has_an_account_is_nobody_elses_and_another_session_changes_nothing(
    cast: Cast, sms: str, database: Place
) -> None:
    mine, theirs = phone(), phone()
    page = signed_up(sms, database, mine)
    signed_up(sms, database, theirs, id_no="990101198001010014")
    aged(mine), aged(theirs)
    page.post("/accounts/phone", {"leaves": mine, "comes": theirs})
    assert hand_over(database) == 2
    codes = {"leaves": code_in(texts_to(sms, mine)[0]), "comes": code_in(texts_to(sms, theirs)[0])}
    stranger = browser()
    stranger.cookies["doorstep_phone"] = page.cookies["doorstep_phone"].value
    assert "/login" in stranger.post("/accounts/phone/codes", codes).headers.get("Location", "/login")
    taken = page.post("/accounts/phone/codes", codes)
    assert (
        taken.status_code == 400
        and "已经有账号" in taken.content.decode()
        and viewer_of(mine)
        and viewer_of(theirs)
    )
