"""Certificates of a test's own authority, in order and not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    """An authority whose certificates are for 127.0.0.1, unless said otherwise. Files are in PEM."""

    folder: Path
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def file(self) -> Path:
        """The authority's own certificate, for those who are to trust it."""
        path = self.folder / "authority.pem"
        if not path.exists():
            mark = x509.BasicConstraints(ca=True, path_length=None)
            built = self._builder("Authority", self._key, DAY).add_extension(mark, critical=True)
            path.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path

    def certificate(self, address: str = "127.0.0.1", ends: timedelta = DAY, *, by_itself: bool = False) -> Path:
        """Issue a certificate for a server, which follows its key in the file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = "Server" if by_itself else "A server"
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))])
        builder = self._builder(subject, key, ends, issuer=subject if by_itself else "Authority")
        signed = builder.add_extension(names, critical=False).sign(key if by_itself else self._key, hashes.SHA256())
        path = self.folder / f"{signed.serial_number}.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(pem + signed.public_bytes(Encoding.PEM))
        return path

    def _builder(
        self, subject: str, key: ec.EllipticCurvePrivateKey, ends: timedelta, issuer: str = "Authority"
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(_name(issuer), _name(subject), key.public_key(), x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + ends)
        )
