"""The signature that somebody left on the pad: with every matter whose things they signed for, its hash in the chain."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from doorstep.kernel import file
from doorstep.kernel.matter import note
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web.uploads import Received

MATERIAL = "SIGN"
TITLE = Words("签收的签名", "Signature for what was handed out")
FIELD = "signature"
_MISSING = Words(
    "签字板上的签名没有收到。请再签一次，或者签在纸上。",
    "No signature came from the pad. Please sign again, or on paper.",
)


def check(received: Received, signed: str) -> None:
    """Refused: "signature" if it is said to be on the pad and did not come; what an upload is refused for."""
    taken = received.get(FIELD)
    if signed != "pad":
        return
    if taken is None:
        raise Refused("signature", _MISSING, status=422)
    if isinstance(taken, Refused):
        raise taken


def keep(viewer: Viewer, received: Received, matters: Iterable[UUID], request_id: str) -> None:
    """Attach it to these matters, a copy with each, which the viewer must see. Nothing if none came."""
    taken = received.get(FIELD)
    if taken is None or isinstance(taken, Refused):
        return
    first = file.add(viewer, taken, MATERIAL)
    content, _ = file.read_file(viewer, first)
    for at, matter_id in enumerate(dict.fromkeys(matters)):
        own = first if at == 0 else file.add(viewer, file.receive([content]), MATERIAL)
        file.attach(viewer, [own], matter_id)
        text = f"本人在签字板上签收，签名的 SHA-256：{taken.sha256.hex()}"
        note(viewer, matter_id, text=text, request_id=f"{request_id}-signed-{matter_id.hex[:12]}")
