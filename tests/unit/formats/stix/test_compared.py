"""The values a pattern compares with, and which of them are enough by themselves."""

import pytest

from tocsin.errors import FormatError
from tocsin.formats.stix import patterns
from tocsin.formats.stix.compared import compared
from tocsin.formats.values import Kind


def told(pattern):
    patterns.validate(pattern)
    return [(one.kind.value, one.text, one.suffices) for one in compared(pattern)]


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[ipv4-addr:value = '1.2.3.4']", [("ip", "1.2.3.4", True)]),
        ("[ipv4-addr:value='1.2.3.4']", [("ip", "1.2.3.4", True)]),
        ("[ipv4-addr:value ISSUBSET '10.0.0.0/8']", [("ip", "10.0.0.0/8", True)]),
        ("[ipv4-addr:value ISSUPERSET '8.8.8.8/32']", [("ip", "8.8.8.8/32", False)]),
        ("[domain-name:value IN ('a.com', 'b.com')]", [("domain", "a.com", True), ("domain", "b.com", True)]),
        ("[url:value = 'http://a/'] OR [url:value = 'http://b/']", [("url", "http://a/", True), ("url", "http://b/", True)]),
        ("[url:value = 'http://a/'] AND [url:value = 'http://b/']", [("url", "http://a/", False), ("url", "http://b/", False)]),
        ("[ipv4-addr:value = '1.2.3.4' AND network-traffic:dst_port = 53]", [("ip", "1.2.3.4", False)]),
        ("[ipv4-addr:value = '1.2.3.4'] REPEATS 5 TIMES", [("ip", "1.2.3.4", False)]),
        ("[ipv4-addr:value = '1.2.3.4'] FOLLOWEDBY [ipv4-addr:value = '1.2.3.5']", [("ip", "1.2.3.4", False), ("ip", "1.2.3.5", False)]),
        ("[ipv4-addr:value NOT = '8.8.8.8']", []),
        ("[ipv4-addr:value != '8.8.8.8' OR ipv4-addr:value = '1.1.1.1']", [("ip", "1.1.1.1", False)]),
        ("[domain-name:value LIKE '%.a.com']", [("domain", "%.a.com", False)]),
        ("[domain-name:value MATCHES '^a']", []),
        ("[EXISTS ipv4-addr:value]", []),
        ("[domain-name:resolves_to_refs[*].value = '8.8.8.8']", [("ip", "8.8.8.8", False)]),
        ("[network-traffic:dst_ref.value = 'a.com']", [("domain", "a.com", True)]),
        ("[email-message:from_ref.value = 'a@b.c']", [("email", "a@b.c", False)]),
        ("[file:hashes.'SHA-256' = '" + "A" * 64 + "']", [("hash", "A" * 64, True)]),
        ("[file:hashes.MD5 = '" + "a" * 32 + "' OR file:name = 'x']", [("hash", "a" * 32, True)]),
        ("[x509-certificate:hashes.'SHA-1' = '" + "a" * 40 + "']", [("hash", "a" * 40, False)]),
        ("[file:name = 'it\\'s']", []),
        ("[url:value = 'http://a/\\'\\\\']", [("url", "http://a/'\\", True)]),
        ("[/* ipv4-addr:value = '9.9.9.9' */ ipv4-addr:value = '1.2.3.4']", [("ip", "1.2.3.4", True)]),
        ("([ipv4-addr:value = '1.2.3.4'] OR ([ipv6-addr:value = '::1']))", [("ip", "1.2.3.4", True), ("ip", "::1", True)]),
        ("[network-traffic:extensions.'http-request-ext'.request_header.Host = 'a.com']", [("domain", "a.com", True)]),
    ],
)  # fmt: skip
def test_what_is_compared(pattern, values):
    assert told(pattern) == values


def test_an_or_of_many_values_is_read_to_its_end():
    many = [f"1.2.{n // 256}.{n % 256}" for n in range(250)]
    pattern = "[" + " OR ".join(f"ipv4-addr:value = '{one}'" for one in many) + "]"
    assert [one[1] for one in told(pattern)] == many
    inside = "[ipv4-addr:value IN (" + ",".join(f"'{one}'" for one in many * 4) + ")]"
    assert len(told(inside)) == 1000
    assert compared("[ipv4-addr:value IN ()]") == []


def test_ten_thousand_values_do_not_pass_the_gate():
    pattern = "[" + " OR ".join(["ipv4-addr:value = '1.2.3.4'"] * 10_000) + "]"
    with pytest.raises(FormatError) as caught:
        patterns.validate(pattern)
    assert caught.value.code == "format.stix-pattern"


def test_the_kinds_are_those_of_the_paths():
    assert [one.kind for one in compared("[email-addr:value = 'a@b.c' OR ipv6-addr:value = '::1']")] == [
        Kind.EMAIL,
        Kind.IP,
    ]
