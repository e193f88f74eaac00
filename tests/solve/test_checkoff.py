"""What counts as patrolled, from matched positions."""

from doorstep.solve.patrol.checkoff import Call, Fix, Outcome, Owed, Piece, Tap, check_off, gaps

STREET, PARALLEL = 7, 8
LINE = ((10.0, 50.0), (10.01, 50.0))  # 716 metres
PARALLEL_NORTH = 50.0 + 8 / 110_574


def _drive(
    way: int | None, begin: float = 0.0, end: float = 1.0, lat: float = 50.0, start: int = 100
) -> list[Fix]:
    return [Fix(start + 5 * n, 10.0 + 0.01 * (begin + (end - begin) * n / 10), lat, way) for n in range(11)]


def _owed(**more: object) -> Owed:
    return Owed("line", 0, 0, 1000, (Piece(STREET, LINE),), car="a", begin=90, leave=200, **more)  # type: ignore[arg-type]


def _one(track: list[Fix], **more: object) -> Outcome:
    return check_off([_owed()], {"a": track}, **more)[0]  # type: ignore[arg-type]


def test_B03_a_street_driven_along_is_patrolled_in_either_direction() -> None:
    assert _one(_drive(STREET)).how == "driven"
    assert _one(_drive(STREET, 1.0, 0.0)).how == "driven"
    assert _one(_drive(STREET)).at == 150


def test_B03_driving_along_the_parallel_road_eight_metres_away_does_not_count() -> None:
    assert _one(_drive(PARALLEL, lat=PARALLEL_NORTH)) == Outcome("line", 0, "gap", 0.0)
    assert _one(_drive(None)).how == "gap"
    assert (
        _one(_drive(STREET, lat=PARALLEL_NORTH)).how == "driven"
    )  # matched here, though read eight metres off


def test_half_a_street_is_a_gap_that_says_how_much_was_driven_and_two_cars_make_a_whole_of_halves() -> None:
    half = _one(_drive(STREET, 0.0, 0.5))
    assert half.how == "gap" and 0.45 < half.share < 0.55
    both = check_off([_owed()], {"a": _drive(STREET, 0, 0.5), "b": _drive(STREET, 0.5, 1)})
    assert both[0].how == "driven"


def test_there_and_back_over_one_half_is_no_whole() -> None:
    track = _drive(STREET, 0.0, 0.5) + _drive(STREET, 0.5, 0.0, start=160)
    assert _one(track).how == "gap"


def test_a_silence_in_the_middle_is_not_driven() -> None:
    track = [fix for fix in _drive(STREET) if fix.at <= 115] + _drive(STREET, 0.9, 1.0, start=300)
    assert _one(track).how == "gap"


def test_too_late_is_not_done() -> None:
    assert _one(_drive(STREET, start=1001)).how == "gap"


def test_a_call_explains_what_it_prevented_and_nothing_else() -> None:
    told = _one([], calls=[Call("c1", "a", 150, 400)])
    assert (told.how, told.by) == ("explained", "c1")
    assert _one([], calls=[Call("c1", "a", 300, 400)]).how == "gap"
    assert _one([], calls=[Call("c1", "b", 150, 400)]).how == "gap"
    assert gaps([told, _one([])]) == [_one([])]


def test_a_tap_says_done_and_stays_told_from_driven() -> None:
    assert _one([], taps=[Tap("line", 0, 500)]).how == "tapped"
    assert _one([], taps=[Tap("line", 1, 500)]).how == "gap"


def test_a_point_is_visited_by_staying_there_not_by_passing() -> None:
    point = Owed("point", 0, 0, 1000, place=(10.005, 50.0), ways=frozenset({STREET}), stay=60)
    stay = [Fix(100 + 10 * n, 10.0051, 50.0, STREET) for n in range(8)]
    assert check_off([point], {"a": stay})[0].how == "driven"
    assert check_off([point], {"a": _drive(STREET)})[0].how == "gap"
    assert check_off([point], {"a": [Fix(f.at, f.lon, f.lat, PARALLEL) for f in stay]})[0].how == "gap"
