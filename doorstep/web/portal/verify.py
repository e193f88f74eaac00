"""Is this paper genuine? Anybody may ask with the code printed on it; the answer names no person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel import issue, read
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words

_VERDICTS = {
    "revoked": Words("是我们发的，但已经作废", "Ours, but withdrawn since"),
    "replaced": Words(
        "是我们发的，已经换发了新的，以新的为准", "Ours, but replaced by a newer one, which holds"
    ),
    "expired": Words("是我们发的，但过期了", "Ours, but expired"),
}


def ask(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The form; a code that was typed leads to its page."""
    code = "".join(request.GET.get("code", "").split())[:64]
    if code:
        return redirect(f"/v/{code}")
    return render(request, "web/portal/verify.html", {})


def verify(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """What the code stands for. A posted name is compared with the paper's: a code can be copied, a name not."""
    found = read.check_paper(issue.code_hash(code))
    verdict = _VERDICTS.get(found.state if found else "", _VERDICTS["expired"])
    name = request.POST.get("name", "").strip()[:80]
    context = {
        "asked": True, "paper": found, "verdict": verdict, "code": code, "name": name,
        "bears": issue.is_made_out_to(code, name) if found and found.named and name else None,
    }  # fmt: skip
    return render(request, "web/portal/verify.html", context, status=200 if found else 404)
