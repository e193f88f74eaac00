"""`doorstep packs publish|preview|rollback|history`: what is offered, changed all at once, told beforehand, taken back."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from doorstep.rulebook import pack
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.words import Refused

if TYPE_CHECKING:
    from doorstep.domains.studio.compare import Change
    from doorstep.domains.studio.movable import Movable

NAMES = ("publish", "preview", "rollback", "history")


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verbs of publishing."""
    told = "预览 · what publishing the files would change, where, and which running matters stay as they are"
    verbs.add_parser("preview", help=told, description=told)
    told = "发布 · put in force what the files say, all or nothing"
    publish = verbs.add_parser("publish", help=told, description=told)
    told = "预览时看到的发布号 · the last publication you knew, as preview told it"
    publish.add_argument("--base", type=int, default=None, help=told)
    told = "撤回一次发布，此前的版本重新生效 · take a publication back; what held before is in force again"
    back = verbs.add_parser("rollback", help=told, description=told)
    back.add_argument("number", type=int, metavar="NUMBER", help="发布号 · the publication")
    for one in (publish, back):
        one.add_argument("--why", required=True, help="为什么 · the reason, kept with it")
        one.add_argument("--by", default="", help="谁发布（默认：系统用户名） · who; the system's user name")
    told = "发布记录 · who published what, when and why"
    history = verbs.add_parser("history", help=told, description=told)
    history.add_argument("code", nargs="?", default="", metavar="CODE", help="事项编号 · only this item")


def run(args: argparse.Namespace) -> int:
    """Runs the verb on the running system's database, as the migrator. 1 with the reasons if it is refused."""
    os.environ["DOORSTEP_DB_ROLE"] = "migrator"
    import django

    django.setup()
    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "publish": _publish, "preview": _preview, "rollback": _rollback, "history": _history,
    }  # fmt: skip
    try:
        verbs[args.packs_verb](args)
    except (pack.Unusable, Flawed, Refused) as why:
        words = why.words if isinstance(why, Refused) else None
        sys.stderr.write(f"{words.zh}\n{words.en}\n" if words else f"{why}\n")
        return 1
    return 0


def _by(args: argparse.Namespace) -> str:
    return args.by or getpass.getuser()


def _publish(args: argparse.Namespace) -> None:
    from doorstep.domains.studio import publish
    from doorstep.domains.studio.sheet import stacks_in_force

    number, drawn = publish.publish_files(stacks_in_force(), by=_by(args), why=args.why, base=args.base)
    if drawn.points:
        _say(f"服务点：{'、'.join(drawn.points)} · points: {', '.join(drawn.points)}")
    if not number:
        _say("没有要发布的 · nothing differs")
        return
    _say(f"第 {number} 次发布：{'、'.join(drawn.codes)} · publication {number}: {', '.join(drawn.codes)}")


def _preview(_args: argparse.Namespace) -> None:
    from doorstep.domains.studio import publish
    from doorstep.domains.studio.compare import changes
    from doorstep.domains.studio.sheet import stacks_in_force
    from doorstep.kernel import offer
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    drawn, base = publish.checked(stacks_in_force()), offer.last()
    for one in changes(drawn, offer.in_force() or {}, calendar().day_of(clock.now())):
        _tell(one)
    _say(f"现在是第 {base} 次发布 · the last publication is {base}")


def _tell(one: Change) -> None:
    from doorstep.kernel.org import town

    place = town().units[one.unit].code if one.unit else "*"
    since = f" {one.first}" if one.first else ""
    _say(f"{one.code} {place}{since}")
    for each in one.differences:
        _say(f"  {each.pointer}: {each.was.zh} → {each.now.zh} / {each.was.en} → {each.now.en}")
    if not one.differences:
        _say("  只有理由、例子或别的文字不同 · only reasons, examples or other words differ")
    _say(f"  例子 {one.examples} 个，{one.failed} 个没通过 · {one.examples} examples, {one.failed} failed")
    if one.moving and one.moving.running:
        _tell_moving(one.moving)


def _tell_moving(moving: Movable) -> None:
    """The running matters all stay as they are; which of them somebody could move."""
    n, fit = moving.running, moving.fit
    _say(f"  {n} 件在办的照旧版本办完 · {n} running matters stay under the older version")
    if fit:
        zh, en = (
            ("；答案合不合要到移的时候才看", "; whether the answers fit is seen then")
            if moving.looked
            else ("", "")
        )
        _say(f"  其中 {fit} 件可以移到新版本{zh} · {fit} of them could be moved to the new one{en}")
    for one in moving.stays:
        why = "；".join(words.zh for words in one.why), "; ".join(words.en for words in one.why)
        _say(f"  {one.count} 件不能移：{why[0]} · {one.count} cannot: {why[1]}")


def _rollback(args: argparse.Namespace) -> None:
    from doorstep.domains.studio import publish

    number = publish.roll_back(args.number, by=_by(args), why=args.why)
    _say(
        f"第 {args.number} 次发布已撤回（第 {number} 次） · publication {args.number} taken back by {number}"
    )


def _history(args: argparse.Namespace) -> None:
    from doorstep.domains.studio.history import history

    for one in history(args.code):
        undoes = f" ↩ {one.undoes}" if one.undoes else ""
        _say(f"{one.number}{undoes}  {one.at:%Y-%m-%d %H:%M}  {one.by}  {', '.join(one.codes)}  {one.why}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
