"""Every driver against the wire of its device: what it reads when all is well, and what it says when it is not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from doorstep.bridge.camera import Camera
from doorstep.bridge.card import CardReader
from doorstep.bridge.device import Trouble, Wait
from doorstep.bridge.pad import SignaturePad
from doorstep.bridge.printer import Printer
from doorstep.bridge.rating import RatingPad
from doorstep.bridge.voice import CallTerminal, Speaker
from doorstep.bridge.zone import ZoneReader
from doorstep.standin.device import card as card_standin
from doorstep.standin.device.hands import CARDS, Hands
from tests.bridge import table

WANT = ("name", "id_no")
SLIP = [
    {"kind": "title", "text": "受理回执"},
    {"kind": "text", "text": "宋知意，您办的事我们收下了。"},
    {"kind": "pair", "name": "受理号", "value": "99012611220000012X"},
    {"kind": "rule"},
    {"kind": "qr", "text": "https://counter.example/ratings/with?number=1"},
]


@pytest.fixture(scope="module")
def hands() -> Hands:
    return table.quick()


@pytest.fixture(scope="module")
def at(hands: Hands) -> dict[str, list[str]]:
    return table.devices(hands)


@pytest.fixture(scope="module")
def lens(hands: Hands) -> Iterator[str]:
    with table.camera(hands) as address:
        yield address


@pytest.fixture(autouse=True)
def well(hands: Hands) -> None:
    hands.faults.clear()
    hands.card, hands.seconds = CARDS[0], 0.01
    hands.presses.update(rating=5, rating2=0)
    hands.shown.clear()


def code(do: Callable[[], object]) -> str:
    with pytest.raises(Trouble) as trouble:
        do()
    return trouble.value.code


def brief(seconds: float = 0.3) -> Wait:
    return Wait.seconds(seconds)


# ---- cards ----


def test_of_a_card_only_what_was_wanted_is_told(hands: Hands, at: dict[str, list[str]]) -> None:
    assert CardReader().read(at["card"][0], WANT, brief()) == {
        "name": "宋知意",
        "id_no": "990103198805214023",
    }
    hands.card = CARDS[2]
    whole = CardReader().read(at["card"][0], ("name", "address", "until", "nation", "photo"), brief())
    assert whole == {"name": "何大山", "address": "示例市石榴巷 3 号", "until": "long"}


@pytest.mark.parametrize(
    ("card", "told"),
    [
        (
            3,
            {
                "kind": "permanent",
                "name": "简安娜",
                "latin": "JENSEN ANNA MARIA",
                "id_no": "911000199108150024",
                "until": "2033-11-30",
            },
        ),
        (
            4,
            {
                "kind": "permanent",
                "name": "MORSE ELENA",
                "latin": "MORSE, ELENA",
                "id_no": "UTO110090010123",
                "until": "2027-06-30",
            },
        ),
        (5, {"kind": "residence", "name": "林海棠", "id_no": "810000199205230021", "until": "2029-08-18"}),
    ],
)
def test_cards_of_foreigners_and_compatriots_are_told_apart(
    hands: Hands, at: dict[str, list[str]], card: int, told: dict[str, str]
) -> None:
    """Each with its own number and name, which the forms take as they are (decision 0061)."""
    from doorstep.rulebook import document

    hands.card = CARDS[card]
    found = CardReader().read(at["card"][0], ("name", "latin", "id_no", "until", "kind", "nation"), brief())
    assert found == told
    text = document.compose(found["kind"], "", found["id_no"])
    assert document.parts(text).kind == told["kind"]


def test_a_passport_is_swiped_and_only_what_was_wanted_is_told(
    hands: Hands, at: dict[str, list[str]]
) -> None:
    want = ("name", "id_no", "state", "kind", "until", "born", "sex", "nationality")
    assert ZoneReader().read(at["zone"][0], want, brief()) == {
        "kind": "passport", "state": "UTO", "id_no": "L898902C3", "name": "ERIKSSON ANNA MARIA", "until": "2034-04-15",
    }  # fmt: skip
    assert ZoneReader().read(at["zone"][0], ("id_no",), brief()) == {"id_no": "L898902C3"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [("half", "half"), ("garbage", "garbled"), ("wrong", "garbled"), ("nobody", "nobody"), ("down", "gone")],
)
def test_half_a_passport_is_no_passport(
    hands: Hands, at: dict[str, list[str]], fault: str, said: str
) -> None:
    hands.faults["zone"] = fault
    assert code(lambda: ZoneReader().read(at["zone"][0], ("name",), brief(0.6))) == said


def test_a_reader_on_a_serial_line_speaks_the_same(hands: Hands) -> None:
    address = card_standin.on_a_line(hands)
    CardReader().probe(address)
    assert CardReader().read(address, ("name",), brief()) == {"name": "宋知意"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [("half", "half"), ("pulled", "gone"), ("garbage", "garbled"), ("wrong", "garbled"), ("down", "gone")],
)
def test_half_a_card_is_no_card(hands: Hands, at: dict[str, list[str]], fault: str, said: str) -> None:
    hands.faults["card"] = fault
    assert code(lambda: CardReader().read(at["card"][0], WANT, brief())) == said


def test_a_frame_that_breaks_off_is_waited_for_two_seconds_and_no_longer(
    hands: Hands, at: dict[str, list[str]]
) -> None:
    hands.faults["card"] = "cut"
    assert code(lambda: CardReader().read(at["card"][0], WANT, brief())) == "slow"


def test_without_a_card_one_waits_only_as_long_as_the_page_does(
    hands: Hands, at: dict[str, list[str]]
) -> None:
    hands.card = None
    assert code(lambda: CardReader().read(at["card"][0], WANT, brief())) == "nobody"
    assert code(lambda: CardReader().read(at["card"][0], WANT, Wait.seconds(9, lambda: False))) == "cancelled"


def test_a_number_whose_last_character_does_not_fit_is_not_taken(
    hands: Hands, at: dict[str, list[str]]
) -> None:
    hands.card = card_standin.Card("宋知意", "990103198805214024", "", "20360501")
    assert code(lambda: CardReader().read(at["card"][0], WANT, brief())) == "garbled"


def test_the_commands_are_those_of_the_reader_s_manual() -> None:
    """Byte for byte, against a socket that knows nothing of our frames."""
    door = socket.create_server(("127.0.0.1", 0))
    heard = bytearray()

    def reader() -> None:
        end, _ = door.accept()
        for answer in (
            "AAAAAA9669000800009F0000000097",
            "AAAAAA9669000C00009000000000000000009C",
            "AAAAAA96690004000041 45",
        ):
            heard.extend(end.recv(64))
            end.sendall(bytes.fromhex(answer))
        end.close()

    Thread(target=reader, daemon=True).start()
    assert code(lambda: CardReader().read(f"tcp:127.0.0.1:{door.getsockname()[1]}", WANT, brief())) == "half"
    door.close()
    assert heard.hex().upper() == "AAAAAA96690003200122AAAAAA96690003200221AAAAAA96690003300132"


# ---- slips ----


def test_a_slip_comes_out_in_chinese_with_its_code(hands: Hands, at: dict[str, list[str]]) -> None:
    Printer().print(at["printer"][0], SLIP)
    slip = hands.slips[-1]
    assert "受理回执" in slip and "宋知意，您办的事我们收下了。" in slip
    assert "受理号" + " " * 24 + "99012611220000012X" in slip
    assert "[QR https://counter.example/ratings/with?number=1]" in slip


def test_the_bytes_are_gb18030_and_no_text_is_a_command() -> None:
    [row] = Printer().rows({"kind": "text", "text": "收件𠮷\x1b@\x10\x04\x01€"})
    assert row == "收件𠮷@€".encode("gb18030") + b"\n"
    assert "收件".encode("gb18030") == bytes.fromhex("CAD5BCFE") and b"\x1b" not in row and b"\x10" not in row


def test_lines_are_broken_at_the_width_of_the_paper() -> None:
    rows = list(Printer(columns=32).rows({"kind": "text", "text": "办" * 40}))
    assert [len(row.decode("gb18030").strip()) for row in rows] == [16, 16, 8]


@pytest.mark.parametrize(
    ("fault", "said", "printed"),
    [("paper", "paper", False), ("ends", "paper", True), ("cover", "cover", False)],
)
def test_no_paper_is_said_and_whether_something_came_out(
    hands: Hands, at: dict[str, list[str]], fault: str, said: str, printed: bool
) -> None:
    hands.faults["printer"] = fault
    with pytest.raises(Trouble) as trouble:
        Printer().print(at["printer"][0], [*SLIP, *[{"kind": "text", "text": "再来一行"}] * 12])
    assert (trouble.value.code, trouble.value.told) == (said, {"printed": printed})


@pytest.mark.parametrize(("fault", "said"), [("garbage", "garbled"), ("down", "gone")])
def test_a_printer_that_answers_nonsense_gets_no_slip(
    hands: Hands, at: dict[str, list[str]], fault: str, said: str
) -> None:
    before, hands.faults["printer"] = len(hands.slips), fault
    assert code(lambda: Printer().print(at["printer"][0], SLIP)) == said
    assert len(hands.slips) == before


# ---- pictures, signatures, calls ----


def test_a_picture_is_whole_or_it_is_none(hands: Hands, lens: str) -> None:
    assert Camera().picture(lens)[:2] == b"\xff\xd8"
    for fault, said in (("half", "half"), ("garbage", "garbled"), ("down", "gone")):
        hands.faults["camera"] = fault
        assert code(lambda: Camera().picture(lens)) == said


def test_a_signature_is_its_strokes_and_a_touch_is_none(hands: Hands, at: dict[str, list[str]]) -> None:
    strokes = SignaturePad().sign(at["sign"][0], brief(2))
    assert [len(stroke) for stroke in strokes] == [24, 24, 24]
    for fault, said in (
        ("touch", "nobody"),
        ("nobody", "nobody"),
        ("pulled", "gone"),
        ("garbage", "garbled"),
        ("down", "gone"),
    ):
        hands.faults["sign"] = fault
        assert code(lambda: SignaturePad().sign(at["sign"][0], brief())) == said, fault


def test_a_ticket_is_shown_and_said_and_a_name_is_not(hands: Hands, at: dict[str, list[str]]) -> None:
    CallTerminal().call(at["call"][0], "A012", "3")
    Speaker().call(at["speaker"][0], "A012", "3")
    assert hands.shown == {"call": "A012 3", "speaker": "请 A012 号到 3 号窗口"}
    assert code(lambda: Speaker().call(at["speaker"][0], "宋知意", "3")) == "garbled"
    for fault, said in (("garbage", "garbled"), ("down", "gone")):
        hands.faults.update(call=fault, speaker=fault)
        assert code(lambda: CallTerminal().call(at["call"][0], "A013", "3")) == said
        assert code(lambda: Speaker().call(at["speaker"][0], "A013", "3")) == said


# ---- ratings ----


def test_A22_two_pads_answer_and_one_counts(hands: Hands, at: dict[str, list[str]]) -> None:
    hands.presses.update(rating=4, rating2=1)
    taken: list[int] = []
    assert RatingPad().ask(at["rating"], brief(2), lambda level: taken.append(level) or "taken") == "taken"
    assert len(taken) == 1 and taken[0] in (4, 1)
    _until(
        lambda: (
            sorted(hands.shown.values()) == ["已经评过了，谢谢 Rated already, thank you", "谢谢 Thank you"]
        )
    )


def test_A22_a_rating_that_did_not_arrive_is_not_thanked_for(hands: Hands, at: dict[str, list[str]]) -> None:
    assert RatingPad().ask(at["rating"], brief(2), lambda level: "lost") == "lost"
    _until(lambda: "没有送到" in hands.shown["rating"])


def test_A22_a_press_after_the_person_has_gone_counts_for_nobody(
    hands: Hands, at: dict[str, list[str]]
) -> None:
    """The next visitor's page is open before the last one presses: the pad goes dark, and the late press is not hers."""
    hands.presses.update(rating=0, rating2=0)
    taken: list[int] = []
    there = iter([True, True, False])
    gone = Wait.seconds(5, lambda: next(there, False))
    assert (
        code(lambda: RatingPad().ask(at["rating"], gone, lambda level: taken.append(level) or "taken"))
        == "cancelled"
    )
    _until(lambda: set(hands.shown.values()) <= {""})
    with late_pad() as address:
        assert RatingPad().ask([address], brief(2), lambda level: taken.append(level) or "taken") == "taken"
    assert taken == [5], "what was pressed before anybody was asked is thrown away"


@contextmanager
def late_pad() -> Iterator[str]:
    """A pad that sends a press from before as soon as somebody comes to it; then it is asked, and 5 is pressed."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        end, _ = door.accept()
        with end:
            end.sendall(b"RATE 1\r\n")
            while b"ASK" not in end.recv(64):
                pass
            end.sendall(b"RATE 5\r\n")
            end.recv(64)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    with door:
        yield f"tcp:127.0.0.1:{door.getsockname()[1]}"
        thread.join(2)


def test_a_pad_that_sends_rubbish_does_not_stop_the_other(hands: Hands, at: dict[str, list[str]]) -> None:
    hands.faults["rating"], hands.presses["rating2"] = "garbage", 3
    taken: list[int] = []
    RatingPad().ask(at["rating"], brief(2), lambda level: taken.append(level) or "taken")
    assert taken == [3]
    hands.faults.update(rating="down", rating2="pulled")
    assert code(lambda: RatingPad().ask(at["rating"], brief(2), lambda level: "taken")) == "gone"
    hands.faults.update(rating="nobody", rating2="")
    hands.presses["rating2"] = 0
    assert code(lambda: RatingPad().ask(at["rating"], brief(), lambda level: "taken")) == "nobody"


def _until(holds: Callable[[], bool]) -> None:
    import time

    until = time.monotonic() + 3
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
