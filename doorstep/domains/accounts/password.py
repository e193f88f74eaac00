"""Passwords: what will do, and what the database keeps instead of one."""

from __future__ import annotations

import hashlib
import secrets

from doorstep.kernel.crypto import stretch
from doorstep.rulebook.words import Words

SHORTEST, LONGEST = 8, 128
_COMMON = ("password", "qwertyui", "1q2w3e4r", "iloveyou", "woaini", "abcd1234", "asdfghjk")


def credential(password: str) -> tuple[bytes, bytes]:
    """A fresh salt, and the hash of the stretched password that is compared at sign-in."""
    salt = secrets.token_bytes(16)
    return salt, hashlib.sha256(stretch(password, salt)).digest()


def fault(password: str, *known: str) -> Words | None:
    """What is wrong with a password; ``known``: telephone, number and name, which others know too. None if it will do."""
    bare = password.lower()
    if not SHORTEST <= len(password) <= LONGEST:
        return Words(f"密码至少 {SHORTEST} 个字符。", f"A password has at least {SHORTEST} characters.")
    if password.isdecimal() or len(set(password)) < 4 or any(one in bare for one in _COMMON):
        return Words(
            "这样的密码一猜就中。加几个字母、词或者符号。",
            "This is among the first that anybody tries. Add letters, a word or signs.",
        )
    if any(len(one) > 3 and one.lower() in bare for one in known):
        return Words(
            "密码里不要有手机号、证件号和姓名，认识您的人会猜到。",
            "Leave your telephone, document number and name out of it: people who know you would guess them.",
        )
    return None
