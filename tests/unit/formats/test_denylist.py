"""Compiled lists say what the published ones say: each type against the naive way, and whatever damages them."""

from ipaddress import ip_address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import FormatError
from tocsin.formats import denylist, values
from tocsin.formats.denylist import Hit, Lists, Source, mark_span
from tocsin.formats.values import Kind, Span

EVERYTHING = ["ip-src", "domain", "url", "md5", "email-src"]


def compiled(type_, entries, attributes=EVERYTHING, filtered=True):
    source = Source("one", type_, 1, entries, attributes)
    return Lists(denylist.compile_lists({"one": source}, {"one": filtered}))


v4 = st.ip_addresses(v=4).map(lambda one: f"192.0.{int(one) >> 8 & 3}.{int(one) & 255}")
networks = st.builds(lambda one, bits: str(ip_network(f"{one}/{bits}", strict=False)), v4, st.integers(18, 32))
v6 = st.integers(0, 0xFFFF).map(lambda one: f"2001:db8::{one:x}")
networks6 = st.builds(lambda one, bits: str(ip_network(f"{one}/{bits}", strict=False)), v6, st.integers(100, 128))
labels = st.sampled_from(["a", "b", "www", "com", "co", "uk", "xn--a"])
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


def overlaps(entries, asked):
    wanted = ip_network(asked)
    found = [ip_network(one, strict=False) for one in entries]
    return any(one.version == wanted.version and one.overlaps(wanted) for one in found)


def covers(entries, asked):
    """Whether every address asked for is listed: by collapsing, not by bisecting."""
    wanted = ip_network(asked)
    found = [one for one in map(ip_network, entries) if one.version == wanted.version]
    return (
        all(any(ip_address(int(one)) in each for each in found) for one in wanted)
        if wanted.num_addresses <= 64
        else None
    )


@pytest.mark.slow
@given(st.lists(networks, max_size=12), networks)
def test_cidr_is_what_overlaps(entries, asked):
    (span,) = values.spans(asked)
    hits = compiled("cidr", entries).addresses(span)
    assert bool(hits) == overlaps(entries, asked)
    known = covers(entries, asked)
    if hits and known is not None:
        assert hits == [Hit("one", known)]


@pytest.mark.slow
@given(st.lists(networks6, max_size=12), networks6)
def test_cidr_of_version_6_too(entries, asked):
    span = next(one for one in values.spans(asked) if one.version == 6)
    assert bool(compiled("cidr", entries).addresses(span)) == overlaps(entries, asked)


@pytest.mark.slow
@given(st.lists(st.builds(lambda dot, one: dot + one, st.sampled_from(["", "."]), names), max_size=8), names)
def test_hostname_is_the_name_and_all_below_it(entries, asked):
    bare = {one.lstrip(".") for one in entries}
    below = any(asked == one or asked.endswith("." + one) for one in bare)
    hits = compiled("hostname", entries).names(asked)
    assert bool(hits) == below
    if hits and asked in bare:
        assert hits == [Hit("one", True)]


@pytest.mark.slow
@given(st.lists(st.builds(lambda dot, one: dot + one, st.sampled_from(["", "."]), names), max_size=8), names)
def test_string_is_exactly_this_and_with_a_dot_all_below_it(entries, asked):
    exact = {one for one in entries if one[0] != "."}
    below = {one[1:] for one in entries if one[0] == "."}
    wanted = (
        asked in exact
        or asked.removeprefix("www.") in exact
        or any(asked == one or asked.endswith("." + one) for one in below)
    )
    assert bool(compiled("string", entries).names(asked)) == wanted


@pytest.mark.slow
@given(st.lists(st.text("ab.c", min_size=1, max_size=4), min_size=1, max_size=6), names)
def test_substring_is_anywhere(entries, asked):
    assert bool(compiled("substring", entries).names(asked)) == any(one in asked for one in entries)


@pytest.mark.slow
@given(st.lists(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=6), st.booleans())
def test_hashes_are_told_whatever_their_case(entries, upper):
    lists = compiled("string", [one.upper() if upper else one for one in entries])
    for one in entries:
        assert lists.hashes(one)
        assert not lists.hashes(one[:-1] + ("0" if one[-1] != "0" else "1")) or one[:-1] in {
            each[:-1] for each in entries
        }


def test_a_plain_regular_expression_is_asked_and_no_other():
    lists = compiled("regex", ["/^(abuse|soc)\\@.*\\..*$/i"])
    assert lists.mailboxes("ABUSE@a.org")
    assert not lists.mailboxes("mabuse@a.org")
    assert not lists.mailboxes("abuse@" + "a" * 5000)
    for hostile in ("/(a+)+$/", "/(.*)*x/", "/a{1,99999}/", "(?=x)", "[a-z]+", "/x/s", "a" * 300, "/(a|b)\\1/"):
        with pytest.raises(FormatError) as caught:
            compiled("regex", [hostile])
        assert caught.value.code == "format.denylist"


def test_a_list_is_asked_about_the_kinds_that_it_is_for():
    only = compiled("string", ["a.com"], ["domain"])
    assert only.names("a.com") == [Hit("one", True)]
    assert only.names("a.com", Kind.URL) == []
    assert only.hashes("a.com") == []
    assert compiled("string", ["a.com"], []).names("a.com", Kind.URL), "one that names none is for all"


def test_an_unknown_type_is_refused():
    with pytest.raises(FormatError) as caught:
        compiled("fuzzy", ["a"])
    assert caught.value.code == "format.denylist"


@pytest.mark.slow
def test_names_come_to_their_punycode_and_addresses_among_substrings_are_addresses():
    assert compiled("hostname", ["Bücher.de", "x.ORG."]).names("a.xn--bcher-kva.de")
    assert compiled("hostname", ["x.ORG."]).names("x.org")
    (span,) = values.spans("52.168.52.134")
    assert compiled("substring", ["52.168.52.134", "a.com"]).addresses(span) == [Hit("one", True)]


@given(st.binary(max_size=300))
def test_what_is_not_compiled_is_refused(data):
    with pytest.raises(FormatError):
        Lists(data)


@pytest.mark.slow
@given(st.data())
def test_one_changed_byte_is_seen(data):
    whole = bytearray(denylist.compile_lists({"a": Source("a", "string", 1, ["x.com"], [])}, {"a": False})[:4000])
    small = bytearray(_SMALL)
    at = data.draw(st.integers(0, len(small) - 1))
    small[at] ^= 1 + data.draw(st.integers(0, 254))
    with pytest.raises(FormatError):
        Lists(bytes(small))
    with pytest.raises(FormatError):
        Lists(bytes(whole))


_SMALL = denylist.compile_lists({"a": Source("a", "string", 1, ["x.com"], [])}, {"a": True})


def test_compiling_twice_gives_the_same_bytes():
    sources = {
        "b": Source("b", "hostname", 2, ["y.com", "x.com"], []),
        "a": Source("a", "cidr", "3", ["10.0.0.0/8"], []),
    }
    first = denylist.compile_lists(sources, {"a": True, "b": False})
    assert first == denylist.compile_lists(dict(reversed(sources.items())), {"a": True, "b": False})
    assert [(one.list, one.version, one.entries) for one in Lists(first).tables] == [("a", "3", 1), ("b", "2", 2)]


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 900)), max_size=6))
def test_the_filter_has_every_network_that_a_span_touches(found):
    bits = bytearray(1 << 21)
    wanted = set()
    for low, length in found:
        mark_span(bits, Span(4, low << 8 | 7, (low + length) << 8))
        wanted |= set(range(low, low + length + 1)) if length else {low}
    assert {one for one in range(6000) if bits[one >> 3] >> (one & 7) & 1} == wanted
    for low, length in found:
        mark_span(bits, Span(4, low << 8, (low + length) << 8 | 255), clear=True)
    assert not any(bits)


def test_a_file_of_the_package_is_read_strictly():
    assert denylist.read_source(b'{"name":"n","type":"cidr","version":1,"list":["a"],"more":1}').entries == ["a"]
    for bad in (b"", b"[]", b'{"name":"n"}', b'{"name":"n","type":"cidr","version":1,"list":[1]}', b"\xff"):
        with pytest.raises(FormatError) as caught:
            denylist.read_source(bad)
        assert caught.value.code == "format.denylist"
    assert msgspec.json.encode(denylist.empty().tables) == b"[]"
