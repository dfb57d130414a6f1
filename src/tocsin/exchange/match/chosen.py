"""Which warninglists are asked, and what a hit means; docs/poisoning.md says the same, and a test compares them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tocsin.formats.values import Span, spans


class Effect(StrEnum):
    """What a list does to an indicator."""

    REFUSE = "refuse"  # may not be shared, and is never exported
    NAMED = "named"  # the listed name itself as REFUSE; what is below it as HOLD
    HOLD = "hold"  # may be shared, and is never exported for blocking


def _all(effect: Effect, names: str) -> dict[str, Effect]:
    return dict.fromkeys(names.split(), effect)


CHOSEN: Final[Mapping[str, Effect]] = MappingProxyType(
    {
        # Nobody's: private, reserved, special.
        **_all(
            Effect.REFUSE, "rfc1918 rfc3849 rfc5735 rfc6598 rfc6761 ipv6-linklocal multicast tlds second-level-tlds"
        ),
        # What everybody's machines cannot do without.
        **_all(Effect.REFUSE, "public-dns-v4 public-dns-v6 captive-portals crl-hostname crl-ip apple"),
        **_all(Effect.REFUSE, "microsoft-win10-connection-endpoints microsoft-office365 microsoft-office365-ip"),
        **_all(Effect.REFUSE, "microsoft-office365-cn google-gmail-sending-ips googlebot smtp-sending-ips"),
        **_all(Effect.REFUSE, "smtp-receiving-ips wikimedia zscaler umbrella-blockpage-v4 umbrella-blockpage-v6"),
        **_all(Effect.REFUSE, "umbrella-blockpage-hostname common-contact-emails"),
        # One address for a hundred thousand sites.
        **_all(Effect.REFUSE, "akamai cloudflare fastly stackpath"),
        # Files that everybody has.
        **_all(Effect.REFUSE, "empty-hashes common-ioc-false-positive ti-falsepositives nioc-filehash eicar.com"),
        **_all(Effect.REFUSE, "mozilla-CA mozilla-IntermediateCA"),
        # Sites that many use; a page or a name below them may well be somebody else's.
        **_all(Effect.NAMED, "alexa tranco10k cisco_top20k majestic_million moz-top500 google microsoft"),
        **_all(Effect.NAMED, "bank-website dax30 university_domains security-provider-blogpost public-dns-hostname"),
        **_all(Effect.NAMED, "whats-my-ip findip-host"),
        # Places that are rented by the hour, shared by many, or watched on purpose: worth telling, not worth blocking.
        **_all(Effect.HOLD, "tranco amazon-aws google-gcp microsoft-azure microsoft-azure-china ovh-cluster github"),
        **_all(Effect.HOLD, "microsoft-azure-germany microsoft-azure-us-gov dynamic-dns digitalside lots-project"),
        **_all(
            Effect.HOLD, "link-in-bio url-shortener parking-domain parking-domain-ns public-ipfs-gateways sinkholes"
        ),
        **_all(Effect.HOLD, "automated-malware-analysis microsoft-attack-simulator check-host-net openai-gptbot covid"),
        **_all(Effect.HOLD, "covid-19-cyber-threat-coalition-whitelist covid-19-krassi-whitelist"),
        **_all(Effect.HOLD, "tenable-cloud-ipv4 tenable-cloud-ipv6 alphastrike-research-nt-scanning shodan-scanning"),
        **_all(Effect.HOLD, "alphastrike-scanning bufferover-nt-scanning censys-scanning cybergreen-nt-scanning"),
        **_all(Effect.HOLD, "coalition-signals-intelligence-nt-scanning cyberresilience-nt-scanning shadowserver"),
        **_all(Effect.HOLD, "cypex-nt-scanning f6-nt-scanning internet-census-nt-scanning intrinsec-nt-scanning"),
        **_all(Effect.HOLD, "ipinfo-nt-scanning ipip-nt-scanning modat-nt-scanning modat-scanner onyphe-scanner"),
        **_all(Effect.HOLD, "netsecscan-nt-scanning netsecscan-scanning onyphe-nt-scanning probethenet-nt-scanning"),
        **_all(Effect.HOLD, "rapid7-nt-scanning research-scanner-nt-scanning shadowforce-nt-scanning"),
        **_all(Effect.HOLD, "shadowforce-scanning shadowserver-nt-scanning shodan-nt-scanning skipa-nt-scanning"),
    }
)

LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cisco_top1000": "all of it is in cisco_top20k",
        "cisco_top10k": "all of it is in cisco_top20k",
        "cisco_top5k": "all of it is in cisco_top20k",
        "disposable-email": "a sender who can be thrown away is a reason to block, not a reason against it",
        "google-chrome-crux-1million": "measures what tranco measures, for as much memory again",
        "microsoft-azure-appid": "STIX has no property for it",
        "phone_numbers": "STIX has no property for it, and its regular expressions are not plain enough",
        "vpn-ipv4": "networks of hosting providers, which is where most of what is worth blocking stands",
        "vpn-ipv6": "networks of hosting providers, which is where most of what is worth blocking stands",
    }
)

# Addresses and names for documents, exercises and benchmarks (RFC 5737, 2544, 3849, 2606): sharing them harms nobody.
PRACTICE_SPANS: Final[tuple[Span, ...]] = tuple(
    span
    for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32")
    for span in spans(one)
)
PRACTICE_NAMES: Final = ("example", "test", "invalid", "example.com", "example.net", "example.org")

MEMBERS: Final = "members"
"""The list of every member's own networks and names, as hits name it."""

FLOOR: Final = "too-broad"
"""The list of what is too broad to be blocked: short prefixes, wildcards without a name."""

SHORTEST: Final[Mapping[int, int]] = MappingProxyType({4: 16, 6: 32})
"""The shortest prefix that an indicator may name, by IP version."""

SHORTEST_OWN: Final[Mapping[int, int]] = MappingProxyType({4: 8, 6: 16})
"""The shortest prefix that a member may call its own, here, by IP version."""


def filtered() -> dict[str, bool]:
    """By list: whether the gate asks it."""
    return {name: effect is not Effect.HOLD for name, effect in CHOSEN.items()}
