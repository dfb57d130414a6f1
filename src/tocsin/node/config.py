"""The one settings file, tocsin.toml: frozen, with units in the names; an unknown key is an error."""

import inspect
import re
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_origin
from urllib.parse import urlsplit

from tocsin.desk.thresholds import KEPT_LEAST_DAYS
from tocsin.errors import ConfigError, FormatError
from tocsin.formats import push
from tocsin.formats.escalation import is_role
from tocsin.formats.text import check_handle

BALLAST_BYTES: Final = 67_108_864


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose. docs/settings.md says the same, and a test compares them."""

    handle: str  # our handle in the charter
    peer_listen: str = "127.0.0.1:7400"  # where members reach us: host:port
    people_listen: str = "127.0.0.1:7401"  # where TAXII clients reach us: host:port; loopback unless TLS is set
    people_url: str = ""  # how they write that address; empty: made from people_listen
    people_certificate: str = ""  # path of a PEM certificate chain for people_listen
    people_key: str = ""  # path of its PEM key
    session_minutes: int = 720  # after which people sign in again
    session_rest_minutes: int = 120  # the same after that long without a request
    oidc_issuer: str = ""  # the house's OpenID Connect provider; empty: none
    oidc_client: str = ""  # what it knows this node as
    oidc_secret_file: str = ""  # path of a file with the client's secret
    oidc_claim: str = "sub"  # which claim of its tokens names an account's subject
    borders: str = "defacto"  # what the console's map draws: defacto, un, none, file
    borders_file: str = ""  # path of the map that "file" means
    compress: bool = True  # zstd before sealing (never for RED)
    dial: str = "all"  # whom we dial: all who have an endpoint, or only those with a larger handle than ours
    ballast_bytes: int = BALLAST_BYTES  # a file of zeros, to be removed when the disk is full; 0: none
    quota_bytes_per_s: int = 4 * 1024 * 1024  # that one peer may send while others send too
    quota_objects_per_s: int = 2000  # the same in objects; a receipt or a notice counts as one
    quota_cpu_share: float = 0.1  # the same in processor seconds a second
    desks: dict[str, list[str]] = field(default_factory=dict)  # whom to page, by role: mailto:, https:, push:
    push_services: list[str] = field(default_factory=list)  # hosts of push services that may be told; empty: no push
    push_contact: str = ""  # whom these services may write to: mailto: or https:
    smtp_server: str = ""  # host:port of the mail server for pages; empty: none
    smtp_sender: str = ""  # the address that pages come from
    smtp_starttls: bool = True  # refuse to send without TLS
    smtp_user: str = ""  # who logs in there; empty: nobody does
    smtp_password: str = ""  # path of the file with its password
    desk_agent: str = "tocsin-desk"  # what the desk tells sources it is, and what it looks for in robots.txt
    desk_inner: list[str] = field(default_factory=list)  # host:port of sources inside the house
    desk_keep_days: int = 180  # after which a story to which nothing came goes; 0: none goes; not what is in use
    desk_model_url: str = ""  # an OpenAI-compatible address that people may ask about stories; empty: none
    desk_model: str = ""  # which model is asked there
    desk_model_key_file: str = ""  # path of a file with the key that it wants; empty: none is sent
    desk_authorities: str = ""  # path of certificates (PEM) that the desk believes beside the system's


_MAIL: Final = re.compile(r"mailto:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_AGENT: Final = re.compile(r"[A-Za-z0-9./-]{1,64}")
_PUSHED: Final = ("duty", "analyst", "releaser", "oversight")  # roles that read warnings
_DIALS: Final = ("all", "larger")
_BORDERS: Final = ("defacto", "un", "none", "file")
_SAID: Final = re.compile(r"^    (\w+): .*?  # (.*)$", re.MULTILINE)
_KEYS: Final = frozenset(one.name for one in fields(Settings))


def read(path: Path) -> Settings:
    """The settings of a node. Raises ConfigError("config.file", "config.unknown-key", "config.value")."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.file", f"{path.name} cannot be read") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("config.file", f"{path.name} is not TOML ({error})") from error
    unknown = sorted(found.keys() - _KEYS)
    if unknown:
        raise ConfigError("config.unknown-key", f"{path.name} has the unknown key {unknown[0]!r}")
    for one in fields(Settings):
        kind = get_origin(one.type) or one.type
        if one.name in found and type(found[one.name]) not in ((int, float) if kind is float else (kind,)):
            raise ConfigError("config.value", f"{one.name!r} in {path.name} has a value of the wrong kind")
    if "handle" not in found:
        raise ConfigError("config.value", f"{path.name} names no handle")
    settings = Settings(**found)
    try:
        check_handle(settings.handle)
    except FormatError as error:
        raise ConfigError("config.value", f"{path.name}: {error.what}") from error
    _check(settings, path.name)
    _check_desks(path, settings)
    return settings


def _check(settings: Settings, name: str) -> None:
    if settings.dial not in _DIALS:
        raise ConfigError("config.value", f"'dial' in {name} is neither all nor larger")
    if settings.borders not in _BORDERS or (settings.borders == "file") != bool(settings.borders_file):
        raise ConfigError("config.value", f"'borders' in {name} is defacto, un, none, or file with a borders_file")
    if settings.ballast_bytes < 0:
        raise ConfigError("config.value", f"'ballast_bytes' in {name} is below 0")
    quotas = (settings.quota_bytes_per_s, settings.quota_objects_per_s, settings.quota_cpu_share)
    if not all(0 < one < inf for one in quotas) or settings.quota_cpu_share > 1:
        raise ConfigError("config.value", f"a quota in {name} is not above 0, or a share above 1")
    if not 0 < settings.session_rest_minutes <= settings.session_minutes <= 7 * 24 * 60:
        raise ConfigError("config.value", f"a session in {name} is not between a minute and a week long")
    if not _AGENT.fullmatch(settings.desk_agent):
        raise ConfigError("config.value", f"'desk_agent' in {name} is not a word of letters, digits and . / -")
    if not all(isinstance(one, str) for one in settings.desk_inner):
        raise ConfigError("config.value", f"'desk_inner' in {name} is not a list of host:port")
    _check_model(settings, name)
    if settings.desk_authorities:
        try:
            ssl.create_default_context(cafile=settings.desk_authorities)
        except (OSError, ValueError) as error:
            raise ConfigError("config.value", f"'desk_authorities' in {name} is no file of certificates") from error
    if settings.desk_keep_days and settings.desk_keep_days < KEPT_LEAST_DAYS:
        raise ConfigError("config.value", f"'desk_keep_days' in {name} is neither 0 nor {KEPT_LEAST_DAYS} or more")
    for listen in (settings.peer_listen, settings.people_listen, *settings.desk_inner):
        address(listen)


def _check_model(settings: Settings, name: str) -> None:
    """Raises ConfigError("config.value")."""
    given = (settings.desk_model_url, settings.desk_model)
    if any(given) != all(given) or (settings.desk_model_key_file and not all(given)):
        raise ConfigError("config.value", f"{name}: desk_model_url and desk_model belong together")
    if not all(given):
        return
    if not settings.desk_model_url.startswith(("http:", "https:")) or not _is_address(settings.desk_model_url):
        raise ConfigError("config.value", f"'desk_model_url' in {name} is no https: address (http: on loopback only)")
    url = urlsplit(settings.desk_model_url)
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise ConfigError("config.value", f"'desk_model_url' in {name} holds more than host, port and path")
    if not settings.desk_model.isprintable() or len(settings.desk_model) > 200:
        raise ConfigError("config.value", f"'desk_model' in {name} is no name of a model")


def _check_desks(path: Path, settings: Settings) -> None:
    """Raises ConfigError("config.value")."""
    for role, addresses in settings.desks.items():
        if not is_role(role) or not isinstance(addresses, list) or not all(map(_is_address, addresses)):
            what = f"{path.name}: a desk is a role with a list of mailto:, https: and push:ROLE addresses (http: on loopback only)"
            raise ConfigError("config.value", what)
    listed = [one for addresses in settings.desks.values() for one in addresses]
    mails = any(one.startswith("mailto:") for one in listed)
    if not all(map(push.is_service, settings.push_services)):
        raise ConfigError(
            "config.value", f"{path.name}: push_services is a list of hosts, *. and a domain, or host:port"
        )
    if (settings.push_contact or settings.push_services) and not push.is_contact(settings.push_contact):
        raise ConfigError("config.value", f"{path.name}: push_contact is a mailto: or https: address")
    if any(one.startswith(push.SCHEME) for one in listed) and not settings.push_services:
        raise ConfigError("config.value", f"{path.name}: push: needs push_services and push_contact")
    if settings.smtp_server:
        address(settings.smtp_server)
    if settings.smtp_user and not (settings.smtp_password and settings.smtp_starttls):
        raise ConfigError("config.value", f"{path.name}: smtp_user needs smtp_password and smtp_starttls")
    if (mails or settings.smtp_sender) and not (settings.smtp_server and settings.smtp_sender):
        raise ConfigError("config.value", f"{path.name}: mail needs smtp_server and smtp_sender")


def _is_address(text: Any) -> bool:
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text or len(text) > 2048:
        return False
    if text.startswith(push.SCHEME):
        return text.removeprefix(push.SCHEME) in _PUSHED
    if text.startswith("mailto:"):
        return _MAIL.fullmatch(text) is not None
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    loopback = found.hostname in ("127.0.0.1", "::1", "localhost")
    return bool(found.hostname) and (found.scheme == "https" or (found.scheme == "http" and loopback))


def explained() -> Mapping[str, tuple[str, Any]]:
    """What each setting means, as its line above says, and its default (None: it has none)."""
    found = {one[1]: one[2] for one in _SAID.finditer(inspect.getsource(Settings))}
    return MappingProxyType({one.name: (found.get(one.name, ""), _default(one)) for one in fields(Settings)})


def _default(one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return None if one.default is MISSING else one.default


def write(path: Path, settings: Settings) -> None:
    """A new settings file with every key and its meaning left to the docs."""
    lines = ["# docs/settings.md explains every key."]
    lines += [f"{one.name} = {_toml(getattr(settings, one.name))}" for one in fields(Settings)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def address(listen: str) -> tuple[str, int]:
    """Host and port. Raises ConfigError("config.value")."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError("config.value", f"{listen!r} is not host:port")
    return host.strip("[]"), int(port)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
