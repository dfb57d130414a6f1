"""Which addresses may be connected to on a stranger's word: the forms of trust.md T12 among them."""

import pytest

from tocsin.formats.unicast import is_public

INSIDE = [
    "127.0.0.1",
    "127.255.255.255",
    "10.1.1.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "192.0.0.8",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00::1",
    "ff02::1",
    "2001:db8::1",
    "2001:0:1::1",
    "100::1",
    "5f00::1",
    "3fff::1",
]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2a00:1450:4001::1", "2002:808:808::", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", INSIDE)
def test_what_is_inside_or_nowhere_is_not_public(text):
    assert not is_public(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_is_outside_is_public(text):
    assert is_public(text)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "①②⑦.0.0.1", "8.8.8.8 "]
)
def test_what_is_no_plain_address_is_not_public(text):
    assert not is_public(text)
