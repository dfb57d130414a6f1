"""What an object speaks of, in one form: an indicator's pattern and the observable itself give the same value."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final

_SINGLE: Final = re.compile(
    r"\[\s*(?P<kind>[a-z0-9-]+):(?P<path>[A-Za-z0-9_.'-]+?)\s*=\s*'(?P<value>(?:[^'\\]|\\.)*)'\s*\]"
)
_PIECES: Final = re.compile(r"('(?:[^'\\]|\\.)*')|(\s+)")
_ESCAPED: Final = re.compile(r"\\(.)")
_PLAIN: Final = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)
_HASHES: Final = ("SHA-256", "SHA-1", "MD5", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH")
_DIGEST_BYTES: Final = 8
_POSITIVE: Final = 2**63 - 1


def _address(text: str) -> str:
    if _PLAIN.fullmatch(text):  # nearly every one there is
        return text
    with suppress(ValueError):
        net = ipaddress.ip_network(text.strip(), strict=False)
        return str(net.network_address) if net.num_addresses == 1 else str(net)
    return text.strip().lower()


def _folded(text: str) -> str:
    return text.strip().lower()


def _domain(text: str) -> str:
    return text.strip().rstrip(".").lower()


_FORMS: Final[Mapping[tuple[str, str], Callable[[str], str]]] = MappingProxyType(
    {
        ("ipv4-addr", "value"): _address,
        ("ipv6-addr", "value"): _address,
        ("domain-name", "value"): _domain,
        ("email-addr", "value"): _folded,
        ("mac-addr", "value"): _folded,
        ("url", "value"): str.strip,
        ("mutex", "name"): str.strip,
        ("windows-registry-key", "key"): _folded,
    }
)


def value_of(said: Mapping[str, Any]) -> str:
    """The value an object speaks of, as text; its own id where it speaks of nothing that others could name too."""
    kind = said.get("type")
    if kind == "indicator":
        return _pattern(said)
    if kind == "file" and isinstance(hashes := said.get("hashes"), dict) and hashes:
        best = next((one for one in _HASHES if one in hashes), None) or min(hashes)
        return _one("file", f"hashes.{best}", str(hashes[best]))
    for name, path in _FORMS:
        if name == kind and isinstance(told := said.get(path), str):
            return _one(name, path, told)
    return f"id\n{said.get('id', '')}"


def _pattern(said: Mapping[str, Any]) -> str:
    pattern = str(said.get("pattern", ""))
    if said.get("pattern_type") != "stix":
        return f"{said.get('pattern_type')}\n{pattern.strip()}"
    single = _SINGLE.fullmatch(pattern.strip())
    if single:
        return _one(single["kind"], single["path"].replace("'", ""), _ESCAPED.sub(r"\1", single["value"]))
    spaced = _PIECES.sub(lambda found: found[1] or " ", pattern).strip()
    return f"stix\n{spaced}"


def _one(kind: str, path: str, value: str) -> str:
    if path.startswith("hashes."):
        path = path.upper().replace("-", "")
        return f"{kind}:{path}\n{value.strip().lower()}"
    form = _FORMS.get((kind, path))
    return f"{kind}:{path}\n{form(value) if form else value}"


class Digests:
    """Short keyed digests: equal for equal texts at this node, and saying nothing to who lacks the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._authors: dict[str, int] = {}  # few, and asked for again and again

    def of(self, text: str) -> int:
        """A digest: 1 to 2^63-1."""
        made = blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES, key=self._key).digest()
        return (int.from_bytes(made, "big") & _POSITIVE) or 1

    def of_author(self, id_: str) -> int:
        """The digest of a `created_by_ref`."""
        found = self._authors.get(id_)
        if found is None:
            found = self._authors[id_] = self.of(f"author\n{id_}")
        return found
