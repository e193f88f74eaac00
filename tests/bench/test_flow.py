"""The flow stays quick: compared with plain Python on the same machine, so that a slow machine does not fail it."""

from __future__ import annotations

from doorstep.rulebook import flow as game
from tests.bench import flow as bench


def test_the_life_that_is_measured_is_a_whole_one() -> None:
    state = bench.live(bench.newborn())
    assert (state.ended, dict(state.returns), bench.live_stored(bench.newborn())) == (
        "granted",
        {"review@health": 1},
        state,
    )


def test_a_life_of_eleven_moves_costs_what_a_few_small_documents_cost() -> None:
    alone, stored, yard = bench.measured(rounds=15)
    assert alone / yard < 6
    assert stored / yard < 12


def test_the_state_does_not_grow_with_every_return() -> None:
    flow = bench.newborn()
    state, _ = game.start(flow, bench.FACTS)
    sizes = []
    for token, outcome in bench.MOVES[:3]:
        move = game.answer if token == "fetch" else game.act
        state, _ = move(flow, state, token, outcome, bench.FACTS)
    for _ in range(3):
        for token, outcome in (("review@social", "return"), ("correct:review@social", "done")):
            state, _ = game.act(flow, state, token, outcome, bench.FACTS)
        sizes.append(len(str(state.as_json())))
    assert max(sizes) - sizes[0] <= 2
