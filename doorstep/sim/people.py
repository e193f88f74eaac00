"""The people of a demo town: a pure function of (seed, number), so that the same town comes out every time.

Names are made of common syllables; identity numbers begin with 99, which no real division does; mobile numbers are of the
range kept for demonstrations. Nobody here exists.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from doorstep.kernel.ids import check_character

_FAMILY = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云"
    "苏潘葛范彭郎鲁韦马苗方俞任袁柳鲍史唐费薛雷贺倪汤"
)
_GIVEN = (
    "望舒", "清禾", "若溪", "听澜", "书白", "念安", "景行", "疏影", "既明", "青越", "南栀", "晚渡", "孟拾", "小满", "江月", "守拙",
    "知秋", "云帆", "归航", "石渡", "照野", "闻笛", "如初", "长宁", "见山", "怀瑾", "亦舟", "半夏", "未央", "思齐", "明川", "春和",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citizen:
    """One invented resident."""

    number: int
    name: str
    id_no: str
    phone: str
    sex: str
    born: date
    address: str


def citizen(seed: int, number: int, division: str, streets: Sequence[str]) -> Citizen:
    """The ``number``-th person of the town of ``seed``, registered in ``division`` (six digits, beginning with 99).

    They live in one of ``streets``, which the region names.
    """
    if not division.startswith("99") or len(division) != 6:
        raise ValueError("invented people live in division 99…… only")
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  # a town, not a secret
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(30_000))
    sex = chance.choice("MF")
    order = chance.randrange(500) * 2 + (1 if sex == "M" else 0)
    body = f"{division}{born:%Y%m%d}{order:03d}"
    return Citizen(
        number=number,
        name=chance.choice(_FAMILY) + chance.choice(_GIVEN),
        id_no=body + check_character(body),
        phone=f"199{chance.randrange(10**8):08d}",
        sex=sex,
        born=born,
        address=f"{chance.choice(streets)}{chance.randrange(1, 200)}号{chance.randrange(1, 30)}栋{chance.randrange(101, 2800)}室",
    )
