"""File content: refused early and in words, cleaned of what the photographer did not mean to give, whole or
absent.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from doorstep.kernel import crypto
from doorstep.kernel.store import DiskStore, Kept, Missing
from doorstep.rulebook.words import Refused

DAY = timedelta(days=1)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "files")


@pytest.fixture
def key() -> bytes:
    return crypto.new_key()


def photo(size: tuple[int, int] = (40, 30), place: bool = False) -> bytes:
    picture, out, exif = Image.new("RGB", size, "#336699"), io.BytesIO(), Image.Exif()
    if place:
        exif[0x010F], exif[0x0112] = "SpyPhone", 6
        exif.get_ifd(0x8825)[1] = "N"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def noise(megabytes: float) -> bytes:
    return b"%PDF-1.7\n" + random.Random(1).randbytes(int(megabytes * 1_000_000)) + b"\n%%EOF\n"


def put(store: DiskStore, content: bytes, key: bytes, chunk: int = 65_536) -> Kept:
    parts = (content[i : i + chunk] for i in range(0, len(content), chunk))
    return store.keep(store.put_stream(parts), uuid4(), key)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("chunk", [1, 7, 65_536])
def test_a_pdf_comes_back_byte_by_byte(store: DiskStore, key: bytes, chunk: int) -> None:
    kept = put(store, PDF, key, chunk)
    assert store.open(kept.id, key) == PDF
    assert (kept.kind, kept.size, kept.sha256) == ("application/pdf", len(PDF), hashlib.sha256(PDF).digest())


def test_a_file_of_many_blocks_comes_back_whole(store: DiskStore, key: bytes) -> None:
    content = noise(3.3)
    assert store.open(put(store, content, key).id, key) == content


def test_a_picture_loses_place_and_device_and_stands_upright(store: DiskStore, key: bytes) -> None:
    kept = put(store, photo((40, 30), place=True), key)
    opened = Image.open(io.BytesIO(store.open(kept.id, key)))
    assert dict(opened.getexif()) == {}
    assert b"SpyPhone" not in store.open(kept.id, key)
    assert opened.size == (30, 40)


def test_a_png_loses_its_notes(store: DiskStore, key: bytes) -> None:
    notes, out = PngInfo(), io.BytesIO()
    notes.add_text("Comment", "where I live")
    Image.new("P", (9, 9)).save(out, "PNG", pnginfo=notes)
    kept = put(store, out.getvalue(), key)
    assert b"where I live" not in store.open(kept.id, key)
    assert kept.kind == "image/png"


def test_what_hides_behind_a_picture_is_dropped(store: DiskStore, key: bytes) -> None:
    hidden = b"<script>alert(1)</script>PK\x03\x04"
    assert hidden not in store.open(put(store, photo() + hidden, key).id, key)


@pytest.mark.parametrize(
    "content", [b"GIF89a....", b"<html>", b"PK\x03\x04zip", b"MZ\x90", b" %PDF-1.7", b"x"]
)
def test_other_types_are_refused_whatever_their_name(
    store: DiskStore, content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refusal:
        store.put_stream([content])
    assert (refusal.value.code, refusal.value.status) == ("file.type", 415)
    assert "JPG" in refusal.value.words.zh
    assert files(tmp_path) == []


def test_another_type_is_refused_before_the_rest_is_read(store: DiskStore) -> None:
    def stream() -> Iterator[bytes]:
        yield b"GIF89a" + bytes(300_000)
        raise AssertionError("read on after the refusal")

    with pytest.raises(Refused):
        store.put_stream(stream())


def test_fifty_megabytes_are_refused_as_soon_as_twenty_are_exceeded(store: DiskStore, tmp_path: Path) -> None:
    read = 0

    def stream() -> Iterator[bytes]:
        nonlocal read
        yield b"%PDF-"
        for _ in range(50):
            read += 1_000_000
            yield bytes(1_000_000)

    with pytest.raises(Refused) as refusal:
        store.put_stream(stream())
    assert (refusal.value.code, refusal.value.status) == ("file.size", 413)
    assert "20 MB" in refusal.value.words.en
    assert read <= 21_000_000
    assert files(tmp_path) == []


def test_a_declared_fifty_megabytes_are_refused_unread(store: DiskStore) -> None:
    def stream() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    with pytest.raises(Refused, match=r"file\.size"):
        store.put_stream(stream(), expected_bytes=50_000_000)


@pytest.mark.parametrize(("chunks", "expected"), [([], None), ([b""], None), ([PDF], len(PDF) + 1)])
def test_a_stream_that_breaks_off_leaves_nothing(
    store: DiskStore, chunks: list[bytes], expected: int | None, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=r"file\.cut_off"):
        store.put_stream(chunks, expected_bytes=expected)
    assert files(tmp_path) == []


def test_a_stream_that_fails_leaves_nothing(store: DiskStore, tmp_path: Path) -> None:
    def stream() -> Iterator[bytes]:
        yield PDF
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put_stream(stream())
    assert files(tmp_path) == []


def test_a_stream_may_be_pushed_in_pieces_and_given_up(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    arrival, given_up = store.begin(), store.begin()
    for at in range(0, len(PDF), 5):
        arrival.write(PDF[at : at + 5])
        given_up.write(PDF[at : at + 5])
    given_up.abort()
    given_up.abort()
    kept = store.keep(arrival.finish(), uuid4(), key)
    assert store.open(kept.id, key) == PDF
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_damaged_picture_is_refused_and_leaves_nothing(
    store: DiskStore, key: bytes, tmp_path: Path, cut: float
) -> None:
    whole = photo((200, 200))
    with pytest.raises(Refused, match=r"file\.broken"):
        put(store, whole[: int(len(whole) * cut)], key)
    assert files(tmp_path) == []


def test_a_pdf_without_its_end_is_refused(store: DiskStore, key: bytes) -> None:
    with pytest.raises(Refused, match=r"file\.broken"):
        put(store, PDF[:-7], key)


def test_a_picture_that_unpacks_to_gigabytes_is_refused_unopened(store: DiskStore, key: bytes) -> None:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(Refused, match=r"file\.broken"):
        put(store, out.getvalue(), key)


def test_plain_bytes_never_touch_the_disk(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    secret = PDF.replace(b"1 0 obj", b"1 0 obj % the address of a witness")
    received = store.put_stream([secret])
    assert all(b"witness" not in path.read_bytes() for path in files(tmp_path))
    store.keep(received, uuid4(), key)
    assert all(b"witness" not in path.read_bytes() for path in files(tmp_path))
    assert len(files(tmp_path)) == 1


def test_content_opens_only_by_its_own_id_and_key(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    first, second = put(store, PDF, key), put(store, PDF + b"\n%%EOF", key)
    with pytest.raises(crypto.Unreadable):
        store.open(first.id, crypto.new_key())
    places = {path.name: path for path in files(tmp_path)}
    os.replace(places[str(first.id)], places[str(second.id)])
    with pytest.raises(crypto.Unreadable):
        store.open(second.id, key)


def test_nobody_else_on_the_machine_can_read_the_folder(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    put(store, PDF, key)
    for path in (tmp_path / "files").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_an_id_is_never_written_twice(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    kept = put(store, PDF, key)
    with pytest.raises(FileExistsError):
        store.keep(store.put_stream([PDF + b"%%EOF"]), kept.id, key)
    assert store.open(kept.id, key) == PDF
    assert len(files(tmp_path)) == 1


def test_what_is_deleted_is_missing_and_deleting_again_is_no_error(store: DiskStore, key: bytes) -> None:
    kept = put(store, PDF, key)
    assert store.delete(kept.id) is True
    assert store.delete(kept.id) is False
    with pytest.raises(Missing):
        store.open(kept.id, key)


def age(root: Path, days: float) -> None:
    for path in files(root):
        moment = path.stat().st_mtime - days * 86_400
        os.utime(path, (moment, moment))


def test_a_sweep_takes_old_rubbish_and_nothing_else(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    known, unknown = put(store, PDF, key), put(store, PDF, key)
    store.put_stream([PDF])
    stranger = tmp_path / "files" / "kept" / "00" / "lost+found"
    stranger.parent.mkdir(exist_ok=True)
    stranger.touch()
    age(tmp_path, 2)
    fresh = put(store, PDF, key)
    swept = store.sweep(min_age=DAY, known_of=lambda ids: {known.id}.intersection(ids))
    assert (swept.unfinished, swept.unknown) == (1, (unknown.id,))
    assert stranger.exists()
    assert store.open(known.id, key) == store.open(fresh.id, key) == PDF


def test_a_sweep_of_one_part_leaves_the_others(store: DiskStore, key: bytes, tmp_path: Path) -> None:
    here = put(store, PDF, key)
    age(tmp_path, 2)
    part = int(here.id.hex[-2:], 16)
    assert store.sweep(min_age=DAY, known_of=lambda ids: (), part=(part + 1) % 256).unknown == ()
    assert store.sweep(min_age=DAY, known_of=lambda ids: (), part=part).unknown == (here.id,)


def test_a_sweep_never_takes_an_upload_in_progress(store: DiskStore) -> None:
    with pytest.raises(ValueError, match="hour"):
        store.sweep(min_age=timedelta(minutes=5), known_of=lambda ids: ())


DIES = {
    "while receiving": """
        def stream():
            yield b"%PDF-1.7" + bytes(1_000_000)
            os.kill(os.getpid(), 9)
        store.put_stream(stream())
        """,
    "before its final name": """
        os.replace = lambda *a: os.kill(os.getpid(), 9)
        store.keep(store.put_stream([b"%PDF-1.7 %%EOF"]), uuid.uuid4(), bytes(32))
        """,
}


@pytest.mark.parametrize("moment", DIES)
def test_a_killed_process_leaves_only_what_a_sweep_removes(moment: str, tmp_path: Path) -> None:
    head = "import os, sys, uuid, pathlib\nfrom doorstep.kernel.store import DiskStore\n"
    code = head + "store = DiskStore(pathlib.Path(sys.argv[1]))\n" + textwrap.dedent(DIES[moment])
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path / "files")], check=False, cwd=Path.cwd())
    assert died.returncode == -signal.SIGKILL
    left = files(tmp_path)
    assert left
    assert {path.parent.name for path in left} == {"incoming"}
    age(tmp_path, 2)
    DiskStore(tmp_path / "files").sweep(min_age=DAY, known_of=lambda ids: ())
    assert files(tmp_path) == []


def test_a_full_disk_is_said_in_words_and_leaves_nothing(
    store: DiskStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match=r"file\.no_room"):
        store.put_stream([PDF])
    assert files(tmp_path) == []
