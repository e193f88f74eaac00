"""Travel times between all vertices of a mixed network: two-way and one-way links."""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from doorstep.solve.patrol.tasks import FAR, Travel

Link = tuple[int, int, int]


def travel_times(vertices: int, both_ways: Iterable[Link], one_way: Iterable[Link] = ()) -> Travel:
    """Shortest seconds from each vertex to each, ``FAR`` where there is no way. Of parallel links the shortest
    counts.

    A link is (tail, head, seconds); zero seconds are allowed.
    """
    nearest: dict[tuple[int, int], int] = {}
    links = [*one_way]
    for tail, head, seconds in both_ways:
        links += [(tail, head, seconds), (head, tail, seconds)]
    for tail, head, seconds in links:
        if seconds < 0:
            raise ValueError("a link takes no less than no time")
        nearest[tail, head] = min(seconds, nearest.get((tail, head), FAR))
    if not nearest:
        return _alone(vertices)
    ends = np.array(list(nearest), dtype=np.int64)
    # A sparse graph takes zero for "no link": all links are stored a trifle longer, and rounded off again.
    lengths = np.array(list(nearest.values()), dtype=np.float64) + _TRIFLE
    graph = csr_array((lengths, (ends[:, 0], ends[:, 1])), shape=(vertices, vertices))
    found = dijkstra(graph)
    return np.where(np.isfinite(found), np.floor(np.minimum(found, FAR)), FAR).astype(np.int64)


_TRIFLE = 1e-6  # a path has far fewer than a million links


def _alone(vertices: int) -> Travel:
    return np.where(np.eye(vertices, dtype=bool), 0, FAR).astype(np.int64)
