"""Papers that are handed to people: drawn by Typst, signed by ``kernel/signature``, checkable by anybody.

A paper is a template in ``packs/papers`` and a dictionary of data. Data is only ever shown as text: nothing a
person typed is read as markup. The PDF is PDF/A-3a and PDF/UA-1: kept for decades, and read aloud.

Pure: no Django, no database, no clock. See docs/decisions/0020-papers.md.
"""

from __future__ import annotations

import base64
import datetime as dt
import importlib.util
import io
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno

from doorstep.rulebook.words import Refused, Words

TEMPLATES = Path(__file__).resolve().parents[2] / "packs" / "papers"

_FONT_PACKAGE = "pylopdf_fonts_zh_cn"  # Noto Sans SC, OFL-1.1; the same face on every machine
_FAMILY = "Noto Sans SC"


class PaperBroken(Exception):
    """A template or its data is wrong, or no Chinese face is installed: our fault, not the reader's."""


def render(
    template: str, data: Mapping[str, Any], *, lang: str, folder: Path = TEMPLATES, picture: bool = False
) -> bytes:
    """The paper ``template`` (a file name in ``folder`` without ``.typ``) as PDF bytes, ``lang`` leading; or its first
    page as a PNG ``picture``.

    ``data`` may hold text, numbers, Words, dates, lists, dictionaries, and pictures as JPEG or PNG bytes; the
    head of each template lists what it needs, always number, unit, issued_on, check_url, demo. The same data
    gives the same bytes. Refuses (``paper.glyph``) a character that the face cannot draw, rather than print a
    box in somebody's name. Raises PaperBroken for an unknown template or missing data.
    """
    source = folder / f"{template}.typ"
    if not re.fullmatch(r"[a-z][a-z-]*", template) or not source.is_file():
        raise PaperBroken(f"no such paper: {template}")
    import typst  # with its faces it takes forty megabytes: only a process that draws pays for it

    given = {**data, "qr": qr_svg(str(data.get("check_url", "")))}
    inputs = {"lang": lang, "data": json.dumps(given, default=_plain, ensure_ascii=False)}
    try:
        pdf = typst.compile(
            source,
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=[] if picture else ["a-3a", "ua-1"],
            timestamp=_midnight(data),
            format="png" if picture else "pdf",
        )
    except typst.TypstError as fault:
        raise _explain(template, fault) from None
    if picture and isinstance(pdf, list):
        pdf = pdf[0]
    if not isinstance(pdf, bytes):
        raise PaperBroken(f"{template}: more than one document came back")
    return pdf


def qr_svg(text: str) -> str:
    """``text`` as an SVG QR code (error level M, quiet zone of 2 modules)."""
    out = io.BytesIO()
    # One fixed mask: comparing all eight takes four times as long, and any of them is read.
    code = segno.make(text, error="m", micro=False, mask=3, boost_error=False)
    code.save(out, kind="svg", border=2, scale=4, xmldecl=False)
    return out.getvalue().decode()


def qr_png(text: str, *, scale: int = 8) -> bytes:
    """``text`` as a PNG QR code with the full quiet zone, ``scale`` pixels a module."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", border=4, scale=scale)
    return out.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """The faces papers are set in, read once. The packaged face, else an installed one of the same family."""
    import typst

    spec = importlib.util.find_spec(_FONT_PACKAGE)
    if spec and spec.origin:
        packaged = [str(Path(spec.origin).parent)]
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=packaged)
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    if _FAMILY not in fonts.families():
        raise PaperBroken(
            f"no Chinese face for papers: run `make setup`, or install a font of the family {_FAMILY!r}"
        )
    return fonts


def _plain(value: Any) -> Any:
    """What JSON cannot hold: Words, dates, and pictures (as an SVG around the image: Typst reads those)."""
    if isinstance(value, Words):
        return value.as_dict()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return _picture(value)
    raise PaperBroken(f"a paper cannot show a {type(value).__name__}")


def _picture(image: bytes) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(image)) as opened:
        width, height = opened.size
        kind = (opened.format or "").lower()
    if kind not in ("jpeg", "png"):
        raise PaperBroken(f"a picture on a paper is JPEG or PNG, not {kind or 'unknown'}")
    text = base64.b64encode(image).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/{kind};base64,{text}"/></svg>'
    )


def _midnight(data: Mapping[str, Any]) -> int:
    """The PDF's creation date: the day of issue, so that the same data gives the same bytes."""
    try:
        day = dt.date.fromisoformat(str(data["issued_on"])[:10])
    except (KeyError, ValueError):
        raise PaperBroken("a paper needs issued_on, an ISO date") from None
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def _explain(template: str, fault: Any) -> Exception:
    missing = re.search(r"the text `\"(.+?)\"` could not be displayed", str(fault.message))
    if not missing:
        return PaperBroken(f"{template}: {fault.message}")
    words = Words(
        "这份文书里有一个字（{character}）字库画不出来，文书没有生成，已填内容都在。请联系窗口人工制作。",
        "One character on this paper ({character}) is not in the typeface, so no paper was made; "
        "everything you entered is kept. Please ask a window to prepare it by hand.",
    )
    return Refused("paper.glyph", words.format(character=missing[1]))
