"""A stranger's program accepts the signature, and no longer does after one changed byte."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from doorstep.kernel import paper, signature
from doorstep.rulebook.words import Words

NINE = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> signature.Identity:
    return signature.signing_identity(tmp_path_factory.mktemp("secrets"))


@pytest.fixture(scope="module")
def pdf() -> bytes:
    data = {
        "number": "1",
        "unit": Words("河湾派出所", "Hewan Police Station"),
        "issued_on": "2026-11-21",
        "check_url": "http://localhost:8000/v/1",
        "demo": True,
        "matter_number": "2",
        "entered_on": "2026-11-21",
        "rows": [],
    }
    return paper.render("tenancy-entry", data, lang="zh")


def pdfsig(pdf: bytes, folder: Path) -> str:
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig (poppler-utils) is not installed")
    (folder / "p.pdf").write_bytes(pdf)
    run = ["pdfsig", str(folder / "p.pdf")]
    return subprocess.run(run, capture_output=True, text=True, check=False).stdout


def test_an_independent_program_finds_the_signature_valid(
    pdf: bytes, tmp_path: Path, identity: signature.Identity
) -> None:
    report = pdfsig(signature.sign(pdf, identity, at=NINE), tmp_path)
    for part in (
        "Signature is Valid",
        "Total document signed",
        "ETSI.CAdES.detached",
        "Nov 21 2026 09:30:00",
    ):
        assert part in report


def test_one_changed_byte_makes_the_signature_invalid(
    pdf: bytes, tmp_path: Path, identity: signature.Identity
) -> None:
    signed = bytearray(signature.sign(pdf, identity, at=NINE))
    signed[len(signed) // 3] ^= 1
    assert "Signature is Valid" not in pdfsig(bytes(signed), tmp_path)


def test_what_is_no_pdf_is_not_signed(identity: signature.Identity) -> None:
    with pytest.raises(signature.SignatureBroken, match="not a PDF"):
        signature.sign(b"plain text", identity, at=NINE)


def test_the_identity_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: signature.signing_identity(tmp_path / "s"), range(8)))
    assert len({one.certificate for one in made}) == 1
    assert (tmp_path / "s" / signature.IDENTITY_FILE).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in repr(made[0]) + made[0].authority_pem


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a", tmp_path / "b"
    signature.signing_identity(ours)
    signature.signing_identity(theirs)
    mixed = (ours / signature.IDENTITY_FILE).read_text().split("-----BEGIN CERT")[0]
    mixed += "-----BEGIN CERT" + (theirs / signature.IDENTITY_FILE).read_text().split("-----BEGIN CERT", 1)[1]
    (ours / signature.IDENTITY_FILE).write_text(mixed)
    with pytest.raises(signature.SignatureBroken, match="another key"):
        signature.signing_identity(ours)
