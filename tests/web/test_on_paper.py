"""Nobody needs a phone: every service has a checklist and a form to print, every point a page, every page is light."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cast import Cast

needs_text = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed"
)
ITEMS = ("HZ-078", "HZ-106", "CR-026", "JG-027", "HZ-104", "ZH-033")
MOST = 120 * 1024


@pytest.fixture(scope="module")
def reader(cast: Cast) -> Any:
    from django.test import Client

    made = Client(headers={"host": "localhost", "accept-language": "zh"})
    made.cookies["doorstep_session"] = cast["resident"].token
    return made


@needs_text
@pytest.mark.parametrize("code", ITEMS)
def test_A01_every_service_has_its_twin_on_paper_in_both_languages(reader: Any, code: str) -> None:
    from doorstep.rulebook import pack

    page = reader.get(f"/item/{code}").content.decode()
    assert f"/item/{code}/checklist.pdf" in page and f"/item/{code}/form.pdf" in page
    for name, lang in (("checklist", "zh"), ("form", "en")):
        sheet = reader.get(f"/item/{code}/{name}.pdf?lang={lang}")
        assert sheet.status_code == 200 and sheet.content.startswith(b"%PDF"), sheet.content[:300]
        text = _text(sheet.content)
        assert f"{code} / {pack.current(code).hash.hex()[:8]}" in text
        said = pack.current(code).title.zh if lang == "zh" else "Signature"
        assert said in re.sub(r"\s+", "", text)


def _text(content: bytes) -> str:
    run = ["pdftotext", "-raw", "-", "-"]
    return subprocess.run(run, input=content, capture_output=True, check=True).stdout.decode()


@needs_text
def test_A01_every_question_stands_on_the_form(reader: Any) -> None:
    from doorstep.rulebook import pack

    text = re.sub(r"\s+", "", _text(reader.get("/item/HZ-078/form.pdf?lang=zh").content))
    titles = [one.title.zh for page in pack.current("HZ-078").form.pages() for one in page.fields]
    assert titles and [one for one in titles if re.sub(r"\s+", "", one) not in text] == []


def test_A01_a_point_says_when_and_where_and_what_and_what_of_it_online(reader: Any) -> None:
    page = reader.get("/point/HW-1").content.decode()
    assert "河湾路 12 号" in page and "/item/HZ-078" in page and 'data-point="HW-1"' in page
    online = reader.get("/point/HW-1?online=1").content.decode()
    assert 0 < online.count("data-item=") < page.count("data-item=")
    assert reader.get("/point/NOWHERE").status_code == 422
    both = [reader.get(f"/find/hits?q=改姓名{more}").content.decode() for more in ("", "&channel=online")]
    assert "/item/HZ-048" in both[0] and "/item/HZ-048" not in both[1]


def test_A01_each_portal_page_is_at_most_120_kb_compressed(reader: Any, cast: Cast) -> None:
    """The page with everything it calls for at first, as it goes over the wire."""
    from tests.house.test_routes import _all

    made = cast.apply("resident")
    parts = {"code": "HZ-078", "point_code": "HW-1", "matter_id": str(made.matter_id), "page_id": "who"}
    weighed = {}
    for pattern, found in _all():
        route = getattr(found.callback, "route", None)
        if route is None or route.surface != "resident" or "GET" not in route.methods:
            continue
        address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: parts.get(m[1], "nothing"), pattern)
        answer = reader.get(address, follow=True)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            weighed[address] = _weight(answer.content)
    assert len(weighed) >= 15 and weighed["/"] > 20_000
    assert {address: weight for address, weight in weighed.items() if weight > MOST} == {}


def _weight(page: bytes) -> int:
    static = Path(__file__).parents[2] / "doorstep"
    called = set(re.findall(r'(?:href|src)="/static/([^"?]+)"', page.decode()))
    files = [
        next(iter([*static.glob(f"web/static/{one}"), *static.glob(f"domains/*/static/{one}")]))
        for one in called
    ]
    return len(gzip.compress(page)) + sum(len(gzip.compress(one.read_bytes())) for one in files)
