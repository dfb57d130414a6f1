"""Which addresses stand for a machine out on the Internet: what may be connected to on a stranger's word."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

# Carriers of an IPv4 address inside an IPv6 one: the network, and how far from the right the address stands.
_CARRIERS: Final = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated (SIIT)
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
    (IPv6Network("::/96"), 0),  # compatible
)
_NEVER: Final = tuple(
    IPv6Network(one)
    for one in (
        "64:ff9b:1::/48",  # local NAT64
        "2001::/32",  # Teredo: the address inside is disguised
        "2001:db8::/32",
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site local
        "100::/64",  # discard
    )
)
# What ipaddress takes for global, in whole or in part: protocol assignments, 6to4 relays.
_NEVER_4: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


def is_public(text: str) -> bool:
    """Whether an address, in its plain form, is global unicast, also after whatever carries it is taken off."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        for network, shift in _CARRIERS:
            if found in network:
                return _is_public_4(IPv4Address((int(found) >> shift) & 0xFFFF_FFFF))
        return found.is_global and not found.is_multicast and not any(found in one for one in _NEVER)
    return _is_public_4(found)


def _is_public_4(found: IPv4Address) -> bool:
    never = any(found in one for one in _NEVER_4)
    return found.is_global and not found.is_multicast and not found.is_reserved and not never
