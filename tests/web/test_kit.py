"""Rules of the kit: icons exist, nothing inline, both languages everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doorstep.web import icons
from doorstep.web.templatetags.doorstep import STATES

ROOT = Path(__file__).parents[2] / "doorstep"
TEMPLATES = sorted(ROOT.glob("**/templates/**/*.html"))
CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.skipif(not icons.known("check"), reason="icons are copied in by make setup")
def test_every_icon_that_a_template_names_is_known():
    named = {n for t in TEMPLATES for n in re.findall(r'{% icon "([^"]+)" %}', t.read_text())}
    named |= {sign for _, sign, _, _ in STATES.values()}
    assert sorted(n for n in named if not icons.known(n)) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_no_template_has_inline_style_or_script(template):
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_chinese_stands_only_beside_its_english(template):
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.S)
    text = re.sub(r"{% t (\"[^\"]*\"|'[^']*') (\"[^\"]*\"|'[^']*').*?%}", "", text)
    text = re.sub(r'{% if lang == "zh" %}.*?{% else %}', "", text, flags=re.S)
    text = text.replace("中文</", "</")  # a language is called by its own name
    assert [line for line in text.splitlines() if CJK.search(line)] == []


def test_colours_are_decided_in_the_tokens_only():
    for sheet in ("kit.css", "resident.css", "staff.css"):
        text = (ROOT / "web" / "static" / "doorstep" / sheet).read_text()
        text = text.replace("background: #ffffff", "")  # a QR code needs true white
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", text), sheet
