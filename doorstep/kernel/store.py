"""File content: received from a stream, looked at, cleaned, sealed, and kept outside the database.

Two steps, both outside any transaction: ``put_stream`` takes bytes as they come and refuses early; ``keep``
cleans and seals what was received and gives it its final name in one rename. Plain bytes never touch the
disk: while a file is arriving it is sealed with a key that lives only in memory, so that a power cut leaves
nothing readable.

Pure: no Django, no database. Another home for content (S3) is another class with these methods. See
docs/decisions/0022-files.md.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from doorstep.kernel.crypto import new_key, open_sealed, seal, sync_folder
from doorstep.rulebook.words import Refused, Words

Kind = Literal["image/jpeg", "image/png", "application/pdf"]

LIMIT_BYTES = 20_000_000
_LIMIT_PIXELS = 40_000_000  # a phone's largest photograph; decoded about 120 MB, and a bomb has more
_BLOCK_BYTES = 256 * 1024
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)

WRONG_TYPE = Words(
    "这个文件不是 JPG、PNG 图片或 PDF，没有收下，已填内容都在。请换成照片或 PDF 再传。",
    "This file is not a JPG or PNG picture or a PDF, so it was not taken; what you entered is kept. "
    "Please send a photo or a PDF.",
)
TOO_LARGE = Words(
    "文件超过 {limit} MB，没有收下，已填内容都在。请拍一张小些的照片，或把 PDF 分开传。",
    "The file is larger than {limit} MB, so it was not taken; what you entered is kept. "
    "Please take a smaller photo or split the PDF.",
)
CUT_OFF = Words(
    "文件没有传完就断了，没有收下，已填内容都在。请再传一次。",
    "The file broke off before its end, so it was not taken; what you entered is kept. Please send it again.",
)
BROKEN = Words(
    "这个文件打不开，可能已损坏，没有收下，已填内容都在。请重新拍照或换一个文件。",
    "This file cannot be opened and may be damaged, so it was not taken; what you entered is kept. "
    "Please take the photo again or choose another file.",
)
NO_ROOM = Words(
    "系统暂时没有空间存放文件，没有收下，已填内容都在。请稍后再传，或到窗口交。",
    "There is no room for files at the moment, so it was not taken; what you entered is kept. "
    "Please try later, or hand it in at a window.",
)


class Missing(Exception):
    """The store has no content under this id: swept, erased, or a backup without its files."""


@dataclass(frozen=True, slots=True)
class Received:
    """A stream taken whole, waiting to be kept or dropped; size and hash are of the bytes as they came."""

    path: Path
    size: int
    sha256: bytes
    kind: Kind
    _key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the store now. For a picture, size and hash are those of the cleaned one."""

    id: UUID
    size: int
    sha256: bytes
    kind: Kind


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed: unfinished arrivals, and contents that no row knows."""

    unfinished: int
    unknown: tuple[UUID, ...]


class Arrival:
    """A stream on its way in: `write` the pieces, then `finish`, or `abort`. A refusal has aborted already."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._path, self._limit, self._key = path, limit_bytes, new_key()
        self._waiting, self._digest, self._size, self._blocks = bytearray(), hashlib.sha256(), 0, 0
        self._kind: Kind | None = None
        with _or_no_room():
            self._out = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, piece: bytes) -> None:
        """Take the next bytes. Refused: "file.type", "file.size", "file.no_room"."""
        self._size += len(piece)
        if self._size > self._limit:
            self.abort()
            raise _too_large(self._limit)
        self._waiting += piece
        while len(self._waiting) >= _BLOCK_BYTES:
            self._seal_block(_BLOCK_BYTES)

    def finish(self, expected_bytes: int | None = None) -> Received:
        """The stream is whole and durable. Refused besides: "file.cut_off" if it is empty or not as long as said."""
        if self._waiting:
            self._seal_block(len(self._waiting))
        if self._kind is None or expected_bytes not in (None, self._size):
            self.abort()
            raise Refused("file.cut_off", CUT_OFF, status=400)
        try:
            with _or_no_room(), self._out as out:
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            self.abort()
            raise
        return Received(self._path, self._size, self._digest.digest(), self._kind, self._key)

    def abort(self) -> None:
        """Leave nothing behind; again is no error."""
        with suppress(OSError):  # a full disk may refuse the last flush
            self._out.close()
        self._path.unlink(missing_ok=True)

    def _seal_block(self, length: int) -> None:
        block = bytes(self._waiting[:length])
        del self._waiting[:length]
        try:
            self._kind = self._kind or _sniff(block)
            self._digest.update(block)
            sealed = seal(self._key, block, _block_place(self._blocks))
            self._blocks += 1
            with _or_no_room():
                self._out.write(len(sealed).to_bytes(4, "big") + sealed)
        except BaseException:
            self.abort()
            raise


Known = Callable[[Sequence[UUID]], Container[UUID]]


class Store(Protocol):
    """Where file content lives. Every method is safe to call from many threads and processes."""

    def put_stream(
        self, chunks: Iterable[bytes], *, limit_bytes: int = LIMIT_BYTES, expected_bytes: int | None = None
    ) -> Received: ...

    def begin(self, *, limit_bytes: int = LIMIT_BYTES) -> Arrival: ...

    def keep(self, received: Received, file_id: UUID, key: bytes) -> Kept: ...

    def put(self, content: bytes, kind: Kind, file_id: UUID, key: bytes) -> Kept: ...

    def open(self, file_id: UUID, key: bytes) -> bytes: ...

    def delete(self, file_id: UUID) -> bool: ...

    def sweep(self, *, min_age: timedelta, known_of: Known, part: int | None = None) -> Swept: ...


class DiskStore:
    """A store in one folder of the local disk (0700; files 0600): ``incoming/``, ``kept/xx/<id>``."""

    def __init__(self, root: Path) -> None:
        self._incoming = root / "incoming"
        self._kept = root / "kept"
        parts = (self._kept / f"{part:02x}" for part in range(256))
        for folder in (root, self._incoming, self._kept, *parts):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(self._kept)

    def put_stream(
        self, chunks: Iterable[bytes], *, limit_bytes: int = LIMIT_BYTES, expected_bytes: int | None = None
    ) -> Received:
        """Take ``chunks`` to an unreadable temporary file.

        Refuses, leaving nothing: another type than JPEG, PNG, PDF by its first bytes (``file.type``, 415),
        more than ``limit_bytes`` (``file.size``, 413, before reading if ``expected_bytes`` says so), fewer
        bytes than expected (``file.cut_off``, 400), a full disk (``file.no_room``, 507). An error of the
        stream passes through.
        """
        if expected_bytes is not None and expected_bytes > limit_bytes:
            raise _too_large(limit_bytes)
        arrival = self.begin(limit_bytes=limit_bytes)
        try:
            for chunk in chunks:
                arrival.write(chunk)
            return arrival.finish(expected_bytes)
        except BaseException:
            arrival.abort()
            raise

    def begin(self, *, limit_bytes: int = LIMIT_BYTES) -> Arrival:
        """A stream that is pushed in pieces instead of pulled; refuses as `put_stream` does."""
        return Arrival(self._incoming / secrets.token_hex(16), limit_bytes)

    def keep(self, received: Received, file_id: UUID, key: bytes) -> Kept:
        """Clean what was received, seal it under ``key`` for ``file_id`` alone, make it durable by that name.

        Pictures are decoded and written anew: no place, time or device of the photograph, nothing hidden
        behind the picture. PDFs are kept as they are. Refuses (``file.broken``, 422) what cannot be read to
        its end. The temporary file is gone afterwards, whatever happened. A second file of one id is
        refused as an error.
        """
        try:
            return self.put(_clean(_arrived(received), received.kind), received.kind, file_id, key)
        finally:
            self.drop(received)

    def put(self, content: bytes, kind: Kind, file_id: UUID, key: bytes) -> Kept:
        """Seal ``content``, which we made ourselves, under ``key`` for ``file_id`` alone, and make it durable by that name. A
        second file of one id is refused as an error.
        """
        final = self._place(file_id)
        if final.exists():
            raise FileExistsError(final)
        draft = self._incoming / secrets.token_hex(16)
        with _whole_or_nothing(draft) as out:
            out.write(seal(key, content, _file_place(file_id)))
        os.replace(draft, final)
        sync_folder(final.parent)
        return Kept(file_id, len(content), hashlib.sha256(content).digest(), kind)

    def drop(self, received: Received) -> None:
        """Forget a received stream that nobody will keep."""
        received.path.unlink(missing_ok=True)

    def open(self, file_id: UUID, key: bytes) -> bytes:
        """The content of ``file_id``. Raises Missing, or crypto.Unreadable (wrong key, altered bytes)."""
        try:
            sealed = self._place(file_id).read_bytes()
        except FileNotFoundError:
            raise Missing(str(file_id)) from None
        return open_sealed(key, sealed, _file_place(file_id))

    def delete(self, file_id: UUID) -> bool:
        """Remove the content durably. False if there was none (deleting twice is no error)."""
        place = self._place(file_id)
        try:
            place.unlink()
        except FileNotFoundError:
            return False
        sync_folder(place.parent)
        return True

    def sweep(self, *, min_age: timedelta, known_of: Known, part: int | None = None) -> Swept:
        """Remove arrivals never finished and contents that no row knows, both at least ``min_age`` old. ``known_of`` says which
        of some ids are known; ``part`` (0 to 255) looks through one part of the store only, for a store may hold millions.

        Age is the machine's, not the injected clock's: a demo clock set to next year must not sweep today's
        files. ``min_age`` is at least an hour, because content is on disk before its row is.
        """
        if min_age < timedelta(hours=1):
            raise ValueError("an upload in progress is not rubbish: at least an hour")
        before = time.time() - min_age.total_seconds()
        unfinished = [path for path in self._incoming.iterdir() if _older(path, before)]
        for path in unfinished:
            path.unlink(missing_ok=True)
        folder = "*" if part is None else f"{part:02x}"
        old = [
            found
            for path in self._kept.glob(f"{folder}/*")
            if (found := _id_of(path)) and _older(path, before)
        ]
        known = known_of(old) if old else ()
        unknown = tuple(one for one in old if one not in known)
        for one in unknown:
            self.delete(one)
        return Swept(len(unfinished), unknown)

    def _place(self, file_id: UUID) -> Path:
        return self._kept / file_id.hex[-2:] / str(file_id)  # a UUIDv7 ends at random


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[io.BufferedWriter]:
    """A new file (0600) that is durable if the block ends well and gone if it does not."""
    try:
        with (
            _or_no_room(),
            os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        ):
            yield out
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _or_no_room() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused("file.no_room", NO_ROOM, status=507) from fault
        raise


def _arrived(received: Received) -> bytes:
    """The bytes of a received stream, from its sealed blocks."""
    content = bytearray()
    with received.path.open("rb") as source:
        for index in range(-(-received.size // _BLOCK_BYTES)):
            length = int.from_bytes(source.read(4), "big")
            content += open_sealed(received._key, source.read(length), _block_place(index))
    return bytes(content)


def _sniff(head: bytes) -> Kind:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    raise Refused("file.type", WRONG_TYPE, status=415)


def _clean(content: bytes, kind: Kind) -> bytes:
    if kind == "application/pdf":
        if b"%%EOF" not in content[-2048:]:
            raise Refused("file.broken", BROKEN)
        return content
    try:
        return _repaint(content, "JPEG" if kind == "image/jpeg" else "PNG")
    except Refused:
        raise
    except Exception as fault:  # Pillow raises half a dozen unrelated types for damaged pictures
        raise Refused("file.broken", BROKEN) from fault


def _repaint(content: bytes, form: str) -> bytes:
    """The picture's pixels, upright, in a new file of the same form, without anything else it carried."""
    from PIL import Image, ImageOps  # eight megabytes that a process without uploads is spared

    with Image.open(io.BytesIO(content), formats=[form]) as opened:
        if opened.width * opened.height > _LIMIT_PIXELS:
            raise Refused("file.broken", BROKEN)
        upright = ImageOps.exif_transpose(opened)
        keeps = ("RGB", "L") if form == "JPEG" else ("RGB", "RGBA", "L", "LA")
        pixels = upright if upright.mode in keeps else upright.convert("RGBA" if form == "PNG" else "RGB")
        pixels.load()
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    out = io.BytesIO()
    if form == "JPEG":
        bare.save(out, form, quality=88, optimize=True)
    else:
        bare.save(out, form, compress_level=6)
    return out.getvalue()


def _too_large(limit_bytes: int) -> Refused:
    return Refused("file.size", TOO_LARGE.format(limit=limit_bytes // 1_000_000), status=413)


def _block_place(index: int) -> bytes:
    return b"arriving|" + index.to_bytes(4, "big")


def _file_place(file_id: UUID) -> bytes:
    return b"file|" + file_id.bytes


def _older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False


def _id_of(path: Path) -> UUID | None:
    """The id in a file name; None for what we did not put there, which is left alone."""
    try:
        return UUID(path.name)
    except ValueError:
        return None
