"""The people of a demo town: a pure function of (seed, number), so that the same town comes out every time.

Names are made of common syllables; identity numbers begin with 99, which no real division does; mobile numbers are of the
range kept for demonstrations. Nobody here exists.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from doorstep.rulebook.ids import check_character

_FAMILY = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云"
    "苏潘葛范彭郎鲁韦马苗方俞任袁柳鲍史唐费薛雷贺倪汤"
)
_GIVEN = (
    "望舒", "清禾", "若溪", "听澜", "书白", "念安", "景行", "疏影", "既明", "青越", "南栀", "晚渡", "拾光", "小满", "江月", "守拙",
    "知秋", "云帆", "归航", "石渡", "照野", "闻笛", "如初", "长宁", "见山", "怀瑾", "亦舟", "半夏", "未央", "思齐", "明川", "春和",
    "建国", "秀英", "桂兰", "志强", "海燕", "丽华", "国栋", "玉梅", "振华", "雪梅", "文博", "子涵", "浩然", "欣怡", "宇轩", "佳宁",
    "晓东", "春燕", "立新", "慧敏", "永福", "素珍", "俊杰", "雅琴", "伟", "静", "磊", "敏", "婷", "勇", "芳", "涛",
)  # fmt: skip


#: How many persons have one address: a household is three numbers in a row, so that its parents come before its child.
HOUSEHOLD = 3


@dataclass(frozen=True, slots=True)
class Home:
    """Where people can live: division code of six digits, the station of the area, its streets."""

    division: str
    station: str
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Citizen:
    """One invented resident. ``household``: the number they share with those who live with them; ``station`` keeps the register."""

    number: int
    name: str
    id_no: str
    phone: str
    sex: str
    born: date
    address: str
    household: int = 0
    station: str = ""


def name_of(seed: int, what: str) -> str:
    """The name of somebody who is known by what they do, such as who sits at a window."""
    chance = _chance(seed, f"name:{what}")
    return chance.choice(_FAMILY) + chance.choice(_GIVEN)


def latin(name: str) -> str:
    """A name as it is written in English: the family name, then the given one."""
    from pypinyin import lazy_pinyin  # takes a while to load, and only a town needs it

    family, *given = lazy_pinyin(name)
    return f"{family.capitalize()} {''.join(given).capitalize()}".strip()


def citizen(seed: int, number: int, division: str, streets: Sequence[str]) -> Citizen:
    """The ``number``-th person of the town of ``seed`` if all of it were ``division`` (six digits, beginning with 99)."""
    return resident(seed, number, (Home(division, "", tuple(streets)),))


def resident(seed: int, number: int, homes: Sequence[Home]) -> Citizen:
    """The ``number``-th person of the town of ``seed``: always the same, whoever else was ever asked for.

    Their household, the home among ``homes`` and the family name follow from the household's number. Raises ValueError for a
    home outside division 99…….
    """
    chance, house = _chance(seed, f"{number}"), number // HOUSEHOLD
    ours = _chance(seed, f"house:{house}")
    home = ours.choice(list(homes))
    if not home.division.startswith("99") or len(home.division) != 6:
        raise ValueError("invented people live in division 99…… only")
    families = (ours.choice(_FAMILY), ours.choice(_FAMILY))
    place = f"{ours.choice(home.streets)}{ours.randrange(1, 200)}号{ours.randrange(1, 30)}栋{ours.randrange(101, 2800)}室"
    role, parents = number % HOUSEHOLD, date(1945, 1, 1) + timedelta(days=ours.randrange(17_000))
    born = parents + timedelta(
        days=chance.randrange(-1400, 1400) if role < 2 else chance.randrange(8_400, 12_000)
    )
    sex = "MF"[role] if role < 2 else chance.choice("MF")
    order = chance.randrange(500) * 2 + (1 if sex == "M" else 0)
    body = f"{home.division}{born:%Y%m%d}{order:03d}"
    return Citizen(
        number=number,
        name=families[role % 2] + chance.choice(_GIVEN),
        id_no=body + check_character(body),
        phone=f"199{chance.randrange(10**8):08d}",
        sex=sex,
        born=born,
        address=place,
        household=house,
        station=home.station,
    )


def born_like(someone: Citizen, id_no: str) -> Citizen:
    """``someone`` about as old as the person whom an example names and of the same sex, so that what follows from an age follows
    for them. As they were, if that is no identity number.
    """
    try:
        born = date.fromisoformat(f"{id_no[6:10]}-{id_no[10:12]}-{id_no[12:14]}")
        male = int(id_no[16]) % 2
    except (ValueError, IndexError):
        return someone
    born -= timedelta(days=someone.number // 500 % 150)
    order = someone.number % 500 * 2 + male
    body = f"{someone.id_no[:6]}{born:%Y%m%d}{order:03d}"
    return replace(someone, born=born, sex="FM"[male], id_no=body + check_character(body))


def _chance(seed: int, of: str) -> random.Random:
    return random.Random(f"{seed}:{of}")  # noqa: S311  # a town, not a secret
