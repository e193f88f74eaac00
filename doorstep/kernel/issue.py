"""Papers as results: ordered in the verb that grants them, drawn and signed by the worker, handed out through the guard.

A row in state "making" is the job: nothing else has to remember it, so a worker that dies loses none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from doorstep.kernel import file, paper, post
from doorstep.kernel.crypto import open_sealed, open_small, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.models import Matter, Paper, Share
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.party import people
from doorstep.kernel.row import first, insert, together, update
from doorstep.kernel.trust import Viewer, enter_system, is_demo, keys, log_access, not_found, refuse_erased
from doorstep.rulebook import clock, pack
from doorstep.rulebook.ids import link_code, uuid7
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words


def code_hash(code: str) -> bytes:
    """How a paper is found by the code printed on it: only the hash is stored in clear."""
    return hashlib.sha256(code.encode()).digest()


def order(row: Matter, key: bytes, data: Mapping[str, Any], give: pack.Give, at: datetime) -> UUID:
    """Promise a paper: gapless number, verification code, state "making". Part of the verb's transaction."""
    paper_id, code = uuid7(), link_code()
    today = at.astimezone(calendar().zone).date()
    unit_id = {"county": row.county, "city": row.city}.get(give.by) or row.unit_id
    number = _next_number(unit_id, give, today)
    paper_row = Paper(
        id=paper_id, matter_id=row.id, template=give.template, number=number, item=row.item, unit_id=unit_id,
        code_hash=code_hash(code), sealed=seal(key, canonical({"code": code}), b"paper:" + paper_id.bytes),
        holder=_holder(row, data, give), state="making", issued_at=at, valid_until=give.valid_until(today, data),
    )  # fmt: skip
    insert(paper_row)
    return paper_id


def _holder(row: Matter, data: Mapping[str, Any], give: pack.Give) -> bytes | None:
    """The keyed index of the name the paper is made out to: the one printed on it, else the applicant's."""
    printed = pack.version(bytes(row.pack)).paper_data(give.template, data).get("name")
    person = people([row.applicant_id]).get(row.applicant_id) if row.applicant_id else None
    name = printed or (person.name if person else "")
    return holder_index(name) if name else None


def holder_index(name: str) -> bytes:
    """Equal for one name however its dots and spaces were typed."""
    return keys().blind("holder", "".join(c for c in name if c.isalnum()))


def is_made_out_to(code: str, name: str) -> bool:
    """Does the paper with this code bear this name? No account is needed; nothing but yes or no is told."""
    with connection.cursor() as cursor:
        cursor.execute("select trust.paper_is_of(%s, %s)", [code_hash(code), holder_index(name)])
        return bool(cursor.fetchone()[0])


def _next_number(unit_id: int, give: pack.Give, today: date) -> str:
    """Gapless per unit, prefix and year, whatever templates share a prefix: the counter row is locked until the verb ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into paper_counter (unit_id, template, year, last) values (%s, %s, %s, 1)
            on conflict (unit_id, template, year) do update set last = paper_counter.last + 1 returning last""",
            [unit_id, give.prefix, today.year],
        )
        last = int(cursor.fetchone()[0])
    unit = town().units[unit_id]
    return f"{give.prefix}{unit.division[:6]}{unit_id % 1000:03d}-{today.year}-{last:06d}"


def make(paper_id: UUID, matter_id: UUID) -> bool:
    """Draw, sign and store one promised paper (worker role). False if somebody else has made it already."""
    with enter_system(matter_id) as system:
        row = first(Paper, "where id = %s and state = 'making'", paper_id)
        matter = first(Matter, "where id = %s", matter_id)
        if row is None or matter is None or matter.key is None:
            return False
        key = keys().unwrap(bytes(matter.key), matter.id.bytes)
        content = _draw(system, row, matter, key)
    stored = file.store_issued(content)
    with enter_system(matter_id) as system:
        taken = first(Paper, "where id = %s and state = 'making' for update", paper_id)
        if taken is None:
            file.forget(stored)
            return False
        with together():
            taken.file_id = file.add_issued(system, stored, matter_id)
            taken.state = "ready"
            update(taken)
            if matter.applicant_id and matter.state != "closed":
                post.notify(matter.applicant_id, "ready", matter_id, matter.number)
    return True


def _draw(system: Viewer, row: Paper, matter: Matter, key: bytes) -> bytes:
    found = pack.version(bytes(matter.pack))
    data = orjson.loads(open_small(key, bytes(matter.sealed), b"matter:" + matter.id.bytes))
    code = orjson.loads(open_sealed(key, bytes(row.sealed), b"paper:" + row.id.bytes))["code"]
    log_access(
        system, kind="paper", tier=2, purpose="system", matter_id=matter.id, party_id=matter.applicant_id
    )
    shared = {
        "number": row.number, "unit": unit_words(row.unit_id), "valid_until": row.valid_until,
        "issued_on": row.issued_at.astimezone(calendar().zone).date(), "matter_number": matter.number,
    }  # fmt: skip
    given = {
        **shared,
        "check_url": f"{settings.PUBLIC_URL}/v/{code}",
        "demo": is_demo(),
        **found.paper_data(row.template, data, shared),
        **_photo(found, row.template, data),
    }
    return signed(row.template, given)


def signed(template: str, given: Mapping[str, Any]) -> bytes:
    """A paper drawn with these words and signed for the deployment."""
    from doorstep.kernel import signature  # a second of pyHanko: only the process that signs pays for it

    pdf = paper.render(template, given, lang="zh")
    return signature.sign(pdf, signature.signing_identity(Path(settings.SECRETS_DIR)))


def _photo(found: pack.Pack, template: str, data: Mapping[str, Any]) -> dict[str, bytes]:
    wanted = found.photo_of(template, data)
    return {"photo": file.content(UUID(wanted))} if wanted else {}


def download(viewer: Viewer, number: str) -> tuple[bytes, str]:
    """The signed PDF of a paper the viewer may see, and a file name; a tier 2 read.

    Refused: "not-found", "erased" (410); "not-ready" (425) in the second or two before the worker has made it.
    """
    row = Paper.objects.filter(number=number).first() if viewer.signed_in else None
    if row is None:
        raise not_found()
    if row.file_id is None:
        raise Refused(
            "not-ready",
            Words(
                "证件正在制作，一般几秒钟就好，请稍后再打开。",
                "The paper is being made; it usually takes a few seconds. Open it again soon.",
            ),
            status=425,
        )
    matter = Matter.objects.filter(id=row.matter_id).values("applicant_id", "key").first()
    if matter and matter["key"] is None:
        raise refuse_erased()
    applicant = matter["applicant_id"] if matter else None
    if viewer.is_resident and applicant != viewer.party_id:
        _hold_back(viewer, row.matter_id)
    purpose = file.why(viewer, row.matter_id, applicant)
    log_access(viewer, kind="paper", tier=2, purpose=purpose, matter_id=row.matter_id, party_id=applicant)
    return file.content(row.file_id), f"{row.number}.pdf"


_KEEPS = (
    "where matter_id = %s and party_id = %s and role = 'agent' and tier > 1 and until > clock_timestamp()"
)


def _hold_back(viewer: Viewer, matter_id: UUID) -> None:
    """An agent keeps no copy: the paper is its holder's, or a child's parent's. Refused: "holder-only" (403)."""
    if first(Share, _KEEPS, matter_id, viewer.party_id) is None:
        words = Words(
            "证件只给本人：本人登录就能下载，或者带身份证到窗口领。",
            "The paper goes to its holder alone: by signing in, or at a window with the identity card.",
        )
        raise Refused("holder-only", words, status=403)


def check_url(viewer: Viewer, paper_id: UUID) -> str:
    """The verification address of a visible paper, for its holder to show. Refused: "not-found"."""
    row = Paper.objects.filter(id=paper_id).first() if viewer.signed_in else None
    matter = Matter.objects.filter(id=row.matter_id).first() if row else None
    if row is None or matter is None or matter.key is None:
        raise not_found()
    if viewer.is_resident and matter.applicant_id != viewer.party_id:
        _hold_back(viewer, matter.id)
    key = keys().unwrap(bytes(matter.key), matter.id.bytes)
    code = orjson.loads(open_sealed(key, bytes(row.sealed), b"paper:" + row.id.bytes))["code"]
    return f"/v/{code}"


def overdue_since(minutes: int = 5) -> datetime:
    """Papers ordered before this moment and still not made mean that the worker is in trouble."""
    return clock.now() - timedelta(minutes=minutes)
