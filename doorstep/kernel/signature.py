"""Signatures on papers: PAdES by pyHanko, ECDSA P-256. Any PDF reader says whether a character was changed.

A module of its own because pyHanko takes 0.8 s to import: only a process that issues papers should pay.
Pure: no Django, no database. See docs/decisions/0020-papers.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import cms as asn1_cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from doorstep.kernel.crypto import keep_secret, read_secret
from doorstep.rulebook.clock import now

IDENTITY_FILE = "signing.pem"

_ROOM = 16_384
"""Hexadecimal digits kept for the signature in the file; two certificates and a signature take about 3,000."""
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
    signer = _TimedSigner(meta, signer=_signer(identity), at=at or now())
    signer.sign_pdf(writer, output=out, bytes_reserved=_ROOM)
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
    return _read_identity(path, path.stat().st_ctime_ns)


class _TimedSigner(signers.PdfSigner):  # type: ignore[misc]
    """pyHanko reads the machine's clock; a paper states the time of the act."""

    def __init__(self, meta: Any, *, signer: Any, at: dt.datetime) -> None:
        super().__init__(meta, signer=signer)
        self._at = at

    def init_signing_session(self, *args: Any, **options: Any) -> Any:
        session = super().init_signing_session(*args, **options)
        session.system_time = self._at
        return session


class _PlainSigner(signers.SimpleSigner):  # type: ignore[misc]
    """Writes the CMS structure itself: pyHanko's way through asn1crypto takes five times as long as all the rest."""

    def __init__(self, identity: Identity) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(asn1_x509.Certificate.load(identity.authority))
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(identity.certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(identity.key),
            cert_registry=store,
        )
        self._identity = identity
        self._key = serialization.load_der_private_key(identity.key, password=None)

    async def async_sign(self, data_digest: bytes, digest_algorithm: str, *_args: Any, **_more: Any) -> Any:
        if digest_algorithm != "sha256" or not isinstance(self._key, ec.EllipticCurvePrivateKey):
            raise SignatureBroken("papers are signed with ECDSA over SHA-256")
        return asn1_cms.ContentInfo.load(_signed_data(data_digest, self._identity, self._key))


@lru_cache(maxsize=4)
def _signer(identity: Identity) -> _PlainSigner:
    return _PlainSigner(identity)


def _signed_data(digest: bytes, identity: Identity, key: ec.EllipticCurvePrivateKey) -> bytes:
    """CMS SignedData (RFC 5652) around ``digest`` with the attributes of PAdES B-B (ETSI EN 319 142-1), as DER."""
    certificate = x509.load_der_x509_certificate(identity.certificate)
    fingerprint = hashlib.sha256(identity.certificate).digest()
    attributes = sorted(
        (
            _der(0x30, _CONTENT_TYPE, _der(0x31, _DATA)),
            _der(0x30, _MESSAGE_DIGEST, _der(0x31, _der(0x04, digest))),
            _der(0x30, _SIGNING_CERTIFICATE, _der(0x31, _der(0x30, _der(0x30, _der(0x30, _der(0x04, fingerprint)))))),
        )
    )  # fmt: skip
    signature = key.sign(_der(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
    serial = certificate.serial_number
    issuer = _der(
        0x30,
        certificate.issuer.public_bytes(),
        _der(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big")),
    )
    signer = _der(0x30, _ONE, issuer, _SHA256, _der(0xA0, *attributes), _ECDSA_SHA256, _der(0x04, signature))
    certificates = _der(0xA0, *sorted((identity.certificate, identity.authority)))
    signed = _der(0x30, _ONE, _der(0x31, _SHA256), _der(0x30, _DATA), certificates, _der(0x31, signer))
    return _der(0x30, _SIGNED_DATA, _der(0xA0, signed))


def _der(tag: int, *parts: bytes) -> bytes:
    """One value: tag, length in the shortest form, content."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _oid(hexadecimal: str) -> bytes:
    return _der(0x06, bytes.fromhex(hexadecimal))


_ONE = _der(0x02, b"\x01")
_DATA = _oid("2a864886f70d010701")
_SIGNED_DATA = _oid("2a864886f70d010702")
_CONTENT_TYPE = _oid("2a864886f70d010903")
_MESSAGE_DIGEST = _oid("2a864886f70d010904")
_SIGNING_CERTIFICATE = _oid("2a864886f70d010910022f")  # id-aa-signingCertificateV2, RFC 5035
_SHA256 = _der(0x30, _oid("608648016503040201"))
_ECDSA_SHA256 = _der(0x30, _oid("2a8648ce3d040302"))


@lru_cache(maxsize=4)
def _read_identity(path: Path, _changed_at: int) -> Identity:
    """What lies at ``path``, read again only when the file has changed."""
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
