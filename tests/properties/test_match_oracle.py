"""The index answers as an oracle does that looks at every claim, one after the other, with the standard library."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.match.constituency import ADDRESS, DOMAIN, EMAIL, URL, WIDEST, Entry, Index

# Few bits that differ, so that blocks lie in one another and addresses hit them.
OCTET = st.sampled_from([0, 1, 127, 128, 255])
V4 = st.tuples(st.sampled_from([10, 203]), OCTET, OCTET, OCTET).map(lambda one: ".".join(map(str, one)))
GROUP = st.sampled_from([0, 1, 0x8000, 0xFFFF])
V6 = st.lists(GROUP, min_size=7, max_size=7).map(lambda one: "2001:" + ":".join(f"{group:x}" for group in one))
BLOCK = st.one_of(
    st.tuples(V4, st.integers(6, 32)), st.tuples(V6, st.one_of(st.integers(14, 40), st.integers(100, 128)))
).map(lambda one: str(ip_network(f"{one[0]}/{one[1]}", strict=False)))
OWNER = st.sampled_from(["bb", "cc", "dd"])
BLOCKS = st.lists(st.tuples(BLOCK, OWNER), max_size=40)
ASKED = st.lists(st.one_of(V4, V6, V6.map(lambda one: str(ip_address(one))), BLOCK), max_size=30)


def honoured(claims):
    return [(ip_network(text), owner) for text, owner in claims if ip_network(text).prefixlen >= WIDEST[width(text)]]


def width(text):
    return ip_network(text, strict=False).max_prefixlen


def expected(claims, text):
    """(block, owners) of every claim on one address or block: the longest prefix around it, and all inside it."""
    asked = ip_network(text)
    if asked.prefixlen < WIDEST[width(text)]:
        return set()
    same = [(block, owner) for block, owner in honoured(claims) if block.version == asked.version]
    around = [block for block, _ in same if asked.subnet_of(block)]
    best = [max(around, key=lambda one: one.prefixlen)] if around else []
    inside = {block for block, _ in same if block.subnet_of(asked) and block != asked}
    return {(block, frozenset(owner for each, owner in same if each == block)) for block in {*best, *inside}}


@pytest.mark.slow
@settings(max_examples=400)
@given(BLOCKS, ASKED)
def test_the_longest_prefix_wins(claims, asked):
    index = Index(Entry(ADDRESS, text, owner) for text, owner in claims)
    found = {}
    for place, claim in index.match_many([(ADDRESS, text) for text in asked]):
        found.setdefault(place, set()).add((ip_network(claim.text), frozenset(claim.owners)))
    assert found == {place: told for place, text in enumerate(asked) if (told := expected(claims, text))}


@settings(max_examples=100)
@given(BLOCKS, st.lists(st.one_of(V4, V6), max_size=20))
def test_nested_tells_every_owner_around(claims, asked):
    index = Index((Entry(ADDRESS, text, owner) for text, owner in claims), nested=True)
    found = {place: set(claim.owners) for place, claim in index.match_many([(ADDRESS, text) for text in asked])}
    for place, text in enumerate(asked):
        assert found.get(place, set()) == {owner for block, owner in honoured(claims) if ip_address(text) in block}


LABEL = st.sampled_from(["a", "b", "bb", "münchen", "xn--mnchen-3ya", "A"])
NAME = st.lists(LABEL, min_size=1, max_size=4).map(lambda one: ".".join([*one, "example"]))


def ascii_of(name):
    return name.rstrip(".").encode("idna").decode().lower()


def suffix_oracle(claims, name):
    labels = ascii_of(name).split(".")
    for at in range(len(labels)):
        suffix = ".".join(labels[at:])
        owners = {owner for text, owner in claims if ascii_of(text) == suffix}
        if owners:
            return suffix, frozenset(owners)
    return None


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.lists(st.tuples(NAME, OWNER), max_size=12),
    st.lists(st.tuples(NAME, st.sampled_from(["", "."])).map("".join), max_size=20),
)
def test_the_longest_suffix_wins(claims, asked):
    index = Index(Entry(DOMAIN, text, owner) for text, owner in claims)
    for kind, write in (
        (DOMAIN, str),
        (DOMAIN, str.upper),
        (URL, lambda name: f"https://user:word@{name}:8443/path?x=1"),
        (EMAIL, lambda name: f"someone@{name}"),
    ):
        found = {
            place: (claim.text, frozenset(claim.owners))
            for place, claim in index.match_many([(kind, write(name)) for name in asked])
        }
        wanted = {place: one for place, name in enumerate(asked) if (one := suffix_oracle(claims, name))}
        assert found == wanted


EVERYWHERE = Index(
    [Entry(ADDRESS, f"{first}.0.0.0/8", "bb") for first in range(256)]
    + [Entry(ADDRESS, f"{first:x}::/16", "bb") for first in range(1, 65536, 16)]
)
PIECE = st.sampled_from(["0", "1", "00", "255", "256", ":", "::", ".", "/", "ffff", "1g", "A", " ", "1.2.3.4", "12345"])


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=60), st.lists(PIECE, max_size=12).map("".join), V6.map(lambda one: one + "::")))
def test_a_text_is_an_address_exactly_when_the_standard_library_says_so(text):
    index = EVERYWHERE
    try:
        address = ip_address(text)
    except ValueError:
        if "/" not in text:
            assert index.match(ADDRESS, text) == []
        return
    if "%" in text:  # a zone means something on one machine only
        assert index.match(ADDRESS, text) == []
        return
    mapped = getattr(address, "ipv4_mapped", None) or address
    claims = index.match(ADDRESS, text)
    assert all(mapped in ip_network(claim.text) for claim in claims)
    assert bool(claims) == (mapped.version == 4 or (int(mapped) >> 112) % 16 == 1)
