"""Values in one way of writing: every reading of an address, names, URLs, what is defanged."""

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.formats import values
from tocsin.formats.values import Kind, Span

EIGHT = int(IPv4Address("8.8.8.8"))


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        " 8.8.8.8 ",
        "8[.]8[.]8[.]8",
        "8(.)8{.}8[dot]8",
        "8(DOT)8[.]8\\.8",
        "0x08.0x8.8.8",
        "0X08080808",
        "8.8.2056",
        "8.526344",
        "134744072",
        "010.8.8.8",
        "08.08.08.08",
        "::ffff:8.8.8.8",
        "::FFFF:0808:0808",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8/128",
        "[::ffff:8.8.8.8]",
        "8.8.8.8/32",
        "8.8.8.8/255.255.255.255",
        "8.8.8.8.",
    ],
)
def test_every_way_to_write_one_address_is_read(text):
    assert Span(4, EIGHT, EIGHT) in values.spans(text) or Span(4, EIGHT, EIGHT) in values.spans(text.strip("."))


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/33", "1.2.3.4/x", "1.2.3.4/255.0.255.0", "::/129", ":::", "x::1/64",
     "1.2.3.-4", "١.2.3.4", "1" * 5000, "0x.1.1.1", "fe80::1/-1"],
)  # fmt: skip
def test_what_is_no_address_is_none(text):
    assert values.spans(text) == ()


def test_a_number_with_a_leading_zero_has_two_readings():
    assert [str(IPv4Address(one.first)) for one in values.spans("010.8.8.8")] == ["8.8.8.8", "10.8.8.8"]


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_networks_are_what_the_standard_library_says(address, length):
    text = f"{address}/{length}"
    network = ip_network(text, strict=False)
    (span,) = values.spans(text)
    assert span == Span(4, int(network.network_address), int(network.broadcast_address))
    assert values.width(span) == length
    assert values.canonical(Kind.IP, text) in (str(network), str(network.network_address))


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_networks_of_version_6_too(address, length):
    network = ip_network(f"{address}/{length}", strict=False)
    span = next(one for one in values.spans(f"{address}/{length}") if one.version == 6)
    assert (span.first, span.last) == (int(network.network_address), int(network.broadcast_address))
    assert values.width(span) == length


@example("\x1b@0")
@example("::%\x1b")
@example("</-\\\\.@a")
@given(st.text(max_size=80))
@example("http://[::1")
@example("http://a:b:c@d:1/")
@example("hxxp")
def test_nothing_makes_it_fail(text):
    values.spans(text)
    values.name(text)
    values.host(text)
    values.mailbox(text)
    for kind in Kind:
        told = values.canonical(kind, text)
        assert told.isprintable()
        assert " " not in told
        assert values.canonical(kind, told) == told or not told


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Google.COM.", "google.com"),
        ("bücher.DE", "xn--bcher-kva.de"),
        ("BÜCHER.de", "xn--bcher-kva.de"),
        ("google。com", "google.com"),
        ("google[.]com", "google.com"),
        ("google(dot)com", "google.com"),
        ("_dmarc.x.org", "_dmarc.x.org"),
        ("a b.com", ""),
        ("", ""),
        ("." * 9, ""),
        ("x" * 64 + ".com", ""),
        ("ü" * 300 + ".com", ""),
    ],
)
def test_names(text, name):
    assert values.name(text) == name


@pytest.mark.parametrize(
    ("url", "host", "bare"),
    [
        ("http://evil.com/x", "evil.com", False),
        ("hxxps://user:pass@Evil.com:8443/", "Evil.com", True),
        ("h**p://evil[.]com", "evil.com", True),
        ("https://evil.com?q=1", "evil.com", False),
        ("http:\\\\evil.com\\a", "evil.com", False),
        ("http://%67oogle.com/", "google.com", True),
        ("http://[::1]:80/", "::1", True),
        ("http:////evil.com", "evil.com", True),
        ("evil.com", "evil.com", True),
        ("http://good.com@evil.com", "evil.com", True),
    ],
)
def test_the_host_of_a_url_is_where_a_browser_goes(url, host, bare):
    assert values.host(url) == (host, bare)


def test_what_is_exported_has_one_way_of_writing():
    assert values.canonical(Kind.IP, "010.8.8.8") == ""
    assert values.canonical(Kind.IP, "8[.]8.8.8") == ""
    assert values.canonical(Kind.IP, "1.2.3.4/24") == "1.2.3.0/24"
    assert values.canonical(Kind.HASH, "D41D8CD98F00B204E9800998ECF8427E") == "d41d8cd98f00b204e9800998ecf8427e"
    assert values.canonical(Kind.HASH, "3::") == ""
    assert values.canonical(Kind.DOMAIN, "8.8.8.8") == ""
    assert values.canonical(Kind.DOMAIN, "com") == ""
    assert values.canonical(Kind.URL, "http://a/\nhttp://b/") == ""
    assert values.canonical(Kind.URL, "http://a/ # x") == ""
    assert values.canonical(Kind.EMAIL, "A@B.c") == "a@b.c"
