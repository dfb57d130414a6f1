"""What a member answers for: what counts, what is too wide to count, what a hostile value matches."""

from types import SimpleNamespace

import pytest

from tocsin.exchange.match.constituency import (
    ADDRESS,
    ASN,
    COUNTRY,
    DOMAIN,
    EMAIL,
    IDENTITY,
    KINDS,
    SECTOR,
    URL,
    Entry,
    Index,
    of_members,
)


def member(handle, *, countries=(), sectors=(), identity="", **constituency):
    return SimpleNamespace(
        handle=handle,
        countries=countries,
        sectors=sectors,
        identity=identity or f"identity--{handle}",
        constituency=constituency,
    )


BB = member(
    "bb",
    countries=("FR",),
    sectors=("energy",),
    cidr=("203.0.113.0/24", "2001:db8::/32"),
    domains=("bb.example", "Büro.example"),
    asn=("AS64500", "64501"),
)
INDEX = of_members([BB, member("cc", cidr=("203.0.113.64/26",), domains=("deep.bb.example",))])


@pytest.mark.parametrize(
    ("kind", "text", "claim", "owners"),
    [
        (ADDRESS, "203.0.113.7", "203.0.113.0/24", ("bb",)),
        (ADDRESS, "203.0.113.64", "203.0.113.64/26", ("cc",)),
        (ADDRESS, "203.0.113.127", "203.0.113.64/26", ("cc",)),
        (ADDRESS, "203.0.113.128", "203.0.113.0/24", ("bb",)),
        (ADDRESS, "203.0.113.16/28", "203.0.113.0/24", ("bb",)),
        (ADDRESS, "::ffff:203.0.113.7", "203.0.113.0/24", ("bb",)),
        (ADDRESS, "2001:DB8::1", "2001:db8::/32", ("bb",)),
        (DOMAIN, "WWW.bb.Example.", "bb.example", ("bb",)),
        (DOMAIN, "x.deep.bb.example", "deep.bb.example", ("cc",)),
        (DOMAIN, "xn--bro-hoa.example", "xn--bro-hoa.example", ("bb",)),
        (DOMAIN, "a.BÜRO.example", "xn--bro-hoa.example", ("bb",)),
        (URL, "https://joe:x@www.bb.example:8443/?q", "bb.example", ("bb",)),
        (URL, "http://203.0.113.7:80/a", "203.0.113.0/24", ("bb",)),
        (URL, "https://[2001:db8::7]/", "2001:db8::/32", ("bb",)),
        (URL, "ftp://bb.example", "bb.example", ("bb",)),
        (EMAIL, "joe@mail.bb.example", "bb.example", ("bb",)),
        (ASN, "64500", "64500", ("bb",)),
        (ASN, "AS64501", "64501", ("bb",)),
        (COUNTRY, "fr", "FR", ("bb",)),
        (SECTOR, "Energy", "energy", ("bb",)),
        (IDENTITY, "identity--bb", "identity--bb", ("bb",)),
    ],
)
def test_the_most_specific_claim_is_found(kind, text, claim, owners):
    assert [(one.text, one.owners) for one in INDEX.match(kind, text)] == [(claim, owners)]


def test_a_block_names_what_is_claimed_around_it_and_in_it():
    assert [one.text for one in INDEX.match(ADDRESS, "203.0.113.0/25")] == ["203.0.113.0/24", "203.0.113.64/26"]
    assert [one.text for one in INDEX.match(ADDRESS, "203.0.0.0/16")] == ["203.0.113.0/24", "203.0.113.64/26"]
    assert INDEX.match(ADDRESS, "192.0.0.0/7") == [], "as wide as that it names nobody"


HOSTILE = [
    "",
    ".",
    "..",
    "203.0.113[.]7",
    "203[.]0.113.7",
    "203.0.113.07",
    "203.0.113.256",
    " 203.0.113.7",
    "203.0.113.7 ",
    "203.0.113.7\n",
    "203.0.113.7/",
    "203.0.113.7/33",
    "203.0.113.7/-1",
    "203.0.113.7/ 24",
    "0xcb.0.113.7",
    "٢٠٣.0.113.7",
    "2001:db8::1%eth0",
    "2001:db8:::1",
    "2001:db8::1::2",
    "bb[.]example",
    "www.bb.example/path",
    "www..bb.example",
    ".bb.example",
    "bb.example..",
    "-x.bb.example",
    "x y.bb.example",
    "a" * 64 + ".bb.example",
    ".".join(["a"] * 4000) + ".bb.example",
    "ü" * 5000 + ".bb.example",
    "\ud800.bb.example",
    "notbb.example",
    "hxxp://bb.example/",
    "hxxps://203.0.113.7/",
    "http:/bb.example",
    "http://bb[.]example/",
    "http://[203.0.113.7]/x",
    "http://[::1/",
    "//bb.example/",
    "javascript:alert('bb.example')",
    "http://" + "a" * 100_000 + ".bb.example/",
    "http://www.bb.example\\@evil.example/",
    "@bb.example",
    "joe@",
    "joe(at)bb.example",
    "AS",
    "AS-64500",
    "64500.0",
    "99999999999",
    "FRA",
    "F",
    "\x00",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:24]))
def test_what_is_odd_matches_nothing(text):
    assert {kind: INDEX.match(kind, text) for kind in KINDS} == {kind: [] for kind in KINDS}


def test_who_claims_a_public_suffix_is_shown_and_not_asked_unless_it_is_the_countrys_own():
    index = of_members(
        [member("fr", countries=("FR",), domains=("com", "fr", "gouv.fr", "co.uk", "de"), cidr=("0.0.0.0/0",))]
    )
    assert [one.text for one in index.too_wide] == ["0.0.0.0/0", "com", "co.uk", "de"]
    assert index.match(DOMAIN, "anything.com") == []
    assert index.match(ADDRESS, "192.0.2.1") == []
    assert [(one.text, one.wide) for one in index.match(DOMAIN, "lycee.fr")] == [("fr", True)]
    assert [(one.text, one.wide) for one in index.match(DOMAIN, "x.gouv.fr")] == [("gouv.fr", True)]


def test_a_claim_of_two_members_is_told_of_both():
    index = of_members([member(one, cidr=("203.0.113.0/24",), countries=("FR",)) for one in ("bb", "cc")])
    assert [one.owners for one in index.match(ADDRESS, "203.0.113.7")] == [("bb", "cc")]
    assert [one.owners for one in index.match(COUNTRY, "FR")] == [("bb", "cc")]


def test_a_batch_tells_the_place_of_each():
    batch = [(DOMAIN, "bb.example"), (ADDRESS, "192.0.2.1"), (ADDRESS, "203.0.113.7"), ("unknown", "x"), (DOMAIN, "x")]
    assert sorted((place, claim.text) for place, claim in INDEX.match_many(batch)) == [
        (0, "bb.example"),
        (2, "203.0.113.0/24"),
    ]
    assert Index([]).match_many(batch) == []


def test_an_entry_that_is_no_value_is_left_out():
    index = Index([Entry(ADDRESS, "10.0.0.0/40", "bb"), Entry(ASN, "x", "bb"), Entry(DOMAIN, "a b", "bb")])
    assert (index.size, len(index.too_wide)) == (0, 3)
