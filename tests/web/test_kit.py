"""Rules of the kit: icons exist, colours are decided once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doorstep.web import icons
from doorstep.web.templatetags.doorstep import STATES

ROOT = Path(__file__).parents[2] / "doorstep"
TEMPLATES = sorted(ROOT.glob("**/templates/**/*.html"))


@pytest.mark.skipif(not icons.known("check"), reason="icons are copied in by make setup")
def test_every_icon_that_a_template_names_is_known():
    named = {n for t in TEMPLATES for n in re.findall(r'{% icon "([^"]+)" %}', t.read_text())}
    named |= {sign for _, sign, _, _ in STATES.values()}
    assert sorted(n for n in named if not icons.known(n)) == []


def test_colours_are_decided_in_the_tokens_only():
    for sheet in ("kit.css", "resident.css", "staff.css"):
        text = (ROOT / "web" / "static" / "doorstep" / sheet).read_text()
        text = text.replace("background: #ffffff", "")  # a QR code needs true white
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", text), sheet
