"""Keys as files: one line each, readable by their owner only."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.errors import ConfigError
from tocsin.formats.keys import Role, SigningKey, decode_signing, encode_signing
from tocsin.formats.seal import SEED_BYTES, SealKey
from tocsin.ports.entropy import Entropy

_SIGNING = (Role.GOVERNANCE, Role.LOG, Role.RECEIPT)
_YEARS = 10


class KeyFiles:
    """ports.keyring over a folder of key files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._signing: dict[Role, SigningKey] = {}
        self._seal: SealKey | None = None

    def signing(self, role: Role) -> SigningKey:
        """The Ed25519 key of a role."""
        if role not in self._signing:
            self._signing[role] = decode_signing(self._read(f"{role.value}.key"))
        return self._signing[role]

    def sealing(self) -> SealKey:
        """The X-Wing seal key."""
        if self._seal is None:
            self._seal = SealKey.decode(self._read("seal.key"))
        return self._seal

    @property
    def certificate(self) -> Path:
        """The transport certificate, PEM."""
        return self._folder / "transport.crt"

    @property
    def certificate_key(self) -> Path:
        """The transport key, PEM."""
        return self._folder / "transport.key"

    def certificate_der(self) -> bytes:
        """The transport certificate as the charter pins it."""
        try:
            pem = self.certificate.read_bytes()
            return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
        except (OSError, ValueError) as error:
            raise ConfigError("config.key-missing", "the transport certificate cannot be read") from error

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("config.key-missing", f"the key file {name} cannot be read") from error


def make_keys(folder: Path, handle: str, entropy: Entropy, now: datetime) -> KeyFiles:
    """A key for each role, new. Refuses to overwrite: raises ConfigError("config.exists")."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in _SIGNING:
        _write(folder / f"{role.value}.key", encode_signing(SigningKey(entropy.bytes(32))).encode())
    _write(folder / "seal.key", SealKey(entropy.bytes(SEED_BYTES)).encode().encode())
    _make_certificate(folder, handle, now)
    return KeyFiles(folder)


def _make_certificate(folder: Path, handle: str, now: datetime) -> None:
    # Self-signed on purpose: the charter pins this very certificate, no authority stands between two members.
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"tocsin {handle}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{handle}.tocsin.invalid")]), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(folder / "transport.key", private)
    _write(folder / "transport.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError("config.exists", f"{path.name} exists already and is not overwritten") from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def certificate_end(keys: KeyFiles) -> datetime:
    """When the transport certificate ends, in UTC."""
    return x509.load_pem_x509_certificate(keys.certificate.read_bytes()).not_valid_after_utc
