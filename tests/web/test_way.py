"""The way drawn: both pictures, nothing lost, nothing unescaped."""

from __future__ import annotations

from doorstep.web.way import Stop, draw

STOPS = (
    Stop("您提交了", "11月19日", "done"),
    Stop("户口所在地派出所审批", "照片反光，等您重拍，11月24日前", "wait", here=True),
    Stop("到您选的窗口领证", "11月27日前"),
)


def test_the_way_is_drawn_tall_and_wide_with_one_plate_each():
    drawn = draw(STOPS)
    assert drawn.count("<svg") == 2
    assert drawn.count(">您在这里<") == 2


def test_a_date_is_never_broken_over_two_lines():
    assert ">11月24日前<" in draw((*STOPS, *STOPS))


def test_the_picture_says_itself_to_those_who_do_not_see_it():
    assert "户口所在地派出所审批：等您（您在这里）" in draw(STOPS)
    assert "Decision: being done (you are here)" in draw((Stop("Decision", "", "go", here=True),), "en")


def test_what_somebody_typed_cannot_become_markup():
    assert "<b>" not in draw((Stop("<b>x</b>", "<i>", "go", here=True),))


def test_no_stops_draw_nothing():
    assert draw(()) == ""
