"""The search for cheap plans: PyVRP's local search, with our acceptance, directions, repair and pool around it."""

import time
from dataclasses import dataclass

import pyvrp
from pyvrp import search as moves

from doorstep.solve.patrol.model import Model, ways_of
from doorstep.solve.patrol.pool import Pool, once
from doorstep.solve.patrol.tasks import FAR
from doorstep.solve.patrol.turns import improve


@dataclass(frozen=True)
class Stop:
    """When to end: after so many CPU seconds of this process, counted from its second ``since`` (None: from
    now); or after so many rounds,
    which gives the same plan every time."""

    seconds: float = 10.0
    rounds: int | None = None
    since: float | None = None


@dataclass(frozen=True)
class Settings:
    """One set for all instances: the figures in docs/measuring.md were taken with it.

    ``history``: late acceptance looks so many rounds back. ``idle``: after so many rounds without a better
    plan it begins at the best again.
    ``shake``: at most so many streets are disturbed a round. ``feasible``: this share of plans should keep all
    limits. ``elite``: routes of
    plans this near to the best go to the pool. ``mixes``: so often the pool is asked. ``turns``, ``repairs``:
    every so many rounds, and
    ``turns`` also at a new best after ``calm`` rounds without.
    """

    history: int = 100
    idle: int = 4_000
    shake: int = 8
    neighbours: int = 50
    update: int = 50
    feasible: float = 0.5
    elite: float = 0.04
    mixes: tuple[float, ...] = (0.35, 0.6, 0.8, 0.93)
    mix_share: float = 0.06
    turns: int = 300
    steps: int = 30
    calm: int = 30
    repairs: int = 5
    give_up: float = 0.25


class Search:
    """One run. ``best`` is the cheapest plan that keeps all limits, once there is one."""

    def __init__(self, model: Model, seed: int, settings: Settings, stop: Stop) -> None:
        self.model, self.settings, self.stop = model, settings, stop
        self.chance = pyvrp.RandomNumberGenerator(seed=seed)
        self.local = _local_search(model, settings, self.chance)
        self.penalties = _penalties(model, settings)
        self.pool = Pool(model)
        self.rounds = 0
        self.began = stop.since if stop.since is not None else time.process_time()

    def spent(self) -> float:
        """The share of the run that is over."""
        if self.stop.rounds is not None:
            return self.rounds / self.stop.rounds
        return (time.process_time() - self.began) / self.stop.seconds

    def run(self, start: pyvrp.Solution | None) -> pyvrp.Solution:
        """The best plan found. Without one that keeps all limits, the search gives up early and the answer is
        not feasible."""
        self._begin(start)
        while (spent := self.spent()) < 1.0:
            if spent > self.settings.give_up and not self.best.is_feasible():
                break
            self.rounds += 1
            self._mix(spent)
            self._round()
        return self.best

    def _begin(self, start: pyvrp.Solution | None) -> None:
        if start is None:
            drawn = pyvrp.Solution.make_random(self.model.data, self.chance)
            start = self.local(drawn, self.penalties.max_cost_evaluator(), exhaustive=True)
        self.best = start
        if not self.model.must and not start.is_feasible():
            self.best = self.model.solution([])
        self._mixes = list(self.settings.mixes if self.stop.rounds is None else self.settings.mixes[-1:])
        self._from(start)

    def _from(self, plan: pyvrp.Solution) -> None:
        """Go on from here, and forget how it was before."""
        self.now = self._first = plan
        self._history: list[pyvrp.Solution | None] = [None] * self.settings.history
        self._idle = 0

    def _round(self) -> None:
        if self._idle >= self.settings.idle:
            self._from(self.best)
        judge = self.penalties.cost_evaluator()
        found = self.local(self.now, judge, exhaustive=False)
        self.penalties.register(found)
        self._idle += 1
        found = self._repaired(found, judge)
        if judge.cost(found) < judge.cost(self.best):
            found = self._improved(found, judge)
            self.best, self._idle = found, 0
        elif self.rounds % self.settings.turns == 0:
            found = self._turned(found, judge)
            if judge.cost(found) < judge.cost(self.best):
                self.best, self._idle = found, 0
        self._keep(found, judge)
        self._accept(found, judge)

    def _repaired(self, found: pyvrp.Solution, judge: pyvrp.CostEvaluator) -> pyvrp.Solution:
        """A plan that would be the best if it kept all limits is tried again with dearer limits."""
        due = self.rounds % self.settings.repairs == 0
        if not due or found.is_feasible() or judge.penalised_cost(found) >= judge.cost(self.best):
            return found
        loads, late, far = self.penalties.penalties()
        strict = pyvrp.CostEvaluator([10 * load for load in loads], 10 * late, 10 * far)
        mended = self.local(found, strict, exhaustive=True)
        return mended if mended.is_feasible() else found

    def _improved(self, found: pyvrp.Solution, judge: pyvrp.CostEvaluator) -> pyvrp.Solution:
        """A new best, looked at from all sides."""
        again = self.local(found, judge, exhaustive=True)
        if judge.cost(again) < judge.cost(found):
            found = again
        if self._idle < self.settings.calm:
            return found
        turned = self._turned(found, judge)
        return turned if judge.cost(turned) < judge.cost(found) else found

    def _turned(self, found: pyvrp.Solution, judge: pyvrp.CostEvaluator) -> pyvrp.Solution:
        """After moves with best directions, if they help."""
        tours = improve(
            self.model.tours(found), self.model, self.penalties.penalties()[0][0], self.settings.steps
        )
        other = self.model.solution(tours)
        return other if judge.penalised_cost(other) < judge.penalised_cost(found) else found

    def _accept(self, found: pyvrp.Solution, judge: pyvrp.CostEvaluator) -> None:
        """Late acceptance (Burke and Bykov, EJOR 258(1), 2017), as in PyVRP."""
        place = self.rounds % self.settings.history
        old = self._history[place]
        bound = judge.penalised_cost(old if old is not None else self._first)
        cost, here = judge.penalised_cost(found), judge.penalised_cost(self.now)
        if cost < bound or cost < here:
            self.now, here = found, cost
        if here < bound or old is None:
            self._history[place] = self.now

    def _keep(self, found: pyvrp.Solution, judge: pyvrp.CostEvaluator) -> None:
        """Routes of good plans go to the pool, also those of a plan whose other routes hold too much."""
        shift = self.model.offset
        if judge.penalised_cost(found) - shift > (judge.cost(self.best) - shift) * (1 + self.settings.elite):
            return
        for route in found.routes():
            tour = (route.vehicle_type(), ways_of(route))
            if not self.pool.knows(tour) and route.is_feasible():
                self.pool.add(tour, route.distance())

    def _mix(self, spent: float) -> None:
        """Ask the pool, when it is time."""
        if not self._mixes or spent < self._mixes[0]:
            return
        self._mixes.pop(0)
        if not self.best.is_feasible():
            return
        judge = self.penalties.cost_evaluator()
        limit = None if self.stop.rounds is not None else self.stop.seconds * self.settings.mix_share
        tours = self.pool.put_together(judge.cost(self.best) - self.model.offset, limit)
        if tours is None:
            return
        mixed = self._improved(self.model.solution(once(tours, self.model)), judge)
        if judge.cost(mixed) < judge.cost(self.best):
            self.best = mixed
            self._from(mixed)


def _local_search(model: Model, settings: Settings, chance: pyvrp.RandomNumberGenerator) -> moves.LocalSearch:
    near = moves.compute_neighbours(model.data, moves.NeighbourhoodParams(num_neighbours=settings.neighbours))
    shake = moves.PerturbationManager(moves.PerturbationParams(1, settings.shake))
    local = moves.LocalSearch(model.data, chance, near, shake)
    for operator in moves.OPERATORS:
        if operator.supports(model.data):
            local.add_operator(operator(model.data))
    return local


def _penalties(model: Model, settings: Settings) -> pyvrp.PenaltyManager:
    """Overload begins at thrice a mean drive for a mean load: PyVRP's own begin takes longer to come down than
    ten seconds last."""
    params = pyvrp.PenaltyParams(
        solutions_between_updates=settings.update, penalty_increase=1.25, penalty_decrease=0.85,
        target_feasible=settings.feasible, min_penalty=0.01, max_penalty=1e6,
    )  # fmt: skip
    drive = float(model.cost[model.cost < FAR].mean())
    load = max(1.0, float(model.demand.mean()))
    return pyvrp.PenaltyManager(([3 * drive / load], 3.0, 3.0), params)
