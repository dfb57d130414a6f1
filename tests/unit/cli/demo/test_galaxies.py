import functools
import hashlib
import importlib.util
import re
from collections import Counter

import orjson
import pytest

from tocsin.cli.demo import clusters, galaxies, iocs
from tocsin.errors import MEANINGS, ConfigError
from tocsin.formats import canonical
from tocsin.formats.stix.check import check

pytestmark = pytest.mark.slow  # each reads the whole of the data, and some load the OASIS validator

RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
TLP = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": 0,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": 1,
}


@functools.cache
def sample_bytes():
    return tuple(galaxies.objects())


@functools.cache
def sample():
    return tuple(map(orjson.loads, sample_bytes()))


def of_type(kind):
    return [thing for thing in sample() if thing["type"] == kind]


def relationships():
    names = {thing["id"]: thing.get("name") for thing in sample()}
    return {(names[r["source_ref"]], r["relationship_type"], names[r["target_ref"]]) for r in of_type("relationship")}


def refusals(things):
    from stix2validator import ValidationOptions, validate_instance  # takes seconds to load

    # its recommendations count as well, except two: random ids (ours are derived), and a hash of each page referred to
    options = ValidationOptions(version="2.1", strict=True, disabled=["uuid-check", "extref-hashes"])
    return {
        thing["id"]: [str(error) for error in result.errors]
        for thing in things
        if not (result := validate_instance(thing, options)).is_valid
    }


def spread(things, per_type):
    """A few of each type, chosen by a hash so that the choice does not follow the order of the data."""
    ordered = sorted(things, key=lambda thing: hashlib.sha256(thing["id"].encode()).digest())
    seen = Counter()
    for thing in ordered:
        seen[thing["type"]] += 1
        if seen[thing["type"]] <= per_type:
            yield thing


def test_there_is_enough_to_share():
    kinds = Counter(thing["type"] for thing in sample())
    assert sum(kinds.values()) >= 5_000
    assert set(kinds) == {
        "identity",
        "location",
        "threat-actor",
        "intrusion-set",
        "malware",
        "tool",
        "relationship",
    }
    assert kinds["relationship"] >= 2_000


def test_the_same_installation_gives_the_same_bytes():
    assert tuple(galaxies.objects(limit=10**6)) == sample_bytes()


def test_the_bytes_are_canonical():
    assert all(canonical.encode(thing) == raw for thing, raw in zip(sample(), sample_bytes(), strict=True))


def test_ids_are_unique():
    assert max(Counter(thing["id"] for thing in sample()).values()) == 1


def test_both_ends_and_the_creator_come_before_what_refers_to_them():
    known = set()
    for thing in sample():
        refs = {thing.get("source_ref"), thing.get("target_ref"), thing.get("created_by_ref")} - {None}
        assert refs <= known
        known.add(thing["id"])


def test_a_relationship_is_as_strict_as_its_ends():
    level = {thing["id"]: TLP[thing["object_marking_refs"][0]] for thing in sample()}
    assert all(level[r["id"]] == max(level[r["source_ref"]], level[r["target_ref"]]) for r in of_type("relationship"))
    assert Counter(level.values())[1] > len(sample()) / 10


def test_a_tool_is_not_malware():
    kinds = {thing["name"]: thing["type"] for thing in sample() if thing["type"] in {"malware", "tool"}}
    assert kinds["Mimikatz"] == "tool"
    assert kinds["NotPetya"] == "malware"


def test_a_place_or_a_sector_is_no_secret():
    public = [*of_type("location"), *of_type("identity")]
    assert {TLP[thing["object_marking_refs"][0]] for thing in public} == {0}


def test_what_two_clusters_say_of_each_other_is_one_relationship():
    mutual = [
        {r["source_ref"], r["target_ref"]} for r in of_type("relationship") if r["relationship_type"] == "related-to"
    ]
    assert all(len(ends) == 2 for ends in mutual)
    assert len(set(map(frozenset, mutual))) == len(mutual) > 500


def test_clusters_keep_their_uuids_when_stix_allows_them():
    actors = clusters.read("threat-actor")["threat-actor"].values
    kept = {f"intrusion-set--{actor.uuid}" for actor in actors} & {thing["id"] for thing in of_type("intrusion-set")}
    assert len(kept) > 0.9 * len(actors)
    assert all(
        re.fullmatch(r"[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-[1345][0-9a-f]{3}-.*", thing["id"]) for thing in sample()
    )


@pytest.mark.parametrize(
    "said",
    [
        ("Suspected state sponsor: China", "located-at", "China"),
        ("APT28", "attributed-to", "Suspected state sponsor: Russia"),
        ("APT28", "originates-from", "Russia"),
        ("APT28", "targets", "Germany"),
        ("APT28", "targets", "Government sector"),
        ("APT28", "targets", "NATO"),
        ("NotPetya", "originates-from", "Russia"),
    ],
)
def test_who_is_behind_and_who_is_struck(said):
    assert said in relationships()


def test_places_have_codes_and_each_exists_once():
    places = of_type("location")
    assert all(re.fullmatch("[A-Z]{2}", place["country"]) for place in places if "country" in place)
    assert all(place.get("region") for place in places)
    assert max(Counter((place.get("country"), place["region"]) for place in places).values()) == 1
    names = {identity["name"] for identity in of_type("identity")}
    assert not names & {
        "US",
        "Korea (Republic of)",
        "Iran (Islamic Republic of)",
        "Unknown",
        "Other",
        "Global",
        "Middle East",
    }


def test_sectors_are_of_the_stix_vocabulary():
    sectors = [identity for identity in of_type("identity") if "sectors" in identity]
    assert {"defense", "energy", "financial-services", "telecommunications"} <= {i["sectors"][0] for i in sectors}
    assert all(identity["identity_class"] == "class" for identity in sectors)


def test_a_confidence_is_the_one_of_the_data():
    by_meaning = {(r["source_ref"], r["relationship_type"]): r.get("confidence") for r in of_type("relationship")}
    for actor in clusters.read("threat-actor")["threat-actor"].values:
        meaning = f"intrusion-set--{actor.uuid}", "originates-from"
        if actor.meta.confidence and meaning in by_meaning:
            assert by_meaning[meaning] == int(actor.meta.confidence)


@pytest.mark.parametrize("limit", [50, 2_000])
def test_a_part_is_as_large_as_asked_and_complete_in_itself(limit):
    part = list(map(orjson.loads, galaxies.objects(limit=limit)))
    assert len(part) == min(limit, len(sample()))
    known = {thing["id"] for thing in part}
    assert len(known) == len(part)
    assert all({r["source_ref"], r["target_ref"]} <= known for r in part if r["type"] == "relationship")
    if limit == 50:
        assert any(r["type"] == "relationship" for r in part)


def test_the_validator_of_oasis_finds_no_fault():
    assert refusals(spread(sample(), 15)) == {}


def test_our_own_gate_takes_everything():
    for raw in (*sample_bytes(), *iocs.indicators(300, 4), *galaxies.canary_objects("a", "CANARY", RED, 4)):
        assert check(raw).marking_refs


def test_without_the_package_the_error_says_so(monkeypatch):
    monkeypatch.setattr(clusters, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError) as caught:
        galaxies.objects()
    assert caught.value.code == "config.no-sample-data"
    assert caught.value.code in MEANINGS


@pytest.mark.parametrize("damaged", [None, b"{", b'{"type": "tool", "version": "x", "values": []}'])
def test_missing_or_damaged_data_is_the_same_error(monkeypatch, tmp_path, damaged):
    spec = importlib.util.find_spec("tocsin")
    folder = tmp_path / "data" / "misp-galaxy" / "clusters"
    folder.mkdir(parents=True)
    if damaged is not None:
        (folder / "tool.json").write_bytes(damaged)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(clusters, "find_spec", lambda _name: spec)
    with pytest.raises(ConfigError, match=r"config\.no-sample-data"):
        clusters.read("tool")


def test_canaries_are_marked_named_and_told_apart():
    raw = list(galaxies.canary_objects("bilateral", "CANARY-7f3a", RED, 6))
    things = list(map(orjson.loads, raw))
    assert [thing["type"] for thing in things] == ["indicator"] * 5 + ["report"]
    assert all("CANARY-7f3a" in thing["name"] and "CANARY-7f3a" in thing["description"] for thing in things)
    assert all(thing["object_marking_refs"] == [RED] for thing in things)
    assert things[-1]["object_refs"] == [thing["id"] for thing in things[:-1]]
    assert refusals(things) == {}
    assert raw == list(galaxies.canary_objects("bilateral", "CANARY-7f3a", RED, 6))
    others = map(orjson.loads, galaxies.canary_objects("thematic", "CANARY-7f3a", RED, 6))
    assert not {thing["id"] for thing in things} & {thing["id"] for thing in others}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_canaries(count):
    assert len(list(galaxies.canary_objects("x", "c", RED, count))) == count


def test_indicators_follow_from_the_seed():
    first = list(iocs.indicators(300, 1))
    assert first == list(iocs.indicators(300, 1))
    assert first[:100] == list(iocs.indicators(100, 1))
    assert not set(first) & set(iocs.indicators(300, 2))


def test_indicators_are_canonical_of_the_promised_size_and_differ():
    raw = list(iocs.indicators(3_000, 5))
    things = list(map(orjson.loads, raw))
    assert all(canonical.encode(thing) == line for thing, line in zip(things, raw, strict=True))
    assert 700 <= sum(map(len, raw)) / len(raw) <= 800
    assert len({thing["id"] for thing in things}) == 3_000
    assert all(re.fullmatch(r"indicator--.{8}-.{4}-5.{3}-[89ab].{3}-.{12}", thing["id"]) for thing in things)


def test_indicators_name_nobody():
    harmless = re.compile(
        r"\[(ipv4-addr:value = '198\.1[89]\.\d{1,3}\.\d{1,3}'"
        r"|file:hashes\.'SHA-256' = '[0-9a-f]{64}'"
        r"|domain-name:value = '[0-9a-f]+\.[0-9a-f]+\.example')\]",
    )
    patterns = [orjson.loads(line)["pattern"] for line in iocs.indicators(600, 9)]
    assert all(map(harmless.fullmatch, patterns))
    assert len({pattern.partition(":")[0] for pattern in patterns}) == 3


def test_indicators_are_valid():
    assert refusals(map(orjson.loads, iocs.indicators(12, 3))) == {}
