"""How items are used, in sums: open matters by version, rows of tables by how often they answered.

No sum tells anybody anything of a person: there is no unit, day or place in it, and one from one to nine is only said to
be under ten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection

from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words

_AT_ONCE = 40
LATEST = 1000
"""So many of the latest matters of an item are looked at for its tables."""
_FEW = 10


def open_matters() -> Mapping[str, Mapping[bytes, int]]:
    """Open matters of each item, by the hash of the version that they were opened under. One query."""
    found: dict[str, dict[bytes, int]] = defaultdict(dict)
    for code, digest, count in select("select item, pack, n from trust.running()"):
        found[code][bytes(digest)] = count
    return found


def hits(found: Pack) -> Mapping[tuple[str, int], int]:
    """How often each row (table, number from 1) answered in the latest matters of the item, under whichever version, if the
    table is the same there. One query, and one for each version met for the first time."""
    tables = found.raw.get("tables") or {}
    total: Counter[tuple[str, int]] = Counter()
    for digest, rule, row, n in select(
        "select pack, rule, row, n from trust.rows_hit(%s, %s)", found.code, LATEST
    ):
        under = pack.version(bytes(digest)).raw.get("tables") or {}
        if rule in tables and under.get(rule) == tables[rule]:
            total[rule, row] += n
    return total


def said(count: int) -> Words:
    """A sum as it may be shown: none, under ten, or the number."""
    if not count:
        return Words("还没有", "not yet")
    if count < _FEW:
        return Words("不到 10 次", "under 10 times")
    return Words(f"{count} 次", f"{count} times")


def select(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of published packs and of sums; never of matters or people, which have their own guarded reads."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def published(digests: Sequence[bytes]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The packs of these versions as they were published, some at a time: all texts at once would take what is never given back."""
    for at in range(0, len(digests), _AT_ONCE):
        asked = list(digests[at : at + _AT_ONCE])
        for digest, content in select("select hash, content from pack_version where hash = any(%s)", asked):
            yield bytes(digest), orjson.loads(content)["pack"]
