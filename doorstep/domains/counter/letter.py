"""What a person is told about a decision, before it is made: the notice, every fault at once, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from doorstep.kernel.post import TEMPLATES
from doorstep.kernel.read import MatterView, StepView
from doorstep.rulebook.words import Words
from doorstep.web import saying

_KEYS = "QWEASDFZX"
_NOTICE = {"approve": "granted", "return": "returned", "refuse": "refused"}


@dataclass(frozen=True, slots=True)
class At:
    """A field that a reason can point at."""

    pointer: str
    title: Words
    chosen: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a return, with the fields it may be about; the likeliest is chosen."""

    code: str
    title: Words
    key: str
    chosen: bool
    fields: tuple[At, ...]


def fault_codes(post: QueryDict) -> list[str]:
    """The reasons that were ticked."""
    return [code for code in (*post.getlist("fault"), *post.getlist("why")) if code]


def faults_of(post: QueryDict, outcome: str) -> list[dict[str, str]]:
    """The reasons as the verb wants them: which field, which reason of the pack."""
    if outcome == "return":
        late = post.get("late", "").strip()
        return [
            {"field": pointer, "reason": code, "text": late}
            for code in post.getlist("fault")
            for pointer in post.getlist(f"at:{code}") or [""]
        ]
    if outcome == "refuse":
        return [{"field": "", "reason": code, "text": ""} for code in post.getlist("why") if code]
    return []


def return_reasons(view: MatterView, step: StepView, post: QueryDict) -> tuple[Reason, ...]:
    """The reasons of the pack for a return."""
    ticked = post.getlist("fault")
    fields = [one for page in view.pack.form.pages(view.data) for one in page.fields]
    reasons = []
    for number, (code, words) in enumerate(view.pack.reasons.get("return", {}).items()):
        chosen = post.getlist(f"at:{code}") if code in ticked else list(view.pack.about(code))
        at = tuple(At(one.pointer, one.title, one.pointer in chosen) for one in fields)
        key = _KEYS[number] if number < len(_KEYS) else ""
        reasons.append(Reason(code, words, key, code in ticked, at))
    return tuple(reasons)


def letter(
    view: MatterView, step: StepView, outcome: str, faults: Sequence[dict[str, str]], text: str
) -> dict[str, Any]:
    """Context of ``counter/_letter.html``; empty until something is chosen."""
    if outcome not in step.outcomes:
        return {}
    declared = view.pack.flow.step(step.name)
    known = view.pack.reasons.get(outcome, {})
    named = [
        (view.pack.form.field(f["field"]) if f["field"] else None, known.get(f["reason"])) for f in faults
    ]
    notice = _NOTICE.get(outcome) or _notice_done(view, step)
    then = None
    if outcome == "return" and declared.returns and declared.returns.limit:
        limit = saying.duration(declared.returns.limit)
        then = saying.of(
            f"{limit}内改好送回，接着办，不用重来。", f"Send it back within {limit}; it goes on from there."
        )
    if outcome == "refuse":
        then = saying.of(
            "不服可以申请行政复议或者提起诉讼，办法写在通知里。",
            "How to ask for a review or go to court is part of the notice.",
        )
    none = Words("这一步不另外通知。", "No notice is sent for this step.")
    return {
        "words": TEMPLATES[notice].format(number=view.number) if notice else none,
        "faults": [{"title": one.title if one else None, "words": words} for one, words in named if words],
        "text": text.strip(),
        "then": then,
    }


def _notice_done(view: MatterView, step: StepView) -> str:
    """The notice that follows a plain ``done``: a paper that is ready, or the end of the matter."""
    if view.pack.gives_at(step.name, "done"):
        return "ready"
    return "closed" if view.pack.flow.order[-1] == step.name else ""
