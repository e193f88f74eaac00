"""The only way to a person: a notice without personal data, with a code by which anybody can check that it is ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from doorstep.kernel.models import Notice
from doorstep.kernel.row import fetch, run
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import link_code, uuid7
from doorstep.rulebook.words import Words

TEMPLATES: dict[str, Words] = {
    "invited": Words(
        "有一件事请您看一看、办您那一部分，编号 {number}。", "Something awaits your part in it, number {number}."
    ),
    "called_off": Words(
        "编号 {number} 的事不用您办了：和它相连的那件事已经结束。",
        "Your part in {number} is no longer needed: what it belonged to has ended.",
    ),
    "received": Words("我们收到了您的申请，编号 {number}。", "We have received your application {number}."),
    "returned": Words(
        "申请 {number} 有地方要补正，一次说清了，请您看看。",
        "Application {number} needs corrections; all of them are listed at once.",
    ),
    "granted": Words("申请 {number} 已经批准。", "Application {number} has been granted."),
    "ready": Words("申请 {number} 的证件做好了，可以领取。", "The paper of application {number} is ready to be handed out."),
    "refused": Words(
        "申请 {number} 没有批准，理由和救济办法写在里面。",
        "Application {number} was refused; the reasons and your remedies are inside.",
    ),
    "closed": Words("申请 {number} 已经办结，请您评价。", "Application {number} is finished. Please rate how it went."),
    "withdrawn": Words("您撤回了申请 {number}。", "You withdrew application {number}."),
    "asked": Words(
        "申请 {number} 加了一步，等您办，请您看看。", "Application {number} has one more step, which is yours."
    ),
    "longer": Words(
        "申请 {number} 需要更长时间，为什么、哪天办好，里面写着。",
        "Application {number} needs more time; why, and until when, is written inside.",
    ),
    "remind": Words(
        "申请 {number} 有一步等您办，快到期了，请您看看。", "Application {number} has a step of yours that is due soon."
    ),
    "late": Words(
        "申请 {number} 超过了承诺时间，我们已经提醒承办单位。",
        "Application {number} is past its promised time; the unit in charge has been reminded.",
    ),
    "merged": Words(
        "申请 {number} 和另一件事是同一件，合在一起办；这个编号不再单独办。",
        "Application {number} is the same thing as another one and is handled with it; this number is not gone on with.",
    ),
    "reclassified": Words(
        "申请 {number} 改按另一个事项办理，编号不变，不用重交。",
        "Application {number} is now handled as another item; the number stays, and nothing need be sent again.",
    ),
    "agent": Words(
        "受您委托的人替您办了一步，申请 {number}。不是您的意思，马上收回委托。",
        "Somebody you authorised took a step for you in {number}. If that is not what you want, withdraw the authority now.",
    ),
    "mandate": Words(
        "办事的委托生效了，到 {number} 为止。不是您的意思，马上收回。",
        "An authority to act for somebody is in force until {number}. If that is not what you want, withdraw it now.",
    ),
    "mandate_ended": Words(
        "一份办事的委托收回了，原定到 {number}。", "An authority to act, due to last until {number}, was withdrawn."
    ),
    "moved": Words("申请 {number} 换了承办单位，期限不变。", "Application {number} is now with another unit; the due date stays."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice as its reader sees it."""

    id: UUID
    matter_id: UUID
    words: Words
    at: datetime
    read: bool
    check_code: str
    url: str = ""


def notify(party_id: UUID, template: str, matter_id: UUID, number: str) -> None:
    """Put one notice into the portal of a party, once per (party, matter, template, moment)."""
    run(
        """insert into notice (id, party_id, matter_id, template, values, check_code, at)
        values (%s, %s, %s, %s, jsonb_build_object('number', %s::text), %s, %s) on conflict do nothing""",
        uuid7(), party_id, matter_id, template, number, link_code()[:16], clock.now(),
    )  # fmt: skip


def my_notices(viewer: Viewer, most: int = 50, after: int = 0) -> list[NoticeView]:
    """The viewer's notices, newest first, without the first ``after`` of them."""
    if viewer.party_id is None:
        return []
    rows = Notice.objects.filter(party_id=viewer.party_id).order_by("-at", "-id")[after : after + most]
    return [
        NoticeView(n.id, n.matter_id, TEMPLATES[n.template].format(**n.values), n.at, n.read_at is not None, n.check_code,
                   "/family/" if n.template.startswith("mandate") else f"/matter/{n.matter_id}")
        for n in rows
    ]  # fmt: skip


def unread_count(viewer: Viewer) -> int:
    """How many notices the viewer has not opened."""
    return Notice.objects.filter(party_id=viewer.party_id, read_at=None).count() if viewer.party_id else 0


def mark_read(viewer: Viewer, seen: Iterable[UUID]) -> None:
    """The viewer has seen these notices; those on other pages of the list stay unread."""
    if viewer.party_id is not None:
        Notice.objects.filter(party_id=viewer.party_id, id__in=seen, read_at=None).update(read_at=clock.now())


def check_notice(code: str) -> tuple[Words, datetime] | None:
    """Is a message with this code ours? Its kind and time, nothing about whom it reached."""
    found = fetch(
        "select v ->> 'template', (v ->> 'at')::timestamptz from trust.check_notice(%s) v where v is not null",
        code,
    )
    return (TEMPLATES[found[0][0]].format(number="…"), found[0][1]) if found else None
