"""Keys and sealed bytes: what a stolen disk or database dump must not tell.

Three kinds of key, never one for two purposes:

* the **envelope key** (a file, never in the database) wraps every matter's own key;
* a **matter's key** seals its bodies, data and files; destroying it erases them all, wherever copies lie;
* the **index key** (a file) turns an identifier into a blind index: exact look-up without a plain column.

Pure: no Django, no database, no clock. See docs/decisions/0021-keys-and-sealed-bytes.md.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
ENVELOPE_FILE = "envelope.key"
INDEX_FILE = "index.key"

_AES_256_GCM = 1  # the version byte; a second suite (SM4-GCM) takes the next number
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID_BYTES = 4
_BLIND_BYTES = 16  # 128 bits: no collisions at any city's size, half the index


class Unreadable(Exception):
    """Sealed bytes did not open: wrong key, wrong context, or altered. Never shows key or content."""


class KeyFileBad(Exception):
    """A key file is absent, malformed or readable by others. The text says which and what to do."""


def new_key() -> bytes:
    """A fresh random 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """``plaintext`` under ``key``: version byte, random nonce, ciphertext and tag.

    ``aad`` names where the bytes belong (say ``b"body|" + event_id``); moved elsewhere they do not open.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([_AES_256_GCM]) + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext of ``seal(key, …, aad)``. Raises Unreadable for any other key, context or byte."""
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[0] != _AES_256_GCM:
        raise Unreadable("not sealed bytes of a known version")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, aad)
    except InvalidTag:
        raise Unreadable("sealed bytes do not open with this key and context") from None


def seal_small(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """As `seal`, for text of a form or a remark: packed first, for half of what a town keeps is what people typed."""
    return seal(key, pack_small(plaintext), aad)


def pack_small(plaintext: bytes) -> bytes:
    """A text, packed (deflate)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(plaintext) + packer.flush()


def open_small(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext of ``seal_small(key, …, aad)``; refuses as `open_sealed`."""
    return zlib.decompress(open_sealed(key, sealed, aad), -15)


def normalise(value: str) -> str:
    """How two spellings of one identifier become equal: NFKC, upper case, stripped, inner spaces single."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).upper())
    return " ".join(folded.split())


def stretch(password: str, salt: bytes) -> bytes:
    """32 bytes from a password by scrypt (n=2**14, r=8, p=1; about 16 MB and 40 ms). Compare with ``same``.

    The salt is at least 16 random bytes, one per account; NFKC first: any keyboard gives the same bytes.
    """
    if len(salt) < 16:
        raise ValueError("a salt of at least 16 bytes is needed")
    typed = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(typed, salt=salt, n=2**14, r=8, p=1, dklen=32)


def same(left: bytes, right: bytes) -> bool:
    """Whether two secrets are equal, in time that does not tell where they differ."""
    return hmac.compare_digest(left, right)


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys that live in files. ``repr`` shows neither."""

    _envelope: bytes = field(repr=False)
    _index: bytes = field(repr=False)

    @property
    def envelope_id(self) -> bytes:
        """Four bytes that name the envelope key without telling it; every wrapped key carries them."""
        return hashlib.sha256(b"doorstep envelope id" + self._envelope).digest()[:_KEY_ID_BYTES]

    @property
    def mark(self) -> str:
        """What names this pair of keys without telling either: the database remembers which ones it belongs to."""
        return hashlib.sha256(b"doorstep keys" + self._envelope + self._index).hexdigest()[:32]

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """``key`` sealed under the envelope key, for the database. ``aad`` names its owner (a matter id)."""
        return self.envelope_id + seal(self._envelope, key, b"wrap|" + aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The key of ``wrap(key, aad)``. Raises Unreadable if altered, moved, or of another envelope key."""
        if wrapped[:_KEY_ID_BYTES] != self.envelope_id:
            raise Unreadable("wrapped under another envelope key")
        return open_sealed(self._envelope, wrapped[_KEY_ID_BYTES:], b"wrap|" + aad)

    def blind(self, kind: str, value: str) -> bytes:
        """A 16-byte index of an identifier: equal for equal normalised values of one kind.

        The kind keeps columns apart. Without the index key nobody can try values against a stolen table.
        """
        text = kind.encode() + b"\x00" + normalise(value).encode()
        return hmac.new(self._index, text, hashlib.sha256).digest()[:_BLIND_BYTES]

    def fingerprint(self, kind: str, content: bytes) -> bytes:
        """32 bytes that tell equal contents. Keyed: a short form could be guessed from a plain hash of it."""
        return hmac.new(
            self._index, b"fingerprint|" + kind.encode() + b"\x00" + content, hashlib.sha256
        ).digest()


def make_keys(folder: Path) -> Keys:
    """Create the missing key files in ``folder`` (0700; files 0600), load them. New data directories only.

    Never call it for a database that already holds wrapped keys: a new envelope key opens none of them.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (ENVELOPE_FILE, INDEX_FILE):
        keep_secret(folder / name, new_key().hex().encode() + b"\n")
    return load_keys(folder)


def load_keys(folder: Path) -> Keys:
    """The keys in ``folder``. Raises KeyFileBad if one is absent, malformed, or readable by others."""
    return Keys(_read_key(folder / ENVELOPE_FILE), _read_key(folder / INDEX_FILE))


def keep_secret(path: Path, content: bytes) -> bool:
    """Write ``content`` to ``path`` (0600) whole or not at all, unless it exists. True if this call wrote it.

    Two processes at once: exactly one wins, both then read the same file.
    """
    if path.exists():
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)  # unlike rename, refuses to replace a key that another process just made
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def read_secret(path: Path) -> bytes:
    """The content of a secret file. Raises KeyFileBad if it is absent or readable by group or others."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyFileBad(
            f"{path} is missing: restore it from the key backup; a new one opens nothing"
        ) from None
    if mode & 0o077:
        raise KeyFileBad(f"{path} is readable by others (mode {mode & 0o777:o}): chmod 600 and find out why")
    return path.read_bytes()


def sync_folder(folder: Path) -> None:
    """Make a rename or link in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(read_secret(path).decode("ascii").strip())
    except ValueError:
        raise KeyFileBad(f"{path} is not a key: 64 hexadecimal digits expected") from None
    if len(key) != KEY_BYTES:
        raise KeyFileBad(f"{path} is not a key: 64 hexadecimal digits expected")
    return key
