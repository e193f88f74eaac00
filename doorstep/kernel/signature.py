"""Signatures on papers: PAdES by pyHanko, ECDSA P-256. Any PDF reader says whether a character was changed.

A module of its own because pyHanko takes 0.8 s to import: only a process that issues papers should pay.
Pure: no Django, no database. See docs/decisions/0020-papers.md.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from doorstep.kernel.clock import now
from doorstep.kernel.crypto import keep_secret, read_secret

IDENTITY_FILE = "signing.pem"

_DEMO_YEARS = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))


class SignatureBroken(Exception):
    """The signing identity or the document is unfit: a fault of ours, not of the reader."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs papers: a private key, its certificate, and the certificate of the authority behind it."""

    key: bytes
    certificate: bytes
    authority: bytes

    @property
    def authority_pem(self) -> str:
        """What a checker imports once to trust our signatures; fit to publish."""
        loaded = x509.load_der_x509_certificate(self.authority)
        return loaded.public_bytes(serialization.Encoding.PEM).decode()

    def __repr__(self) -> str:
        return "Identity()"


def sign(pdf: bytes, identity: Identity, *, at: dt.datetime | None = None) -> bytes:
    """``pdf`` with a PAdES B-B signature (ECDSA P-256) that forbids changes; ``at``: the time it states.

    The seal is invisible; the sheet itself says how to check it. Raises SignatureBroken for what is no PDF.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    except Exception as fault:
        raise SignatureBroken(f"not a PDF that can be signed: {fault}") from None
    meta = signers.PdfSignatureMetadata(
        field_name="Doorstep",
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    out = io.BytesIO()
    _TimedSigner(meta, signer=_signer(identity), at=at or now()).sign_pdf(writer, output=out)
    return out.getvalue()


def signing_identity(folder: Path, *, unit: str = "Doorstep demo signer") -> Identity:
    """The identity kept in ``folder``/signing.pem (0600), made on first use with a demo authority of its own.

    A real deployment puts there, before first use: private key, its certificate, the authority's certificate
    (PEM, in this order). A demo authority's private key is thrown away at once: it vouches for nothing else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / IDENTITY_FILE
    if not path.exists():
        keep_secret(path, _new_identity(unit))
    return _read_identity(path)


class _TimedSigner(signers.PdfSigner):  # type: ignore[misc]
    """pyHanko reads the machine's clock; a paper states the time of the act."""

    def __init__(self, meta: Any, *, signer: Any, at: dt.datetime) -> None:
        super().__init__(meta, signer=signer)
        self._at = at

    def init_signing_session(self, *args: Any, **options: Any) -> Any:
        session = super().init_signing_session(*args, **options)
        session.system_time = self._at
        return session


def _signer(identity: Identity) -> Any:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(asn1_x509.Certificate.load(identity.authority))
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(identity.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(identity.key),
        cert_registry=store,
    )


def _read_identity(path: Path) -> Identity:
    pem = read_secret(path)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        certificate, authority = x509.load_pem_x509_certificates(pem)
        certificate.verify_directly_issued_by(authority)
    except Exception as fault:
        raise SignatureBroken(
            f"{path}: a key, its certificate and the authority's are needed: {fault}"
        ) from None
    if certificate.public_key() != key.public_key():
        raise SignatureBroken(f"{path}: the certificate belongs to another key")
    der = serialization.Encoding.DER
    plain = serialization.NoEncryption()
    return Identity(
        key.private_bytes(der, serialization.PrivateFormat.PKCS8, plain),
        certificate.public_bytes(der),
        authority.public_bytes(der),
    )


def _new_identity(unit: str) -> bytes:
    """Key, certificate and authority as PEM. Fixed dates: the demo clock may be set to another year."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Doorstep demo authority (no legal force)")
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _certificate(_name(unit), root_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    return secret + leaf.public_bytes(pem) + root.public_bytes(pem)


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Doorstep demo")
    return x509.Name([organisation, x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_DEMO_YEARS[0])
        .not_valid_after(_DEMO_YEARS[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in names.split()})
