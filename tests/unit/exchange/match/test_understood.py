"""What is typed, as it is taken; and the networks around an address."""

import pytest

from tocsin.exchange.match.understood import networks, understood


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("203.0.113.7", "ipv4", "203.0.113.7"),
        (" 203[.]0[.]113[.]7 ", "ipv4", "203.0.113.7"),
        ("2001:DB8::1", "ipv6", "2001:db8::1"),
        ("203.0.113.0/24", "network", "203.0.113.0/24"),
        ("hxxps://bad[.]example/x", "url", "https://bad.example/x"),
        ("Bad[.]Example", "domain", "bad.example"),
        ("a[at]bad.example", "email", "a@bad.example"),
        ("D41D8CD98F00B204E9800998ECF8427E", "md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a" * 64, "sha256", "a" * 64),
        ("cve-2026-12345", "cve", "CVE-2026-12345"),
        ("t1059.001", "attack", "T1059.001"),
        ("as64500", "asn", "AS64500"),
        (
            "indicator--00000001-0000-4000-8000-000000000000",
            "id",
            "indicator--00000001-0000-4000-8000-000000000000",
        ),
        ("controllers 42", "name", "controllers 42"),
        ("", "name", ""),
        ("\x00", "name", "\x00"),
        ("999.0.0.1", "name", "999.0.0.1"),
    ],
)
def test_what_is_typed_is_read(typed, kind, text):
    assert understood(typed) == (kind, text)


def test_an_address_lies_in_networks_down_to_a_bounded_width():
    found = networks(understood("203.0.113.7"))
    assert found[0] == "203.0.113.6/31"
    assert "203.0.113.0/24" in found
    assert found[-1] == "203.0.0.0/8"
    assert len(networks(understood("2001:db8::1"))) == 112
    assert networks(understood("10.0.0.0/24"))[0] == "10.0.0.0/23"
    assert networks(understood("0.0.0.0/0")) == []
    assert networks(understood("bad.example")) == []
