"""Patterns: the cases of the standard's own test suite, the limits, and where the short way must not be taken."""

import pytest
from stix2patterns.test.v21 import test_validator as oasis

from tocsin.errors import FormatError
from tocsin.formats.stix import patterns
from tocsin.formats.stix.patterns import MAX_BYTES, MAX_DEPTH, MAX_TERMS, validate


@pytest.mark.parametrize("pattern", [*oasis.SPEC_CASES, *oasis.PASS_CASES, *oasis.TIMESTAMP_PASS_CASES])
def test_cases_of_the_standard_that_pass(pattern):
    validate(pattern)


@pytest.mark.parametrize("pattern", [case[0] for case in (*oasis.FAIL_CASES, *oasis.TIMESTAMP_FAIL_CASES)])
def test_cases_of_the_standard_that_fail(pattern):
    with pytest.raises(FormatError) as caught:
        validate(pattern)
    assert caught.value.code == "format.stix-pattern"


@pytest.mark.parametrize(
    "pattern",
    [
        "[EXISTS file:name]",
        "[NOT EXISTS file:name]",
        "[file:size IN ()]",
        "[file:size = +5]",
        "[file:size = -.5]",
        "[file:name /* why */ = 'a'] // because",
        "[file:x[-1][+1].y[*] = true]",
        "[((file:size = 1) OR file:size = 2) AND file:size NOT > 3]",
        "[file:hashes.'SHA-256' IN ('" + "a" * 64 + "', '" + "b" * 64 + "')]",
        "[file:content_ref.hashes.MD5 LIKE 'a%']",
        "[file:name = 'it\\'s \\\\ here']",
        "[file:name = 1] WITHIN 1.5 SECONDS REPEATS 2 TIMES",
    ],
)
def test_further_patterns(pattern):
    validate(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[]",
        "()",
        "[file:size = 1",
        "[file:size = 1] AND",
        "[file:size = 1][file:size = 2]",
        "[file:name EXISTS]",
        "[file:a-b = 1]",
        "[file:true = 'a']",
        "[true:name = 'a']",
        "[AND:name = 'a']",
        "[file:size = 007]",
        "[file:size > true]",
        "[file:size IN (1,)]",
        "[file:size NOT NOT = 1]",
        "[file:name LIKE 5]",
        "[file:name = 'a\\n']",
        "[file:name = h'0']",
        "[file:name = b'AA=']",
        "[file:hashes.MD5 = 'a']",
        "[file:hashes.md5 = 'a']",
        "[file:hashes.'SHA-1' != 'a']",
        "[file:hashes.SSDEEP = 'a b']",
        "[file:content_ref.hashes.MD5 IN ('a')]",
        "[file:size = 1] REPEATS 1.5 TIMES",
        "[file:size = 1] WITHIN -5 SECONDS",
        "[file:size = 1] /*",
        "[fileé:size = 1]",
    ],
)
def test_further_texts_that_are_no_patterns(pattern):
    with pytest.raises(FormatError):
        validate(pattern)


def terms(count):
    return "[" + " OR ".join(["a:b = 1"] * count) + "]"


def nested(depth):
    return "(" * depth + "[a:b = 1]" + ")" * depth


@pytest.mark.parametrize(
    ("pattern", "larger"),
    [
        (terms(MAX_TERMS), terms(MAX_TERMS + 1)),
        (nested(MAX_DEPTH), nested(MAX_DEPTH + 1)),
        ("[" + nested(0)[1:-1] + " " * (MAX_BYTES - 9) + "]", "[a:b = 1" + " " * (MAX_BYTES - 8) + "]"),
        ("[a:b = '" + "é" * 8187 + "']", "[a:b = '" + "é" * 8188 + "']"),
    ],
    ids=["terms", "depth", "bytes", "bytes of UTF-8"],
)
def test_limits(pattern, larger):
    validate(pattern)
    with pytest.raises(FormatError):
        validate(larger)


@pytest.mark.parametrize("pattern", ["(" * 20_000, "[" + "(" * 5000, terms(1000), "[a:b IN (" + "1," * 7000])
def test_what_makes_other_parsers_recurse_is_refused(pattern):
    with pytest.raises(FormatError):
        validate(pattern)


def test_a_simple_comparison_takes_the_short_way(monkeypatch):
    monkeypatch.setattr(patterns, "_Parser", None)
    validate("[ipv4-addr:value = '203.0.113.7']")
    validate("[file:hashes.'SHA-256' = '" + "a" * 64 + "']")
    validate("[network-traffic:dst_ref.value != 'example.com']")


def test_the_message_tells_where_and_not_what():
    with pytest.raises(FormatError) as caught:
        validate("[file:name = 'CANARY' CANARY]")
    assert caught.value.what == "character 22 of the pattern: a closing square bracket was expected"
