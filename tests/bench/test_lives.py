"""What a signature costs is measured and told apart."""

from __future__ import annotations

from itertools import count

from tests.bench.lives import live, signing_s


def test_lives_without_signatures_are_reckoned_from_what_a_signature_costs() -> None:
    clock = count(step=10)  # ten processor seconds for a hundred lives
    found = live(lambda *_: None, [None], 100, lambda: float(next(clock)), lambda: 0, 100.0, signing_s=0.02)
    assert (found.per_cpu_s, found.unsigned_per_cpu_s, found.signing_ms) == (10.0, 12.5, 20.0)


def test_a_signature_costs_less_than_a_tenth_of_a_second() -> None:
    assert 0.0005 < signing_s(5) < 0.1
