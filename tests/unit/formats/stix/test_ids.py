"""Deterministic ids: the vectors of the standard's rule, and our own namespace."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.ids import SCO_NAMESPACE, TOCSIN_NAMESPACE, observable_id, sdo_id
from tocsin.formats.stix.model import Family

VECTORS = json.loads(
    (Path(__file__).resolve().parents[3] / "vectors" / "stix" / "observable_ids.json").read_text(encoding="utf-8")
)
NOTHING_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
NOTHING_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    assert observable_id(vector["object"]) == vector["id"]


def test_a_file_known_by_md5_keeps_its_id():
    one = {"type": "file", "hashes": {"MD5": NOTHING_MD5}}
    more = {"type": "file", "hashes": {"SHA-256": NOTHING_SHA256, "MD5": NOTHING_MD5}, "size": 0}
    assert observable_id(one) == observable_id(more)


@pytest.mark.parametrize("known", ["MD5", "SHA-1", "SHA-256", "SHA-512"])
def test_the_first_hash_of_the_rank_counts(known):
    rank = ("MD5", "SHA-1", "SHA-256", "SHA-512")
    lesser = rank[rank.index(known) :]
    alone = {"type": "file", "hashes": {known: known}}
    with_lesser = {"type": "file", "hashes": {name: name for name in (*reversed(lesser), "CRC-32")}}
    assert observable_id(alone) == observable_id(with_lesser)


def test_hashes_that_the_rule_does_not_rank_give_one_id_in_any_order():
    one = {"type": "file", "hashes": {"TLSH": "a" * 70, "CRC-32": "1"}}
    other = {"type": "file", "hashes": {"CRC-32": "1", "TLSH": "a" * 70}}
    assert observable_id(one) == observable_id(other)


def test_nothing_to_make_an_id_of():
    assert observable_id({"type": "process", "pid": 1}) == ""
    assert observable_id({"type": "x-custom", "value": "a"}) == ""
    assert observable_id({"type": "email-message", "is_multipart": False}) == ""


def test_every_observable_but_process_has_contributing_properties():
    observables = {name: kind for name, kind in TYPES.items() if kind.family is Family.OBSERVABLE}
    assert len(observables) == 18
    assert [name for name, kind in observables.items() if not kind.contributing] == ["process"]
    for kind in observables.values():
        assert kind.record.properties.keys() >= set(kind.contributing)


def test_our_objects_have_their_own_namespace():
    made = sdo_id("malware", "galaxy", "HeronLoader")
    assert made == sdo_id("malware", "galaxy", "HeronLoader")
    assert made != sdo_id("malware", "galaxyHeron", "Loader")
    assert made.partition("--")[2] != sdo_id("tool", "galaxy", "HeronLoader").partition("--")[2]
    assert UUID(made.partition("--")[2]).version == 5
    assert TOCSIN_NAMESPACE != SCO_NAMESPACE
