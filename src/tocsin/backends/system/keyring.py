"""Keys as files: one line each, readable by their owner only.

`ROLE.key` (transport: also transport.crt) is current, `ROLE.key.next` waits for the charter that names it, and
`ROLE.key.old` is on its way to destruction. Whoever promotes holds the lock of the node's folder.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.errors import ConfigError, FormatError
from tocsin.formats.keys import Role, SigningKey, decode_signing, encode_signing
from tocsin.formats.seal import SEED_BYTES, SealKey
from tocsin.ports.entropy import Entropy

NEXT: Final = ".next"
_OLD: Final = ".old"
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

    def staged(self, role: Role) -> bytes | None:
        """The public part of the key that waits."""
        return self._public(role, NEXT)

    def proving(self, public: bytes) -> SigningKey | None:
        """The governance key that waits, if it is this one."""
        return self.waiting() if self.staged(Role.GOVERNANCE) == public else None

    def waiting(self) -> SigningKey:
        """The governance key that waits. Raises ConfigError("config.key-missing")."""
        return decode_signing(self._read(f"governance.key{NEXT}"))

    def current(self, role: Role) -> bytes | None:
        """The public part of the current key, as it lies on the disk; None if there is none or it cannot be read."""
        return self._public(role, "")

    def made(self, role: Role) -> datetime | None:
        """When the file of the current key was written, in UTC."""
        try:
            return datetime.fromtimestamp((self._folder / f"{role.value}.key").stat().st_mtime, UTC)
        except OSError:
            return None

    def promote(self, public: Mapping[Role, bytes]) -> bool:
        """Waiting keys that are named take their places; see ports.keyring."""
        due = [role for role in Role if role in public and self.staged(role) == public[role]]
        left = [name for name in map(_old, _files(Role)) if (self._folder / name).exists()]
        if not due and not left:
            return False
        try:
            for name in left:
                _destroy(self._folder / name)
            for name in _files(due):
                self._replace(name)
            _sync_folder(self._folder)
            for name in map(_old, _files(due)):
                _destroy(self._folder / name)
            _sync_folder(self._folder)
        except OSError as error:
            raise ConfigError("config.file", f"the keys folder cannot be changed ({error.strerror})") from error
        finally:
            self._signing.clear()
            self._seal = None
        return bool(due)

    def foreign(self, public: Mapping[Role, bytes]) -> tuple[Role, ...]:
        """The roles whose named key is not here."""
        held = {role: (self.current(role), self.staged(role)) for role in public}
        return tuple(
            role
            for role, named in public.items()
            if named not in held[role] and not (role is Role.GOVERNANCE and held[role][0] is None)
        )

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
        found = self.current(Role.TRANSPORT)
        if found is None:
            raise ConfigError("config.key-missing", "the transport certificate cannot be read")
        return found

    def _public(self, role: Role, ending: str) -> bytes | None:
        try:
            if role is Role.TRANSPORT:
                pem = (self._folder / f"transport.crt{ending}").read_bytes()
                return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
            text = self._read(f"{role.value}.key{ending}")
            return SealKey.decode(text).public if role is Role.SEAL else decode_signing(text).public.raw
        except (OSError, ValueError, ConfigError, FormatError):
            return None

    def _replace(self, name: str) -> None:
        """`name` is never absent meanwhile, unless it was before."""
        path = self._folder / name
        staged = path.with_name(name + NEXT)
        if not staged.exists():
            return  # the certificate waits and its key was moved before the power went
        if path.exists():
            os.link(path, path.with_name(_old(name)))
        os.rename(staged, path)  # noqa: PTH104 - seen by the power cut test

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("config.key-missing", f"the key file {name} cannot be read") from error


def _files(roles: Iterable[Role]) -> list[str]:
    """The files of these roles. The certificate comes last: while it waits, its key is not settled either."""
    listed = list(roles)
    return [*(f"{role.value}.key" for role in listed), *(["transport.crt"] if Role.TRANSPORT in listed else [])]


def _old(name: str) -> str:
    return name + _OLD


def _destroy(path: Path) -> None:
    """Overwrite, then remove. A disk that writes elsewhere than it read (SSD, snapshots) may keep a copy."""
    if not path.exists():
        return
    if path.stat().st_nlink == 1:  # else power went between the two steps of _replace(), and the key is still current
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    os.unlink(path)  # noqa: PTH108 - seen by the power cut test


def make_keys(folder: Path, handle: str, entropy: Entropy, now: datetime) -> KeyFiles:
    """A key for each role, new. Refuses to overwrite: raises ConfigError("config.exists")."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make(folder, Role, "", (handle, entropy, now))
    return KeyFiles(folder)


def stage_keys(folder: Path, roles: Iterable[Role], handle: str, entropy: Entropy, now: datetime) -> None:
    """A new key for each of these roles, beside the current one. Raises ConfigError("config.keys-staged")."""
    chosen = [role for role in Role if role in set(roles)]
    if any((folder / (name + NEXT)).exists() for name in _files(chosen)):
        raise ConfigError("config.keys-staged", "a new key of this role waits already for its charter")
    _make(folder, chosen, NEXT, (handle, entropy, now))


def _make(folder: Path, roles: Iterable[Role], ending: str, of: tuple[str, Entropy, datetime]) -> None:
    handle, entropy, now = of
    for role in roles:
        path = folder / f"{role.value}.key{ending}"
        if role is Role.TRANSPORT:
            _make_certificate(path, folder / f"transport.crt{ending}", handle, now)
        elif role is Role.SEAL:
            _write(path, SealKey(entropy.bytes(SEED_BYTES)).encode().encode())
        else:
            _write(path, encode_signing(SigningKey(entropy.bytes(32))).encode())
    _sync_folder(folder)


def _make_certificate(key_file: Path, certificate_file: Path, handle: str, now: datetime) -> None:
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
    _write(key_file, private)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError("config.exists", f"{path.name} exists already and is not overwritten") from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def certificate_end(keys: KeyFiles) -> datetime:
    """When the transport certificate ends, in UTC."""
    return x509.load_pem_x509_certificate(keys.certificate.read_bytes()).not_valid_after_utc
