"""What a dispatcher reads: a sentence in Chinese and in English for each reason of a choice, and for advice to move a unit."""

from __future__ import annotations

from collections.abc import Callable

from doorstep.rulebook.words import Words
from doorstep.solve.assign import Reason
from doorstep.solve.posts import Move

_SAID = {
    "nearest": ("能来的警力中最近，{time}", "The nearest that can come, {time}"),
    "nearer-elsewhere": ("{unit}更近（{time}），但去{incident}更合适", "{unit} is nearer ({time}), but better used at {incident}"),
    "kept": ("已经派往这里，不变", "Already sent here, unchanged"),
    "turned-round": ("从不太急的{incident}途中改派", "Turned round on its way to {incident}, which is less urgent"),
    "taken-from": ("从{incident}现场调来（本地规则允许）", "Taken from {incident} (a rule of this place allows it)"),
    "relieves": ("比途中的{unit}快得多，{unit}可以返回", "Much quicker than {unit}, which was under way and may go back"),
    "neighbour": ("邻区支援：本区没有这么近的警力", "Mutual aid: no unit of one's own is that near"),
    "estimated": ("时间是按直线估算的", "The time is estimated along the straight line"),
    "position-old": ("位置是 {time}前的", "Its position is {time} old"),
    "unknown-time": ("不知道还要多久", "Nobody knows how long it still takes"),
    "shift-ends": ("将在班次结束后才办完，请安排接替", "Its shift ends before that is done: somebody has to take over"),
    "in-time": ("比到场时限早 {time}", "{time} within the target"),
    "late": ("超过到场时限 {time}", "{time} beyond the target"),
    "runner-up": ("次选{unit}，整体多 {time}（加权）", "Runner-up {unit}: {time} more for the whole plan (weighted)"),
    "runner-up-costs": ("次选{unit}，但会有别处没人去", "Runner-up {unit}, but something else would be left waiting"),
    "only-one": ("没有别的警力能去", "Nobody else can go"),
    "level-unknown": ("等级不明，按最急的办", "Its level is not known: treated as the most urgent"),
    "nobody": ("没有警力能去：{counts}", "No unit can go: {counts}"),
    "outranked": ("能去的都要去更急的地方", "All who could go are needed for something more urgent"),
    "held-back": ("能去的是为更急的警情预留的", "Those who could go are held for something more urgent"),
    "could": ("如果放宽（{counts}），{unit}{time}可以到", "{unit} could be there in {time} if this is waived: {counts}"),
}  # fmt: skip
_BARS = {
    "broken": ("车辆故障", "broken down"), "off": ("不在岗", "off duty"), "there": ("在别处现场", "at another scene"),
    "barred": ("不得参与此事", "may not take part"), "team": ("队伍不符", "another kind of team"),
    "skill": ("缺技能", "lack the skill"), "kit": ("缺装备", "lack the kit"), "right": ("无此权限", "lack the right"),
    "vehicle": ("车型不符", "another vehicle"), "unknown-time": ("时间不明", "time unknown"), "no-way": ("路不通", "no way there"),
    "neighbour": ("邻区警力", "a neighbour's unit"), "under-way": ("在途", "under way elsewhere"),
    "shift-ends": ("快下班", "shift ends first"),
}  # fmt: skip


def said(reason: Reason, name: Callable[[str], str] = str) -> Words:
    """One reason as a sentence; ``name`` gives units and incidents the names that people call them by."""
    zh, en = _SAID[reason.code]
    time = lasting(reason.seconds or 0.0)
    unit, incident = (name(one) if one else "" for one in (reason.unit, reason.incident))
    bars = [(_BARS[bar], number) for bar, number in reason.counts if bar in _BARS]
    if reason.code == "could":
        counted = ("、".join(bar[0] for bar, _ in bars), ", ".join(bar[1] for bar, _ in bars))
    else:
        zh_told, en_told = (f"{bar[0]} {n}" for bar, n in bars), (f"{n} {bar[1]}" for bar, n in bars)
        counted = ("，".join(zh_told) or "没有警力", ", ".join(en_told) or "there are none")
    return Words(
        zh.format(time=time.zh, unit=unit, incident=incident, counts=counted[0]),
        en.format(time=time.en, unit=unit, incident=incident, counts=counted[1]),
    )


def advice(move: Move, unit: str, post: str) -> Words:
    """What a move buys, in one sentence: how many communities wait how long otherwise, and how many lose by it."""
    waits = [without for _, without, _ in move.wins if without is not None]
    drive = lasting(move.drive_s)
    zh, en = f"{unit}移到{post}（{drive.zh}）", f"{unit} to {post} ({drive.en})"
    many = len(move.wins)
    if waits:
        longest = lasting(max(waits))
        zh += f"：否则 {many} 个社区要等到 {longest.zh}"
        en += f": otherwise {_communities(many, 'waits', 'wait')} up to {longest.en}"
    elif many:
        zh += f"：否则 {many} 个社区没有人能到"
        en += f": otherwise {_communities(many, 'has', 'have')} nobody"
    if move.loses:
        zh += f"；{len(move.loses)} 个社区会因此超时"
        en += f"; {_communities(len(move.loses), 'falls', 'fall')} beyond the target by it"
    return Words(f"{zh}。", f"{en}.")


def lasting(seconds: float) -> Words:
    """A duration as people say it: to the second under ten minutes, to the minute above."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return Words(f"{whole} 秒", f"{whole} s")
    if minutes >= 60:
        return Words(f"{minutes // 60} 小时 {minutes % 60} 分", f"{minutes // 60} h {minutes % 60} min")
    if minutes >= 10 or not rest:
        return Words(f"{minutes} 分钟", f"{minutes} min")
    return Words(f"{minutes} 分 {rest} 秒", f"{minutes} min {rest} s")


def _communities(many: int, one: str, more: str) -> str:
    return f"1 community {one}" if many == 1 else f"{many} communities {more}"
