"""What must not be blocked: the real lists, the members' own, the floor; and in what ways a value may be written."""

import asyncio
import importlib.util
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tocsin.backends.system import warninglists
from tocsin.backends.system.warninglists import WarningLists
from tocsin.errors import ConfigError, FormatError
from tocsin.exchange.match import chosen
from tocsin.exchange.match.chosen import CHOSEN, FLOOR, LEFT_OUT, MEMBERS, Effect
from tocsin.exchange.match.denylist import DenyList
from tocsin.formats import denylist, values
from tocsin.formats.stix import patterns
from tocsin.formats.values import Kind

ROOT = Path(__file__).parents[4]
PRACTICE = ("198.51.100.7", "203.0.113.0/24", "a.example", "x.example.com")


class Charter(SimpleNamespace):
    has_charter = True

    def __init__(self, **members):
        made = {name: SimpleNamespace(constituency=claims) for name, claims in members.items()}
        super().__init__(charter=SimpleNamespace(version=1, members=made))


OWN = Charter(
    aa={"cidr": ("130.133.0.0/16", "2a00:1234::/32", "9.0.0.0/7", "2000::/12"), "domains": ("Ministry.gov.xx", "com", "co.uk")},
    bb={"cidr": (), "domains": ("*.bb-cert.org",)},
)  # fmt: skip


@pytest.fixture(scope="module")
def deny(tmp_path_factory):
    made = DenyList(OWN)
    asyncio.run(made.load(WarningLists(tmp_path_factory.mktemp("lists"))))
    assert made.fault is None
    return made


def indicator(pattern, **more):
    patterns.validate(pattern)
    return {"type": "indicator", "pattern": pattern, "pattern_type": "stix", **more}


PATHS = {
    Kind.IP: "ipv4-addr:value",
    Kind.DOMAIN: "domain-name:value",
    Kind.URL: "url:value",
    Kind.EMAIL: "email-addr:value",
}


def of(kind, text):
    if kind is Kind.HASH:
        name = {32: "MD5", 40: "'SHA-1'", 56: "'SHA-224'", 64: "'SHA-256'", 128: "'SHA-512'"}.get(len(text), "SSDEEP")
        return indicator(f"[file:hashes.{name} = '{text}']")
    return indicator(f"[{PATHS[kind]} = '{text}']")


def refused(deny, kind, text):
    return deny.refusals([of(kind, text)])[0]


# -- the lists ------------------------------------------------------------------------------------------------------


def samples(name):
    """Ten entries of a published list, each with the kind it is of."""
    folder = Path(importlib.util.find_spec("pymispwarninglists").origin).parent
    source = denylist.read_source(folder.joinpath("data", "misp-warninglists", "lists", name, "list.json").read_bytes())
    picked = random.Random(name).sample(source.entries, min(10, len(source.entries)))
    for text in picked:
        if source.type == "cidr":
            yield Kind.IP, text
        elif source.type == "regex":
            yield Kind.EMAIL, "abuse@whoever.org"
        elif values.digest(text):
            yield Kind.HASH, text
        elif values.spans(text):
            yield Kind.IP, text
        elif values.name(text.lstrip(".")):
            yield Kind.DOMAIN, text.lstrip(".")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_ten_of_each_list_are_held_back(deny, name):
    found = list(samples(name))
    assert (
        len(found) == min(10, next(one.entries for one in deny._lists.tables if one.list == name))
        or name == "public-dns-hostname"
    )
    for kind, text in found:
        assert name in deny.holding(kind, text), text
        lists = refused(deny, kind, text)
        practice = kind is Kind.DOMAIN and text.split(".")[-1] in ("example", "test", "invalid")
        practice = practice or text in (
            "192.0.2.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "198.18.0.0/15",
            "2001:DB8::/32",
        )
        practice = practice or text.startswith("example.")
        if CHOSEN[name] is Effect.HOLD or practice:
            assert name not in lists
        else:
            assert name in lists, text


def test_every_list_of_the_package_is_chosen_or_left_out_with_a_reason():
    folder = Path(importlib.util.find_spec("pymispwarninglists").origin).parent
    there = {one.name for one in folder.joinpath("data", "misp-warninglists", "lists").iterdir() if one.is_dir()}
    assert there == CHOSEN.keys() | LEFT_OUT.keys()
    assert not CHOSEN.keys() & LEFT_OUT.keys()


def test_the_page_says_which_lists_and_with_which_effect(deny):
    page = (ROOT / "docs" / "poisoning.md").read_text("utf-8")
    for one in deny._lists.tables:
        kinds = ", ".join(kind.value for kind in one.kinds)
        assert f"| `{one.list}` | {one.type} | {one.entries:,} | {kinds} | {CHOSEN[one.list].value} |" in page
    for name, why in LEFT_OUT.items():
        assert f"| `{name}` | {why} |" in page
    assert len(re.findall(r"^\| `[^`]+` \| [a-z]+ \| [0-9,]+ \|", page, flags=re.MULTILINE)) == len(CHOSEN)


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        (Kind.IP, "8.8.8.8", "public-dns-v4"),
        (Kind.IP, "8.8.8.0/24", "public-dns-v4"),
        (Kind.IP, "0.0.0.0/0", FLOOR),
        (Kind.IP, "::/0", FLOOR),
        (Kind.IP, "45.0.0.0/15", FLOOR),
        (Kind.IP, "2a05::/31", FLOOR),
        (Kind.IP, "10.1.2.3", "rfc1918"),
        (Kind.IP, "127.0.0.1", "rfc5735"),
        (Kind.IP, "100.64.0.1", "rfc6598"),
        (Kind.IP, "224.0.0.1", "multicast"),
        (Kind.IP, "fe80::1", "ipv6-linklocal"),
        (Kind.IP, "130.133.8.8", MEMBERS),
        (Kind.IP, "130.133.0.0/16", MEMBERS),
        (Kind.IP, "130.133.200.0/24", MEMBERS),
        (Kind.IP, "2a00:1234::1", MEMBERS),
        (Kind.DOMAIN, "ministry.gov.xx", MEMBERS),
        (Kind.DOMAIN, "mail.MINISTRY.gov.xx.", MEMBERS),
        (Kind.DOMAIN, "www.bb-cert.org", MEMBERS),
        (Kind.EMAIL, "x@ministry.gov.xx", MEMBERS),
        (Kind.URL, "https://www.ministry.gov.xx/login", MEMBERS),
        (Kind.URL, "http://8.8.8.8/x", "public-dns-v4"),
        (Kind.URL, "http://user@0x08080808:53/x", "public-dns-v4"),
        (Kind.URL, "https://google.com/", "alexa"),
        (Kind.DOMAIN, "google.com", "alexa"),
        (Kind.DOMAIN, "www.google.com", "alexa"),
        (Kind.DOMAIN, "com", "tlds"),
        (Kind.DOMAIN, "co.uk", "second-level-tlds"),
        (Kind.DOMAIN, "captive.apple.com", "captive-portals"),
        (Kind.EMAIL, "abuse@somebody.net", "common-contact-emails"),
        (Kind.HASH, "d41d8cd98f00b204e9800998ecf8427e", "empty-hashes"),
        (Kind.HASH, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "empty-hashes"),
        (Kind.HASH, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "empty-hashes"),
    ],
)
def test_what_is_never_blocked(deny, kind, text, name):
    assert name in refused(deny, kind, text)
    assert name in deny.holding(kind, text)


@pytest.mark.parametrize(
    "text",
    ["8[.]8[.]8[.]8", "0x08.8.8.8", "010.8.8.8", "8.8.2056", "134744072", " 8.8.8.8", "8.8.8.8/32", "8.8.8.8/255.255.255.255",
     "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "::ffff:808:808/127"],
)  # fmt: skip
def test_a_listed_address_is_found_however_it_is_written(deny, text):
    assert "public-dns-v4" in refused(deny, Kind.IP, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value = '45.1.1.1' OR ipv4-addr:value = '8.8.8.8']",
        "[ipv4-addr:value IN ('45.1.1.1', '8.8.8.8')]",
        "[ipv4-addr:value ISSUBSET '8.8.0.0/16']",
        "[ipv4-addr:value ISSUPERSET '8.8.8.8/32']",
        "[network-traffic:dst_ref.value = '8.8.8.8' AND network-traffic:dst_port = 53]",
        "[domain-name:value = 'a.b.c' AND domain-name:resolves_to_refs[*].value = '8.8.8.8']",
        "([ipv4-addr:value = '45.1.1.1'] FOLLOWEDBY [ipv4-addr:value = '8.8.8.8']) WITHIN 5 SECONDS",
        "[ipv4-addr:value='8.8.8.8']",
        "[ ipv4-addr:value = '8.8.8.8' ]",
        "[ipv4-addr:value == '8.8.8.8']",
        "[domain-name:value LIKE '8.8.8.8%']",
        "[" + " OR ".join(f"ipv4-addr:value = '45.1.1.{n}'" for n in range(250)) + " OR ipv4-addr:value = '8.8.8.8']",
    ],
)
def test_a_listed_address_is_found_wherever_it_stands(deny, pattern):
    assert "public-dns-v4" in deny.refusals([indicator(pattern)])[0]


@pytest.mark.parametrize("pattern", ["%", "%.com", "_%", "google%", "8.%"])
def test_a_wildcard_without_a_name_is_too_broad(deny, pattern):
    assert deny.refusals([indicator(f"[domain-name:value LIKE '{pattern}']")]) == [(FLOOR,)]
    assert deny.refusals([indicator(f"[url:value LIKE 'http://{pattern}']")]) == [(FLOOR,)]


def test_a_wildcard_around_a_listed_name_is_that_name(deny):
    assert "alexa" in deny.refusals([indicator("[domain-name:value LIKE '%.google.com']")])[0]
    assert deny.refusals([indicator("[domain-name:value LIKE '%.evil-thing.ru']")]) == [()]


# -- what is let through --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.IP, "45.95.147.236"),
        (Kind.IP, "45.95.147.0/24"),
        (Kind.IP, "2a05:1::/32"),
        (Kind.IP, "9.1.2.3"),
        (Kind.DOMAIN, "evil-thing-1234.ru"),
        (Kind.DOMAIN, "evil.blogspot.com"),
        (Kind.DOMAIN, "some-shop.co.uk"),
        (Kind.DOMAIN, "anything-at-all.com"),
        (Kind.URL, "https://docs.google.com/forms/d/e/evil"),
        (Kind.EMAIL, "ceo@evil-thing-1234.ru"),
        (Kind.HASH, "a" * 64),
        *((Kind.IP if one[0].isdigit() else Kind.DOMAIN, one) for one in PRACTICE),
    ],
)
def test_what_is_worth_sharing_is_shared(deny, kind, text):
    assert refused(deny, kind, text) == ()


def test_what_is_shared_by_many_is_told_and_not_exported(deny):
    for kind, text, name in (
        (Kind.DOMAIN, "evil.blogspot.com", "tranco"),
        (Kind.URL, "https://docs.google.com/forms/d/e/evil", "tranco"),
        (Kind.IP, "3.5.140.1", "amazon-aws"),
        (Kind.DOMAIN, "x.duckdns.org", "dynamic-dns"),
        (Kind.IP, "198.51.100.7", "rfc5735"),
        (Kind.IP, "2001:db8::1", "rfc3849"),
    ):
        assert refused(deny, kind, text) == (), text
        assert name in deny.holding(kind, text), text


def test_what_calls_for_no_block_is_not_looked_at(deny):
    pattern = "[ipv4-addr:value = '130.133.8.8']"
    assert deny.refusals([indicator(pattern, indicator_types=["compromised"])]) == [()]
    assert deny.refusals([indicator(pattern, indicator_types=["benign"])]) == [()]
    for types in ([], ["compromised", "malicious-activity"], ["unknown"]):
        assert deny.refusals([indicator(pattern, indicator_types=types)]) == [(MEMBERS,)]
    assert deny.refusals([{**indicator(pattern), "pattern_type": "snort"}]) == [()]
    assert deny.refusals([indicator("[ipv4-addr:value != '8.8.8.8']")]) == [()]


def test_an_absurd_claim_of_a_member_counts_for_nothing(deny):
    """aa claims 9.0.0.0/7, 2000::/12, com and co.uk."""
    own = deny._known()
    assert sorted(own.names) == ["bb-cert.org", "ministry.gov.xx"]
    assert [values.width(one) for one in own.spans] == [16, 32]


@pytest.mark.slow
def test_the_filters_never_say_no_where_the_lists_say_yes(deny):
    """What `_passes` lets through, the slow way lets through."""
    deny._known()  # the filters are made with what the members claim
    chance = random.Random(5)
    texts = [
        (Kind.IP, f"{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(4)}.{chance.randrange(256)}")
        for _ in range(3000)
    ]
    texts += [one for name in sorted(CHOSEN) for one in samples(name)]
    texts += [(Kind.DOMAIN, "WWW." + text.upper()) for kind, text in texts if kind is Kind.DOMAIN]
    passed = 0
    for kind, text in texts:
        one = of(kind, text)
        if deny._passes(one["pattern"]):
            passed += 1
            assert deny.forbidding(one) == (), text
    assert passed > 1500


def test_another_charter_brings_other_networks(deny):
    charter = Charter(aa={"cidr": ("45.1.0.0/16",)})
    made = DenyList(charter)
    made.use(deny._lists)
    assert refused(made, Kind.IP, "45.1.2.3") == (MEMBERS,)
    charter.charter = SimpleNamespace(version=2, members={})
    assert refused(made, Kind.IP, "45.1.2.3") == ()


# -- loading --------------------------------------------------------------------------------------------------------


def test_without_the_package_the_node_says_so_and_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(warninglists, "PACKAGE", "no_such_package")
    made = DenyList(OWN)
    with pytest.raises(ConfigError) as caught:
        asyncio.run(made.load(WarningLists(tmp_path)))
    assert (caught.value.code, made.fault) == ("config.denylists", "config.denylists")
    asyncio.run(made.settled())
    assert refused(made, Kind.IP, "130.133.8.8") == (MEMBERS,)
    assert refused(made, Kind.IP, "0.0.0.0/0") == (FLOOR, MEMBERS)
    assert refused(made, Kind.IP, "8.8.8.8") == ()


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package of small lists, and a cache of its own."""
    folder = tmp_path / "site" / "small_lists"
    for name in CHOSEN:
        there = folder.joinpath("data", "misp-warninglists", "lists", name)
        there.mkdir(parents=True)
        (there / "list.json").write_text(
            '{"name":"x","type":"cidr","version":1,"list":["9.9.9.9"],"matching_attributes":["ip-src"]}'
        )
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setattr(warninglists, "PACKAGE", "small_lists")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder.joinpath("data", "misp-warninglists", "lists")


def test_a_damaged_list_is_told(package, tmp_path):
    (package / "rfc1918" / "list.json").write_text("{")
    file = warninglists.place(tmp_path)
    with pytest.raises(ConfigError) as caught:
        warninglists.compile_to(file)
    assert caught.value.code == "config.denylists"
    assert "rfc1918" in caught.value.what
    (package / "rfc1918" / "list.json").unlink()
    with pytest.raises(ConfigError):
        warninglists.files()


@pytest.mark.slow
def test_the_compiled_lists_are_kept_checked_and_made_anew(package, tmp_path):
    file = warninglists.place(tmp_path)
    assert file.parent == tmp_path / "cache" / "tocsin"
    warninglists.compile_to(file)
    first = file.stat().st_mtime_ns
    warninglists.compile_to(file)
    assert file.stat().st_mtime_ns == first, "who comes second has nothing to do"
    assert file.stat().st_mode & 0o777 == 0o600
    assert {one.list for one in warninglists.read(file).tables} == set(CHOSEN)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ConfigError):
        warninglists.read(file)
    warninglists.compile_to(file)
    assert warninglists.read(file)
    (package / "rfc1918" / "list.json").write_text('{"name":"x","type":"cidr","version":2,"list":["9.9.9.8"]}')
    other = warninglists.place(tmp_path)
    assert other != file, "another package has another place"
    warninglists.compile_to(other)
    assert not file.exists()


def test_a_cache_that_others_may_write_into_is_not_used(package, tmp_path):
    cache = tmp_path / "cache" / "tocsin"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    assert warninglists.place(tmp_path / "run").parent == tmp_path / "run"


@pytest.mark.slow
def test_compiling_apart_tells_what_went_wrong(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "tocsin.backends.system.warninglists", str(tmp_path / "nowhere" / "x.bin")],
        capture_output=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        check=False,
    )
    assert process.returncode == 1
    assert b"Traceback" not in process.stderr


def test_an_empty_place_is_asked_like_any_other():
    lists = denylist.empty()
    assert lists.names("a.com") == []
    with pytest.raises(FormatError):
        denylist.Lists(b"x")
    assert set(chosen.filtered()) == set(CHOSEN)
