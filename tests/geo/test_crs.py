"""Shifted coordinates, against pairs that other people's libraries print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.geo import crs


def test_known_pairs_of_shifted_coordinates() -> None:
    """The examples of coordtransform (wandergis), a library of somebody else."""
    assert crs.into("gcj02", 116.404, 39.915) == pytest.approx(
        (116.41024449916938, 39.91640428150164), abs=1e-9
    )
    assert crs.into("bd09", *crs.out_of("gcj02", 116.404, 39.915)) == pytest.approx(
        (116.41036949371029, 39.92133699351021), abs=1e-6
    )


@given(st.floats(73.6, 135.0), st.floats(18.2, 53.5), st.sampled_from(crs.SYSTEMS))
def test_the_way_back_is_exact_to_a_millimetre(lon: float, lat: float, system: str) -> None:
    back = crs.out_of(system, *crs.into(system, lon, lat))
    assert crs.metres((lon, lat), back) < 0.001


def test_outside_the_box_nothing_is_shifted_and_an_unknown_system_is_refused() -> None:
    assert crs.into("gcj02", -51.2, -30.0) == (-51.2, -30.0)
    with pytest.raises(KeyError):
        crs.into("utm", 116.0, 39.0)
    with pytest.raises(KeyError):
        crs.out_of("utm", 116.0, 39.0)
