"""Audit 审计: who looked at whose record without saying why, and what whoever keeps the accounts safe has to know.

Nothing here changes anything.
"""

from __future__ import annotations

from doorstep.domains.audit import desk, watch
from doorstep.kernel.plug import Domain, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

DOMAIN = Domain(
    name="audit",
    title=Words("审计", "Audit"),
    tiles=(
        Tile(
            Words("说不清原因的查看", "Unexplained looks"), Words("谁看了、没写为什么", "Who looked and did not say why"),
            "/audit/", "audit", "eye", "public",
        ),
        Tile(Words("安全值守", "Security watch"), Words("锁住的账号、看得多的、密钥", "Locked accounts, wide looks, keys"),
             "/audit/watch", "secure", "shield-check", "public"),
    ),
    routes=(
        Route("audit/", desk.show, "audit", "audit", "staff", kinds=("officer",), tier="public"),
        Route("audit/watch", watch.show, "audit_watch", "secure", "staff", kinds=("officer",), tier="public"),
    ),
)  # fmt: skip
