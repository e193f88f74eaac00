"""Two made-up items: somebody enters a home, and another person signs for it in a matter of its own."""

from __future__ import annotations

import copy
from typing import Any

from doorstep.rulebook import pack

T = {"zh": "步骤", "en": "Step"}
PARENT, PART = "HZ-990", "HZ-990-B"
_FORM: dict[str, Any] = {
    "required": ["landlord", "home"],
    "properties": {
        "landlord": {"required": ["name", "id_no"], "properties": {
            "name": {"x-fact": "applicant.name"}, "id_no": {"x-fact": "applicant.id_no"}}},
        "home": {"required": ["address"], "properties": {"address": {"x-fact": "home.address"}}},
        "other": {"required": ["name", "id_no"], "properties": {
            "name": {"x-fact": "tenant.name"}, "id_no": {"x-fact": "tenant.id_no"}}},
    },
    "x-pages": [{"id": "all", "title": T, "fields": [
        "/landlord/name", "/landlord/id_no", "/home/address", "/other/name", "/other/id_no"]}],
}  # fmt: skip
_PART_FORM: dict[str, Any] = {
    "required": ["signer", "home"],
    "properties": {
        "signer": {"required": ["name", "id_no"], "properties": {
            "name": {"x-fact": "applicant.name"}, "id_no": {"x-fact": "applicant.id_no"},
            "mobile": {"x-fact": "applicant.mobile"}}},
        "home": {"required": ["address"], "properties": {"address": {"x-fact": "home.address"}}},
    },
    "x-pages": [{"id": "all", "title": T, "fields": [
        "/signer/name", "/signer/id_no", "/signer/mobile", "/home/address"]}],
}  # fmt: skip
ALONE: dict[str, Any] = {
    **_FORM,
    "properties": {name: group for name, group in _FORM["properties"].items() if name != "other"},
    "x-pages": [{"id": "all", "title": T, "fields": ["/landlord/name", "/landlord/id_no", "/home/address"]}],
}
SIGNS: dict[str, Any] = {
    "id": "signs", "kind": "sub", "title": {"zh": "另一方签字", "en": "The other party signs"}, "item": PART,
    "who": "/other", "copies": {"/home/address": "/home/address"},
}  # fmt: skip
AGAIN: dict[str, Any] = {
    "id": "again", "kind": "task", "by": "applicant", "title": {"zh": "再请一次", "en": "Ask again"}, "then": "signs",
    "when": {"signs.answer": ["refused", "withdrawn", "closed"]},
}  # fmt: skip
LOOK: dict[str, Any] = {
    "id": "look",
    "kind": "review",
    "by": "received",
    "title": T,
    "returns": {"to": "applicant", "at_most": 2},
}
SIGN: dict[str, Any] = {
    "id": "sign", "kind": "task", "by": "applicant", "title": {"zh": "您来签", "en": "Your signature"}, "refuses": True,
    "limit": "5 day", "on_late": "lapse",
    "labels": {"done": {"zh": "同意并签字", "en": "Agree and sign"}, "refuse": {"zh": "我不同意", "en": "I do not agree"}},
}  # fmt: skip


def made(code: str = PARENT, **changed: Any) -> pack.Pack:
    """One of the two items, on the shelf; ``changed`` replaces keys of its file."""
    usual = pack.load_pack(next(p for p in pack.pack_files() if p.stem == "HZ-106"))
    raw = copy.deepcopy(dict(usual.raw))
    for key in ("tables", "gives", "figures", "contact"):
        raw.pop(key, None)
    whole = {
        "code": code,
        "form": _FORM,
        "flow": {"steps": [SIGNS, AGAIN, LOOK]},
        "competent": {"by": "point"},
    }
    if code == PART:
        whole |= {"part_of": PARENT, "form": _PART_FORM, "flow": {"steps": [SIGN]}}
    return pack.add_version(pack.Pack.of(raw | whole | changed, usual.library).content)


def shelf(monkeypatch: Any, *packs: pack.Pack) -> None:
    """Offer these items besides the usual ones: published, and found by their codes."""
    from doorstep.kernel.models import PackVersion
    from doorstep.rulebook import clock
    from doorstep.run.place import Place
    from tests.conftest import as_role

    usual, ours = pack.current, {one.code: one for one in packs}
    for _ in as_role("migrator", Place.from_env()):
        for one in packs:
            PackVersion.objects.get_or_create(
                hash=one.hash, defaults={"code": one.code, "content": one.content, "at": clock.now()}
            )
    monkeypatch.setattr(
        "doorstep.rulebook.pack.current", lambda code, *at: ours.get(code) or usual(code, *at)
    )
