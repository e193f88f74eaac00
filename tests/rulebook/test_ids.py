from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.rulebook.ids import check_character, is_matter_number, link_code, matter_number, uuid7


def test_ids_are_version_7_and_sort_in_the_order_they_were_made() -> None:
    made = [uuid7() for _ in range(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == 5_000
    assert {(i.version, i.variant) for i in made} == {(7, uuid.RFC_4122)}


def test_ids_made_by_many_threads_are_never_the_same() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: uuid7(), range(4_000)))
    assert len(set(made)) == 4_000


def test_a_link_code_holds_128_bits_and_is_safe_in_an_address() -> None:
    codes = {link_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 22 and code.replace("-", "").replace("_", "").isalnum() for code in codes)


def test_the_check_character_is_that_of_the_published_example() -> None:
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"


def test_a_matter_number_reads_as_division_day_sequence_and_check() -> None:
    number = matter_number("990101", date(2026, 11, 22), 42)
    assert number[:-1] == "9901012611220000042"
    assert is_matter_number(number)


@given(st.integers(0, 10**9), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_in_a_matter_number_is_noticed(sequence: int, place: int, shift: int) -> None:
    number = matter_number("990101", date(2026, 11, 22), sequence)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_matter_number(wrong)


@pytest.mark.parametrize("text", ["", "X", "9901012611220000042", "９９０１０１２６１１２２００００４２X"])
def test_what_is_no_matter_number_is_no_matter_number(text: str) -> None:
    assert not is_matter_number(text)


def test_a_division_code_has_six_digits() -> None:
    with pytest.raises(ValueError, match="division"):
        matter_number("9901", date(2026, 11, 22), 1)
