"""Single answers as a paper prints them: documents, and what an identity number says besides."""

from __future__ import annotations

from typing import Any

from doorstep.rulebook import document
from doorstep.rulebook.field import Field
from doorstep.rulebook.words import Words

_SEX = (Words("女", "Female"), Words("男", "Male"))


def in_both(said: Words) -> Any:
    """Words as a template takes them: one text where both languages say the same."""
    return said.zh if said.zh == said.en else said.as_dict()


def listed(one: Field | None, value: Any) -> Any:
    """A value in a list of a paper: of a document its kind, too."""
    return in_both(one.said(value)) if one and one.format == "document" and value else value


def printed(one: Field | None, value: Any) -> Any:
    """A value as a paper prints it by itself: of a document the number."""
    return (
        document.parts(value).number if one and one.format == "document" and isinstance(value, str) else value
    )


def of_id_number(how: str, number: Any) -> Any:
    """Sex and day of birth are part of the number, so they are never asked."""
    number = document.parts(number).number if isinstance(number, str) else ""
    if len(number) != 18:
        return None
    if how == "sex_of":
        return _SEX[int(number[16]) % 2].as_dict()
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
