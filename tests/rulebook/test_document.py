"""Documents by which a person is known: kinds, issuers, numbers, machine-readable zones (A01, A02, A19)."""

from __future__ import annotations

from datetime import date

import pytest

from doorstep.rulebook import document, identity, mrz
from doorstep.rulebook.fact import Fact
from doorstep.rulebook.form import Form
from doorstep.rulebook.words import Words

# The specimens of ICAO Doc 9303 parts 4, 6 and 5.
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"


@pytest.mark.parametrize(
    ("zone", "number"),
    [(TD3, "L898902C3"), (TD2, "D23145890"), (TD1, "D23145890")],
    ids=("TD3", "TD2", "TD1"),
)
def test_A19_the_specimens_of_ICAO_9303_are_read_and_every_wrong_digit_of_a_checked_field_is_found(
    zone: str, number: str
) -> None:
    read = mrz.read_zone(zone)
    assert isinstance(read, mrz.Zone)
    assert (read.number, read.state, read.name) == (number, "UTO", "ERIKSSON ANNA MARIA")
    assert (read.born, read.sex, read.until) == ("740812", "F", "120415")
    at = zone.index(number)
    for place in (one for one in range(at, at + 9) if zone[one].isdigit()):
        other = str((int(zone[place]) + 1) % 10)
        assert isinstance(mrz.read_zone(zone[:place] + other + zone[place + 1 :]), Words), place
    assert isinstance(mrz.read_zone(zone[:-1]), Words)


def test_A19_a_passport_is_known_by_its_zone_typed_in_place_of_the_number() -> None:
    typed = TD3[:44] + "\n" + TD3[44:].lower()
    assert (
        document.tidy(typed) == document.compose("passport", "uto", " l898902c3 ") == "passport:UTO:L898902C3"
    )
    assert document.name_in(typed) == "ERIKSSON ANNA MARIA"
    assert document.compose("id", "", typed) == "passport:UTO:L898902C3"
    wrong = typed.replace("740812", "740813")
    assert "出生日期" in (document.fault(document.tidy(wrong)) or Words("", "")).zh
    assert document.fault(document.tidy(TD1)) is not None, "a card's zone names no kind of document we know"
    assert mrz.day_of("740812", today=date(2026, 11, 22)) == date(1974, 8, 12)
    assert mrz.day_of("260812", today=date(2026, 11, 22)) == date(2026, 8, 12)


GOOD = (
    ("id", "", "990101 19900307 1288", "990101199003071288"),
    ("passport", "NOR", "x-1234567", "passport:NOR:X1234567"),
    ("permanent", "", "utO110081080310", "permanent:UTO110081080310"),
    ("permanent", "", "911124198108030024", "permanent:911124198108030024"),
    ("hkmo", "", "H0123456701", "hkmo:H01234567"),
    ("hkmo", "", "m01234567", "hkmo:M01234567"),
    ("taiwan", "", "0123456702B", "taiwan:01234567"),
    ("residence", "", "810000185001011284", "810000185001011284"),
    ("birth", "", "p440123456", "birth:P440123456"),
    ("none", "", "", "none"),
)
BAD = (
    ("passport", "", "X1234567"), ("passport", "XYZ", "X1234567"), ("passport", "NOR", "X1"),
    ("permanent", "", "911124198108030025"), ("permanent", "", "811124198108030024"), ("permanent", "", "QQQ110081080310"),
    ("hkmo", "", "A01234567"), ("hkmo", "", "H0123456"), ("taiwan", "", "1234567"), ("residence", "", "990101199003071288"),
    ("birth", "", "440123456"), ("id", "", "990101199003071289"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "state", "typed", "kept"), GOOD)
def test_A01_each_kind_of_document_is_kept_in_one_way_however_it_was_typed(
    kind: str, state: str, typed: str, kept: str
) -> None:
    assert document.compose(kind, state, typed) == kept
    assert document.fault(kept) is None
    assert document.parts(kept).kind == kind
    assert document.compose(*vars_of(kept)) == kept and document.tidy(kept) == kept


def vars_of(text: str) -> tuple[str, str, str]:
    one = document.parts(text)
    return one.kind, one.state, one.number


@pytest.mark.parametrize(("kind", "state", "typed"), BAD)
def test_A01_a_number_that_breaks_the_rules_of_its_kind_is_refused(kind: str, state: str, typed: str) -> None:
    assert document.fault(document.compose(kind, state, typed)) is not None


def test_A01_two_kinds_or_two_states_with_equal_numbers_are_two_persons_and_a_search_for_the_number_finds_both() -> (
    None
):
    same = (
        "passport:NOR:X1234567",
        "passport:SWE:X1234567",
        "taiwan:12345678",
        "passport:NOR:12345678",
        "12345678",
    )
    assert len({document.index(one) for one in same}) == len(same)
    assert all(
        document.parts(one).number in document.tokens(one) and one in document.tokens(one) for one in same
    )
    assert document.index("none") == "" and document.tokens("none") == set()


def test_A02_a_document_is_said_with_its_kind_and_hides_the_middle_of_its_number() -> None:
    assert document.said("passport:NOR:X1234567") == Words(
        "护照（挪威）X1234567", "Passport (Norway) X1234567"
    )
    assert document.said(document.masked("passport:NOR:X1234567")).zh == "护照（挪威）X1****67"
    assert document.said(document.masked("990101199003071288")).zh == "990101********1288"
    assert document.said("none").en == "No document"
    assert document.born("passport:NOR:X1234567") is None
    assert document.born("permanent:911124198108030024") == date(1981, 8, 3)


def test_A02_names_in_Latin_letters_are_looked_for_in_any_order_and_Chinese_ones_as_they_are() -> None:
    assert document.spelled("Eriksson, Anna Maria") == document.spelled("ANNA MARIA  ERIKSSON")
    assert document.spelled("陆望舒") == "陆望舒"


def test_the_state_of_the_specimens_is_one_only_among_invented_people() -> None:
    try:
        identity.invented_people_if(lambda: False)
        assert document.fault("passport:UTO:L898902C3") is not None
        assert document.fault("passport:NOR:L898902C3") is None
    finally:
        identity.invented_people_if(lambda: True)


FACT = Fact("applicant.id_no", Words("号码", "Number"), "secret", {"type": "string", "format": "cn-id"})


def form(*kinds: str) -> Form:
    asked = {"x-fact": FACT.name} | ({"x-documents": list(kinds)} if kinds else {})
    raw = {"required": ["id_no"], "properties": {"id_no": asked}, "x-pages": [
        {"id": "a", "title": {"zh": "甲", "en": "A"}, "fields": ["/id_no"]}]}  # fmt: skip
    return Form(raw, {FACT.name: FACT})


def test_A01_a_form_takes_an_identity_number_by_itself_and_another_document_in_its_parts() -> None:
    both = form("id", "passport", "none")
    bare = [("/id_no", "990101 1990 0307 1288")]
    assert both.from_post(bare) == form().from_post(bare) == {"id_no": "990101199003071288"}
    posted = [("/id_no/document", "passport"), ("/id_no/state", "NOR"), ("/id_no", "x1234567")]
    assert both.from_post(posted) == {"id_no": "passport:NOR:X1234567"}
    assert both.from_post([("/id_no/document", "none"), ("/id_no", "")]) == {"id_no": "none"}
    assert both.clean({"id_no": {"document": "passport", "state": "NOR", "number": "X1234567"}})[
        "id_no"
    ].startswith("passport:")
    assert both.from_post([("/id_no/document", "passport"), ("/id_no", "")]) == {}
    assert both.from_post([("/id_no", TD3)]) == {"id_no": "passport:UTO:L898902C3"}


def test_A01_a_form_says_which_documents_it_takes() -> None:
    def faults(of: Form, value: str) -> list[str]:
        return [fault.words.en for fault in of.validate({"id_no": value})]

    assert faults(form("passport"), "990101199003071288")[0].startswith("Accepted here: Passport")
    assert faults(form("id", "passport"), "hkmo:H01234567")[0].startswith(
        "Accepted here: Resident identity card, Passport"
    )
    assert faults(form("passport"), "passport:NOR:X1234567") == []
    assert faults(form("residence"), "810000185001011284") == [] and faults(form("hkmo"), "none")
    assert faults(form("id", "passport"), "990101199003071289")[0].startswith("The last character")
    assert faults(form(), "passport:NOR:X1234567")[0].startswith("This needs a Chinese identity number")
