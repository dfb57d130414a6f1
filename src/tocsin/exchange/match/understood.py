"""What somebody typed into the search box is taken for, defanged or not; and the networks that an address lies in. Pure."""

import re
from ipaddress import ip_network
from typing import Final, NamedTuple

from tocsin.formats import values
from tocsin.formats.values import Kind

_ID: Final = re.compile(r"[a-z0-9-]{1,250}--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)
_ATTACK: Final = re.compile(r"(?:T[0-9]{4}(?:\.[0-9]{3})?|(?:TA|M|G|S|C|DS)[0-9]{4})", re.IGNORECASE)
_ASN: Final = re.compile(r"AS[0-9]{1,10}", re.IGNORECASE)
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_WIDEST: Final = {4: 8, 6: 16}  # as in match.constituency: wider networks name nobody in particular


class Understood(NamedTuple):
    """`kind`: id, ipv4, ipv6, network, domain, url, email, md5, sha1, sha256, sha512, cve, attack, asn or name."""

    kind: str
    text: str


def understood(typed: str) -> Understood:
    """The first reading that fits. Total; whatever is no value is a part of a name."""
    text = typed.strip()[: values.LONGEST]
    if _ID.fullmatch(text):
        return Understood("id", text)
    plain = values.refanged(text)
    for kind, form in (("cve", _CVE), ("attack", _ATTACK), ("asn", _ASN)):
        if form.fullmatch(plain):
            return Understood(kind, plain.upper())
    if plain.isalnum() and len(plain) in _HASHES and values.canonical(Kind.HASH, plain):
        return Understood(_HASHES[len(plain)], values.canonical(Kind.HASH, plain))
    address = values.canonical(Kind.IP, plain)
    if address:
        return Understood("network" if "/" in address else "ipv6" if ":" in address else "ipv4", address)
    if "://" in plain and values.host(plain) is not None:
        return Understood("url", plain)
    if "@" in plain and values.canonical(Kind.EMAIL, plain):
        return Understood("email", plain)
    domain = "" if " " in plain else values.canonical(Kind.DOMAIN, plain)
    is_domain = bool(domain) and not domain.rpartition(".")[2].isdecimal()
    return Understood("domain", domain) if is_domain else Understood("name", text)


def networks(found: Understood) -> list[str]:
    """Every network that an address, or a narrower network, lies in, the narrowest first; none for anything else."""
    if found.kind not in ("ipv4", "ipv6", "network"):
        return []
    inner = ip_network(found.text)
    return [str(inner.supernet(new_prefix=bits)) for bits in range(inner.prefixlen - 1, _WIDEST[inner.version] - 1, -1)]
