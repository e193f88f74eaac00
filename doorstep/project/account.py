"""`doorstep account add|reset|end|list`: who may sign in, on the machine where the database's secrets lie.

A new deployment has nobody: the first account is made here. Passwords are drawn, printed once, and never taken as an
argument, which other people on the machine could read.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from typing import Any

from doorstep.rulebook.region import region
from doorstep.rulebook.words import Words
from doorstep.run.halt import FAILED, USAGE, Halt

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is taken for something else when it is read out


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``doorstep account`` its verbs."""
    verbs = parser.add_subparsers(dest="account_verb", required=True, metavar="VERB")
    told = "开一个账号，密码只显示一次 · make an account; its password is shown once"
    new = verbs.add_parser("add", help=told, description=told)
    new.add_argument("login", metavar="LOGIN", help="登录名 · small letters, digits, . _ -")
    new.add_argument("--role", required=True, help="region.yaml 里的角色 · a role of region.yaml")
    new.add_argument("--unit", default="", metavar="CODE", help="单位 · the unit they work for")
    new.add_argument(
        "--point", default="", metavar="CODE", help="代办点、合作网点、自助区的账号 · of an outlet or kiosk"
    )
    new.add_argument("--zh", required=True, metavar="NAME", help="姓名 · the name in Chinese")
    new.add_argument("--en", default="", metavar="NAME", help="英文名 · the name in Latin letters")
    told = "换一个密码，只显示一次；开着的登录都结束 · a new password, shown once; open sessions end"
    reset = verbs.add_parser("reset", help=told, description=told)
    reset.add_argument("login", metavar="LOGIN")
    told = "停用账号，所有登录马上失效 · end an account and every session of it at once"
    end = verbs.add_parser("end", help=told, description=told)
    end.add_argument("login", metavar="LOGIN")
    told = "列出账号 · list the accounts"
    verbs.add_parser("list", help=told, description=told)


def run(args: argparse.Namespace) -> int:
    """Runs the verb on the running database. Refused by Halt: USAGE for what is not in the region, FAILED for a login that
    exists or does not.
    """
    os.environ["DOORSTEP_DB_ROLE"] = "migrator"
    import django

    django.setup()
    from django.db import OperationalError

    try:
        return {"add": _add, "reset": _reset, "end": _end, "list": _list}[args.account_verb](args)
    except OperationalError as why:
        raise Halt(FAILED, _NOT_RUNNING) from why


def _add(args: argparse.Namespace) -> int:
    from django.db import IntegrityError, transaction

    from doorstep.kernel import trust
    from doorstep.kernel.row import fetch

    post, password = _post(args), _drawn()
    try:
        with transaction.atomic():
            made = trust.create_account(
                login=args.login, password=password, kind=post["kind"], role=args.role,
                rights=list(region().roles[args.role]), name=Words(args.zh, args.en or args.zh),
                unit_id=post["unit"], assurance=2,
            )  # fmt: skip
            if post["point"]:
                fetch("select trust.post_at(%s, %s)", made, post["point"])
    except IntegrityError as why:
        raise Halt(FAILED, _TAKEN.format(login=args.login)) from why
    sys.stdout.write(f"{args.login}  {password}\n{_ONCE.zh}\n{_ONCE.en}\n")
    return 0


def _drawn() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _reset(args: argparse.Namespace) -> int:
    from doorstep.domains.accounts.password import credential
    from doorstep.kernel.row import fetch

    password = _drawn()
    fetch("select trust.set_password(%s, %s, %s)", _live(args.login), *credential(password))
    sys.stdout.write(f"{args.login}  {password}\n{_ONCE.zh}\n{_ONCE.en}\n")
    return 0


def _live(login: str) -> Any:
    """The id of the account in use with this login. Refused by Halt: FAILED."""
    from doorstep.kernel.row import fetch

    found = fetch("select id from account where login = %s and ended_at is null", login)
    if not found:
        raise Halt(FAILED, _NOBODY.format(login=login))
    return found[0][0]


def _post(args: argparse.Namespace) -> dict[str, Any]:
    """Where this account works: kind, unit and point, as the region knows them."""
    here = region()
    if not _LOGIN.fullmatch(args.login):
        raise Halt(USAGE, _LOGIN_FORM)
    if args.role not in here.roles or args.role == "resident":
        known = ", ".join(sorted(set(here.roles) - {"resident"}))
        raise Halt(USAGE, _NO_ROLE.format(role=args.role, known=known))
    units = {one["code"]: one["id"] for one in here.units}
    point = next((one for one in here.points if one["code"] == args.point), None)
    if args.point and (point is None or point["kind"] not in ("agent", "post", "partner", "kiosk")):
        raise Halt(USAGE, _NO_POINT.format(code=args.point))
    if point is None and args.unit not in units:
        raise Halt(USAGE, _NO_UNIT.format(code=args.unit))
    unit = units[point["unit"] if point else args.unit]
    kind = "officer" if point is None else "kiosk" if point["kind"] == "kiosk" else "outlet"
    return {"kind": kind, "unit": unit, "point": point["id"] if point else None}


def _end(args: argparse.Namespace) -> int:
    from doorstep.kernel import trust

    trust.end_account(_live(args.login))
    sys.stdout.write(f"{args.login}：已停用。 · ended.\n")
    return 0


def _list(_args: argparse.Namespace) -> int:
    from doorstep.kernel.row import fetch

    asked = "select a.login, a.role, coalesce(u.code, ''), a.zh from account a left join unit u on u.id = a.unit_id"
    for row in fetch(f"{asked} where a.ended_at is null and a.kind <> 'resident' order by a.login"):
        sys.stdout.write("\t".join(row) + "\n")
    return 0


_ONCE = Words(
    "密码只显示这一次，请当面交给本人。忘了就用 reset 换一个。",
    "This password is shown once: hand it over in person. If it is forgotten, `reset` sets another.",
)
_LOGIN_FORM = Words(
    "登录名用小写字母、数字和 . _ -，2 到 40 个字符。",
    "A login is 2 to 40 small letters, digits and . _ -",
)
_NO_ROLE = Words("没有“{role}”这个角色，有的是：{known}。", "No role {role}; there are: {known}.")
_NO_UNIT = Words(
    "本地没有编号为“{code}”的单位，用 --unit 写单位编号。",
    "No unit {code} here; name one by its code with --unit.",
)
_NO_POINT = Words(
    "“{code}”不是本地的代办点、合作网点或自助区。", "{code} is no agent, post, partner or kiosk point here."
)
_TAKEN = Words("登录名“{login}”已经有了，什么都没有改动。", "The login {login} exists; nothing was changed.")
_NOBODY = Words("没有在用的账号“{login}”。", "There is no account {login} in use.")
_NOT_RUNNING = Words(
    "连不上数据库。请先运行 doorstep up，再开账号。",
    "The database does not answer. Start `doorstep up` first, then make accounts.",
)
