"""`tocsin init`: the folder of a new node, with its keys, store, settings and descriptor."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tocsin.backends.sqlite.database import connect, create_tables
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.keyring import KeyFiles, make_keys
from tocsin.errors import ConfigError
from tocsin.exchange.members import descriptor
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.text import check_handle
from tocsin.node import config
from tocsin.node.home import Home
from tocsin.node.tables import TABLES


@dataclass(frozen=True, slots=True)
class InitSettings:
    """What a member says of itself when its node is made."""

    handle: str
    name: str = ""
    kind: str = "state-service"
    countries: tuple[str, ...] = ()
    blocs: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    cidr: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    asn: tuple[str, ...] = ()
    peer_listen: str = "127.0.0.1:7400"
    people_listen: str = "127.0.0.1:7401"
    endpoint: str = ""
    no_endpoint: bool = False  # nobody can reach it; it dials out
    dial: str = "all"
    ballast_bytes: int = config.BALLAST_BYTES


def create(path: Path, settings: InitSettings) -> Home:
    """A new node: folder, settings, keys, store, descriptor. Raises ConfigError("config.exists")."""
    home = Home(path)
    check_handle(settings.handle)
    config.address(settings.peer_listen)
    config.address(settings.people_listen)
    if settings.no_endpoint and settings.endpoint:
        raise ConfigError("config.value", "--endpoint and --no-endpoint contradict each other")
    if not settings.no_endpoint and config.address(settings.endpoint or settings.peer_listen)[1] == 0:
        raise ConfigError(
            "config.value", "members cannot reach port 0; say --endpoint, --no-endpoint or another --peer-listen"
        )
    make_folders(home)
    keys = make_keys(home.keys, settings.handle, SystemEntropy(), SystemClock().now())
    make_store(home)
    _describe(home, settings, keys)
    # Written last: a folder without it is not a node yet.
    chosen = config.Settings(
        handle=settings.handle,
        peer_listen=settings.peer_listen,
        dial=settings.dial,
        people_listen=settings.people_listen,
        ballast_bytes=settings.ballast_bytes,
    )
    config.write(home.config_file, chosen)
    return home


def make_folders(home: Home) -> None:
    """The folders of a node, where there is nothing yet. Raises ConfigError("config.exists")."""
    path = home.path
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError("config.exists", f"{path} is not empty; nothing was changed")
    for folder in (path, home.heads, home.run):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_store(home: Home) -> None:
    """An empty store."""
    connection = connect(str(home.store), create=True)
    create_tables(connection, TABLES)
    connection.close()
    home.store.chmod(0o600)


def _described(settings: InitSettings) -> dict[str, object]:
    entropy, clock = SystemEntropy(), SystemClock()
    return {
        "handle": settings.handle,
        "name": settings.name or settings.handle,
        "kind": settings.kind,
        "identity": f"identity--{UUID(bytes=entropy.bytes(16), version=4)}",
        "countries": sorted(settings.countries),
        "blocs": sorted(settings.blocs),
        "sectors": sorted(settings.sectors),
        "languages": sorted(settings.languages),
        "constituency": {
            "countries": sorted(settings.countries),
            "cidr": sorted(settings.cidr),
            "domains": sorted(settings.domains),
            "asn": sorted(settings.asn),
        },
        "endpoints": {"peer": "" if settings.no_endpoint else settings.endpoint or settings.peer_listen},
        "created": clock.now_us(),
    }


def _describe(home: Home, settings: InitSettings, keys: KeyFiles) -> None:
    public = {role.value: _b64(keys.signing(role).public.raw) for role in (Role.GOVERNANCE, Role.LOG, Role.RECEIPT)}
    public[Role.SEAL.value] = _b64(keys.sealing().public)
    public[Role.TRANSPORT.value] = _b64(keys.certificate_der())
    made = statement.compose(statement.MEMBER, {**_described(settings), "keys": public})
    signed = descriptor.sign(made, settings.handle, keys)
    home.descriptor.write_bytes(statement.encode(signed))
    descriptor.read(home.descriptor.read_bytes())


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
