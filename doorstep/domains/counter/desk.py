"""A queue and one case: the approval desk, applications from online, handing out. One key to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import aside, frame
from doorstep.domains.counter.case import case, checks, due_of
from doorstep.domains.counter.frame import Line
from doorstep.domains.counter.letter import fault_codes, faults_of, letter, return_reasons
from doorstep.domains.counter.queue import Asked, choices, holder_of, stands
from doorstep.kernel.assign import Colleague, assign, colleagues
from doorstep.kernel.lists import work_kinds, work_list
from doorstep.kernel.matter import act
from doorstep.kernel.read import MatterView, StepView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.flow import CORRECT, Flow, step_of
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import Asking, Question, pairs_of
from doorstep.web.routes import Route

View = Callable[..., HttpResponse]
_KEYS = {"approve": "Y", "done": "Y", "return": "R", "refuse": "N"}
_TICKS = (
    ("person", Words("看过证件，来的就是本人", "I saw the document; this is the person")),
    ("paper", Words("东西当面交到本人手里了", "I gave it into the person's own hands")),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """One queue: whose steps it shows (``by``), the right to work on it, and its words."""

    path: str
    by: str
    right: str
    page: str
    title: Words
    count: Words
    empty: Words
    start: Words


APPROVALS = Desk(
    "desk", "competent", "decide", "desk", Words("审批台", "Approval desk"),
    Words("等您批的 {n} 件", "Waiting for you: {n}"),
    Words("都批完了，没有等您的。", "All done; nothing is waiting for you."), Words("先批最急的", "Start with the most urgent"),
)  # fmt: skip
INTAKE = Desk(
    "intake", "received", "receive", "intake", Words("网上来的", "From online"),
    Words("网上来的 {n} 件", "From online: {n}"),
    Words("网上来的都收完了。", "Nothing from online is waiting."), Words("先收最急的", "Start with the most urgent"),
)  # fmt: skip
ASKED = Desk(
    "asked", "branch", "assist", "asked", Words("问我们的", "Asked of us"),
    Words("等您单位答复的 {n} 件", "Waiting for your unit: {n}"),
    Words("没有等您单位答复的。", "Nothing is waiting for your unit."), Words("先办最急的", "Start with the most urgent"),
)  # fmt: skip
HAND_OUT = Desk(
    "hand-out", "hand_out", "hand_out", "hand_out", Words("等来领的", "To hand out"),
    Words("等来领的 {n} 件", "To be picked up: {n}"),
    Words("没有等着领的证件。", "Nothing is waiting to be picked up."), Words("谁来领？", "Who is here to pick up?"),
)  # fmt: skip


def routes(desk: Desk) -> tuple[Route, ...]:
    """The pages of one queue: the list, a case (shown and decided), and what the person will receive."""
    base, name = f"counter/{desk.path}", f"counter_{desk.page}"
    both = ("GET", "POST")
    return (
        Route(f"{base}/", _queue(desk), name, desk.right, "staff", kinds=frame.STAFF),
        Route(f"{base}/<uuid:matter_id>", _case(desk), f"{name}_case", desk.right, "staff", both, frame.STAFF),
        Route(f"{base}/<uuid:matter_id>/letter", _letter(desk), f"{name}_letter", desk.right, "staff", ("POST",), frame.STAFF),
        Route(f"{base}/<uuid:matter_id>/give", _give(desk), f"{name}_give", desk.right, "staff", ("POST",), frame.STAFF),
    )  # fmt: skip


def _queue(desk: Desk) -> View:
    def queue(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        """The queue alone; opening a case is a read that stays on record, so nothing opens by itself."""
        queue = _rows(viewer, desk, Asked.of(request.GET), colleagues(), after=request.GET.get("after", ""))
        return frame.show(request, viewer, "queue", {"queue": queue, "said": _said(request)})

    return queue


def _case(desk: Desk) -> View:
    def one(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
        """One case of the queue; a post decides it and opens the next."""
        if request.method == "POST":
            return _decide(request, viewer, desk, matter_id)
        view = _read(viewer, matter_id)
        step = _step(view, desk) if view else None
        if view is None or step is None:
            return HttpResponseRedirect(f"/counter/matter/{matter_id}")
        return _show(request, viewer, desk, view, step)

    return one


def _letter(desk: Desk) -> View:
    def told(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
        """What the person will read if it is decided like this; nothing is changed."""
        view = _read(viewer, matter_id)
        step = _step(view, desk) if view else None
        if view is None or step is None:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return frame.show(request, viewer, "_letter", {"letter": _letter_of(view, step, request.POST)})

    return told


def _give(desk: Desk) -> View:
    def given(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
        """The step becomes a colleague's, one's own, or nobody's; then the queue goes on."""
        post, asked = request.POST, Asked.of(request.GET)
        to = UUID(post["to"]) if _is_id(post.get("to", "")) else None
        try:
            with transaction.atomic():
                assign(viewer, matter_id, step=post.get("step", ""), to=to, reason=post.get("reason", ""),
                       request_id=post.get("request_id", ""))  # fmt: skip
        except Refused as refusal:
            return _refused(request, viewer, desk, matter_id, refusal)
        here = f"/counter/{desk.path}/"
        if to == viewer.account_id:
            return HttpResponseRedirect(f"{here}{matter_id}{asked.query}")
        return HttpResponseRedirect(f"{here}{asked.query}{'&' if asked.query else '?'}did=given")

    return given


def _read(viewer: Viewer, matter_id: UUID) -> MatterView | None:
    """The matter, if it is in the viewer's hands; otherwise None (its own page asks for a purpose)."""
    try:
        return read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code == "purpose":
            return None
        raise


def _step(view: MatterView, desk: Desk) -> StepView | None:
    flow = view.pack.flow
    return next((s for s in view.mine if s.by == desk.by and not aside.page_of(flow.step(s.name))), None)


# ---- the queue ----


def _rows(
    viewer: Viewer,
    desk: Desk,
    asked: Asked,
    known: Mapping[UUID, Colleague],
    here: UUID | None = None,
    after: str = "",
) -> dict[str, Any]:
    """The queue as its address narrows it. However many lines there are, it asks the same few questions. Beside an open case
    (``here``) what waits is not counted by kind: that is asked where the queue stands alone.
    """
    away, path, names = stands(viewer), f"/counter/{desk.path}/", {c.id: c.name for c in known.values()}
    found = work_list(viewer, by=desk.by, after=after, only=asked.only(viewer, away))
    lines = [
        frame.line(row, aside.url_of(row, f"{path}{row.id}{asked.query}"), here, holder_of(row, viewer, away, names))
        for row in found.rows
    ]  # fmt: skip
    narrowed = Words("这样筛没有要办的。", "Nothing waits that fits these filters.")
    counted = work_kinds(viewer, desk.by) if here is None or asked.branch or asked.item or asked.step else ()
    return {
        "title": desk.title, "page": desk.page, "count": desk.count.format(n=_count(len(lines), found.more)),
        "empty": narrowed if asked.query else desk.empty, "start": desk.start, "bands": frame.bands(lines),
        "first": lines[0] if lines else None, "more": _more(path, asked, found.after) if found.more else "",
        "here": f"{path}{here or ''}{asked.query}", "lines": lines, "choices": choices(asked, path, counted),
    }  # fmt: skip


def _more(path: str, asked: Asked, after: str) -> str:
    return f"{path}{asked.query}{'&' if asked.query else '?'}{urlencode({'after': after})}"


def _count(number: int, more: bool) -> str:
    return f"{number}+" if more else str(number)


def _around(lines: Sequence[Line], here: UUID) -> tuple[Line | None, Line | None]:
    """The line before and the line after; after the last comes the first again."""
    at = next((n for n, one in enumerate(lines) if one.id == here), None)
    if at is None:
        return None, lines[0] if lines else None
    after = lines[(at + 1) % len(lines)]
    return (lines[at - 1] if at else None), (after if after.id != here else None)


# ---- one case ----


def _show(
    request: HttpRequest,
    viewer: Viewer,
    desk: Desk,
    view: MatterView,
    step: StepView,
    refusal: Refused | None = None,
) -> HttpResponse:
    asked, known = Asked.of(request.GET), colleagues()
    queue = _rows(viewer, desk, asked, known, view.id)
    before, after = _around(queue["lines"], view.id)
    post = request.POST
    shown = case(view) | due_of(step) | _form(view, step, post, refusal)
    shown |= {
        "url": f"/counter/{desk.path}/{view.id}", "query": asked.query, "step": step.name,
        "give": _givable(viewer, desk, view, step, known),
        "checks": checks(view) if desk.by != "hand_out" else (),
        "before_url": before.url if before else "", "next_url": after.url if after else "",
        "next_id": str(after.id) if after else "", "request_id": uuid4().hex,
        "pack_words": Words("机器对过的，决定还是您来", "Compared by the machine; you decide"),
    }  # fmt: skip
    code = refusal.code if refusal else ""
    context = {
        "queue": queue, "case": shown, "letter": _letter_of(view, step, post), "said": _said(request),
        "refusal": refusal.words if refusal and code not in ("reason", "confirm") else None,
        "reason_fault": refusal.words if refusal and code == "reason" else None,
        "confirm_fault": refusal.words if refusal and code == "confirm" else None,
    }  # fmt: skip
    return frame.show(request, viewer, "queue", context, refusal.status if refusal else 200)


def _givable(
    viewer: Viewer, desk: Desk, view: MatterView, step: StepView, known: Mapping[UUID, Colleague]
) -> dict[str, Any]:
    """Whose the step is, and to whom it may be given."""
    able = [
        one for one in known.values()
        if one.unit_id == viewer.unit_id and one.id not in (viewer.account_id, step.holder)
        and one.may(desk.right, view.pack.branch)
    ]  # fmt: skip
    holder = known.get(step.holder) if step.holder else None
    return {"me": viewer.account_id, "mine": step.holder == viewer.account_id, "to": able, "request_id": uuid4().hex,
            "holder": holder.name if holder else Words("同事", "a colleague") if step.holder else None}  # fmt: skip


def _to_write(
    view: MatterView, step: StepView, post: QueryDict, refusal: Refused | None
) -> tuple[Question, ...]:
    """What this step asks the officer to write, with what was typed and what is wrong with it."""
    name = step_of(step.name)
    form = view.pack.fills.get(name)
    if form is None:
        return ()
    faults = (
        {pointer.removeprefix(f"/heard/{name}"): words for pointer, words in refusal.faults}
        if refusal
        else {}
    )
    return Asking(form.from_post(pairs_of(post)), faults).ask(form.fields)


def _written(view: MatterView | None, post: QueryDict) -> dict[str, Any] | None:
    """What was typed at a step that asks for it; None for the others."""
    form = view.pack.fills.get(step_of(post.get("step", ""))) if view else None
    return form.from_post(pairs_of(post)) if form else None


def _form(view: MatterView, step: StepView, post: QueryDict, refusal: Refused | None) -> dict[str, Any]:
    """What the viewer can decide, as posted so far."""
    declared, chosen = view.pack.flow.step(step.name), post.get("outcome", "")
    options = [
        {"outcome": one, "title": label, "key": _KEYS[one], "chosen": one == chosen, "send": _send(label)}
        for one in step.outcomes
        for label in (declared.label(one),)
    ]
    codes = fault_codes(post)
    refusals = view.pack.reasons.get("refuse", {}) if "refuse" in step.outcomes else {}
    ticks = [{"value": v, "title": t, "chosen": v in post.getlist("confirm")} for v, t in _TICKS]
    return {
        "questions": _to_write(view, step, post, refusal), "apart": step.apart,
        "options": [] if step.apart else options, "typed": post.get("reason", ""),
        "return_reasons": return_reasons(view, step, post) if "return" in step.outcomes else (),
        "returned_before": any(s.name.startswith(CORRECT) and s.closed_at for s in view.steps),
        "late": post.get("late", ""), "return_left": _returns_left(view.pack.flow, step),
        "refuse_reasons": [{"code": c, "title": w, "chosen": c in codes} for c, w in refusals.items()],
        "after": _after(view, step), "after_title": _after_title(view, step), "confirm": ticks if step.by == "hand_out" else (),
        "confirm_title": Words("当面核对", "Check face to face"),
    }  # fmt: skip


def _send(label: Words) -> Words:
    return Words(f"{label.zh}，看下一件", f"{label.en}, then next")


def _returns_left(flow: Flow, step: StepView) -> Words:
    returns = flow.step(step.name).returns
    most = returns.at_most if returns else 0
    return Words(f"最多退 {most} 次，请一次说全", f"At most {most} returns; name everything now")


def _after_title(view: MatterView, step: StepView) -> Words:
    label = view.pack.flow.step(step.name).label(step.outcomes[0])
    return Words(f"{label.zh}以后", f"After “{label.en}”")


def _after(view: MatterView, step: StepView) -> list[Words]:
    """What happens after the usual outcome: papers made, the next step and whose it is."""
    flow, words = view.pack.flow, []
    gives = view.pack.gives_at(step.name, step.outcomes[0])
    words += [
        Words(f"系统马上做出并签好《{g.title.zh}》", f"“{g.title.en}” is made and signed at once")
        for g in gives
    ]
    place = flow.place(step.name)
    following = [flow.steps[s] for s in flow.order[place + 1 :] if flow.steps[s].shown]
    if following:
        said = {"competent": view.unit, "hand_out": view.hand_out.name, "received": view.point.name}
        nxt = following[0]
        who = said.get(nxt.by, Words("系统", "the system"))
        words.append(
            Words(f"接着是“{nxt.title.zh}”，由{who.zh}办", f"Next comes “{nxt.title.en}”, by {who.en}")
        )
    else:
        words.append(
            Words("这件事就办完了，请对方评价", "The matter is finished; the person is asked to rate it")
        )
    return words


def _letter_of(view: MatterView, step: StepView, post: QueryDict) -> dict[str, Any]:
    outcome = post.get("outcome", "") or (step.outcomes[0] if len(step.outcomes) == 1 else "")
    return letter(view, step, outcome, faults_of(post, outcome), post.get("reason", ""))


# ---- the decision ----


def _decide(request: HttpRequest, viewer: Viewer, desk: Desk, matter_id: UUID) -> HttpResponse:
    post = request.POST
    outcome = post.get("outcome", "")
    try:
        with transaction.atomic():
            _check(post, desk, outcome)
            typed = (
                _written(_read(viewer, matter_id), post)
                if any(name.startswith("/") for name in post)
                else None
            )
            done = act(
                viewer, matter_id, step=post.get("step", ""), outcome=outcome, reason=post.get("reason", "").strip(),
                faults=faults_of(post, outcome), data=typed, version=whole(post.get("version")) or 0,
                request_id=post.get("request_id", ""),
            )  # fmt: skip
    except Refused as refusal:
        return _refused(request, viewer, desk, matter_id, refusal)
    told, query, after = (
        urlencode({"did": outcome, "number": done.number}),
        Asked.of(request.GET).query,
        post.get("next", ""),
    )
    to = f"/counter/{desk.path}/{after if _is_id(after) else ''}"
    return HttpResponseRedirect(f"{to}{query}{'&' if query else '?'}{told}")


def _check(post: QueryDict, desk: Desk, outcome: str) -> None:
    """What the page itself asks for before the verb is called."""
    if not outcome:
        raise Refused(
            "choose",
            Words("请先选一个决定。写的字都还在。", "Choose a decision first. What you wrote is kept."),
        )
    if outcome in ("return", "refuse") and not faults_of(post, outcome):
        raise Refused(
            "reason",
            Words(
                "请至少勾一条理由，要让对方一次看懂、一次改好。",
                "Tick at least one reason, so that it can be mended at once.",
            ),
        )
    if desk.by == "hand_out" and len(set(post.getlist("confirm"))) < len(_TICKS):
        raise Refused("confirm", Words("两样都看过、勾上，再交出去。", "Tick both before you hand it out."))


def _refused(
    request: HttpRequest, viewer: Viewer, desk: Desk, matter_id: UUID, refusal: Refused
) -> HttpResponse:
    """The same page with everything typed; if a colleague was faster, say so calmly and keep the words."""
    if refusal.code in ("not-found", "no-right"):
        raise refusal
    view = _read(viewer, matter_id)
    step = _step(view, desk) if view else None
    if view is not None and step is not None and step.name == request.POST.get("step"):
        return _show(request, viewer, desk, view, step, refusal)
    queue = _rows(viewer, desk, Asked.of(request.GET), colleagues())
    after = next((one for one in queue["lines"] if one.id != matter_id), None)
    gone = {
        "title": Words("同事刚刚办了这件", "A colleague has just dealt with this one"), "words": refusal.words,
        "typed": _kept(request.POST), "next_url": after.url if after else "", "page_url": f"/counter/matter/{matter_id}",
    }  # fmt: skip
    return frame.show(request, viewer, "queue", {"queue": queue, "gone": gone}, status=409)


def _kept(post: QueryDict) -> list[str]:
    return [text for text in (post.get("reason", "").strip(),) if text]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


_DID: Mapping[str, Words] = {
    "approve": Words("上一件已同意", "The last one is approved"),
    "done": Words("上一件已办好", "The last one is done"),
    "return": Words("上一件已退回补正", "The last one went back for correction"),
    "refuse": Words("上一件已不予办理", "The last one is refused"),
}


def _said(request: HttpRequest) -> Words | None:
    """What was done a moment ago, for the head of the next case."""
    if request.GET.get("did") == "answered":
        return Words("答复记下了", "Your answer is kept")
    if request.GET.get("did") == "given":
        return Words("交给同事了，期限不变", "It is with a colleague now; the due time stays")
    did, number = _DID.get(request.GET.get("did", "")), request.GET.get("number", "")
    if did is None or not (number.isalnum() and len(number) <= 30):
        return None
    return Words(f"{did.zh}：{number}", f"{did.en}: {number}")
