"""One value, and the pattern that compares with it."""

from typing import Final, NamedTuple

from tocsin.formats.values import Kind, digest, refanged, spans
from tocsin.formats.values import canonical as one_way

_HASHES: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}


class Value(NamedTuple):
    """A value that an indicator may compare with."""

    kind: Kind
    text: str


def value_of(text: str) -> Value | None:
    """What a text is, defanged or not; None when it is no address, name, URL, hash or mailbox."""
    plain = refanged(text)
    if len(digest(plain)) in _HASHES:
        return Value(Kind.HASH, digest(plain))
    for kind in (Kind.IP, Kind.URL, Kind.EMAIL, Kind.DOMAIN):
        found = one_way(kind, plain)
        if found:
            return Value(kind, found)
    return None


def pattern(value: Value) -> str:
    """The STIX pattern for a value."""
    text = value.text.replace("\\", "\\\\").replace("'", "\\'")
    match value.kind:
        case Kind.HASH:
            return f"[file:hashes.'{_HASHES[len(value.text)]}' = '{text}']"
        case Kind.IP:
            return f"[ipv{spans(value.text)[0].version}-addr:value = '{text}']"
        case Kind.URL:
            return f"[url:value = '{text}']"
        case Kind.EMAIL:
            return f"[email-addr:value = '{text}']"
        case Kind.DOMAIN:
            return f"[domain-name:value = '{text}']"
