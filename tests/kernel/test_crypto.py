"""Sealed bytes open only where they belong; key files are made once, whole, and for nobody else to read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel import crypto


@pytest.fixture
def keys(tmp_path: Path) -> crypto.Keys:
    return crypto.make_keys(tmp_path / "secrets")


@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_own_place(plaintext: bytes, aad: bytes) -> None:
    key = crypto.new_key()
    assert crypto.open_sealed(key, crypto.seal(key, plaintext, aad), aad) == plaintext


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    key = crypto.new_key()
    assert crypto.seal(key, b"same", b"") != crypto.seal(key, b"same", b"")


def test_any_altered_byte_is_refused() -> None:
    key = crypto.new_key()
    sealed = crypto.seal(key, "张三".encode(), b"body|1")
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(crypto.Unreadable):
            crypto.open_sealed(key, bytes(broken), b"body|1")


@pytest.mark.parametrize("length", [0, 1, 12, 28])
def test_a_cut_off_seal_is_refused(length: int) -> None:
    key = crypto.new_key()
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(key, crypto.seal(key, b"text", b"")[:length], b"")


def test_bytes_moved_to_another_place_do_not_open() -> None:
    key = crypto.new_key()
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(key, crypto.seal(key, b"text", b"body|1"), b"body|2")


def test_the_refusal_shows_neither_key_nor_text() -> None:
    key = crypto.new_key()
    with pytest.raises(crypto.Unreadable) as refusal:
        crypto.open_sealed(crypto.new_key(), crypto.seal(key, b"secret words", b""), b"")
    assert "secret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_wrapped_key_opens_for_its_matter_only(keys: crypto.Keys) -> None:
    key = crypto.new_key()
    wrapped = keys.wrap(key, b"matter-1")
    assert keys.unwrap(wrapped, b"matter-1") == key
    with pytest.raises(crypto.Unreadable):
        keys.unwrap(wrapped, b"matter-2")


def test_a_key_of_another_envelope_is_named_as_such(keys: crypto.Keys, tmp_path: Path) -> None:
    other = crypto.make_keys(tmp_path / "other")
    with pytest.raises(crypto.Unreadable, match="another envelope key"):
        keys.unwrap(other.wrap(crypto.new_key(), b""), b"")


def test_a_wrapped_key_is_not_taken_for_a_sealed_text(keys: crypto.Keys) -> None:
    wrapped = keys.wrap(crypto.new_key(), b"m")
    with pytest.raises(crypto.Unreadable):
        crypto.open_sealed(keys._envelope, wrapped[4:], b"m")


def test_spellings_of_one_identifier_share_a_blind_index(keys: crypto.Keys) -> None:
    assert keys.blind("id_no", " 33010619900101123x ") == keys.blind(
        "id_no", "３３０１０６１９９００１０１１２３Ｘ"
    )


def test_blind_indexes_differ_by_kind_value_and_key(keys: crypto.Keys, tmp_path: Path) -> None:
    other = crypto.make_keys(tmp_path / "other")
    seen = {
        keys.blind("id_no", "1"),
        keys.blind("phone", "1"),
        keys.blind("id_no", "2"),
        other.blind("id_no", "1"),
    }
    assert len(seen) == 4
    assert {len(one) for one in seen} == {16}


def test_a_fingerprint_cannot_be_reckoned_without_the_key(keys: crypto.Keys, tmp_path: Path) -> None:
    other = crypto.make_keys(tmp_path / "other")
    assert keys.fingerprint("act", b"x") == keys.fingerprint("act", b"x")
    assert len({k.fingerprint(kind, b"x") for k in (keys, other) for kind in ("act", "open")}) == 4


@given(st.text())
def test_normalising_twice_changes_nothing(value: str) -> None:
    once = crypto.normalise(value)
    assert crypto.normalise(once) == once


def test_a_password_stretches_alike_from_any_keyboard_and_apart_by_salt() -> None:
    salt, other = b"s" * 16, b"t" * 16
    assert crypto.same(crypto.stretch("密码Ａ1", salt), crypto.stretch("密码A1", salt))
    assert not crypto.same(crypto.stretch("密码A1", salt), crypto.stretch("密码A1", other))
    with pytest.raises(ValueError, match="16 bytes"):
        crypto.stretch("x", b"short")


def test_key_files_are_for_their_owner_only(tmp_path: Path) -> None:
    crypto.make_keys(tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for name in (crypto.ENVELOPE_FILE, crypto.INDEX_FILE):
        assert (tmp_path / "secrets" / name).stat().st_mode & 0o777 == 0o600


def test_making_keys_again_keeps_those_that_are_there(tmp_path: Path) -> None:
    wrapped = crypto.make_keys(tmp_path).wrap(b"k" * 32, b"")
    assert crypto.make_keys(tmp_path).unwrap(wrapped, b"") == b"k" * 32


def test_many_processes_starting_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {k.envelope_id for k in pool.map(lambda _: crypto.make_keys(tmp_path), range(24))}
    assert len(ids) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [crypto.ENVELOPE_FILE, crypto.INDEX_FILE]


def test_a_lost_key_is_never_quietly_replaced(tmp_path: Path) -> None:
    crypto.make_keys(tmp_path)
    (tmp_path / crypto.ENVELOPE_FILE).unlink()
    with pytest.raises(crypto.KeyFileBad, match="key backup"):
        crypto.load_keys(tmp_path)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    crypto.make_keys(tmp_path)
    (tmp_path / crypto.INDEX_FILE).chmod(0o640)
    with pytest.raises(crypto.KeyFileBad, match="readable by others"):
        crypto.load_keys(tmp_path)


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31, "键"])
def test_a_malformed_key_file_is_refused(tmp_path: Path, content: str) -> None:
    crypto.make_keys(tmp_path)
    (tmp_path / crypto.ENVELOPE_FILE).write_text(content)
    with pytest.raises(crypto.KeyFileBad, match="64 hexadecimal"):
        crypto.load_keys(tmp_path)


def test_keys_do_not_appear_in_logs(keys: crypto.Keys) -> None:
    assert repr(keys) == "Keys()"
