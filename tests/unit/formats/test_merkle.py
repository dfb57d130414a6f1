"""RFC 6962 trees: known roots, the naive definition, proofs that hold and proofs that must not."""

import itertools
import json
from hashlib import sha256
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    old_root,
    root_of,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "merkle.json").read_text("utf-8"))
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
UP_TO = 33
MANY = [b"%d" % number for number in range(UP_TO)]
ROOTS = [root_of(MANY[:size]) for size in range(UP_TO + 1)]

# Published roots of the Certificate Transparency reference leaves, sizes 0 to 8.
PUBLISHED = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(texts):
    return tuple(bytes.fromhex(text) for text in texts)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    assert root_of(LEAVES[:size]).hex() == PUBLISHED[size]
    tree = VECTORS["trees"][size]
    frontier = Frontier().extended(LEAVES[:size])
    assert (tree["size"], tree["root"], tree["frontier"]) == (size, PUBLISHED[size], frontier.encode().hex())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['kind']}: {case['name']}")
def test_vector(case):
    check = {"inclusion": check_inclusion, "consistency": check_consistency, "frontier": check_frontier}
    check[case["kind"]](case)


def check_inclusion(case):
    proof = hashes(case["proof"])
    leaf, root = hashes((case["leaf"], case["root"]))
    assert verify_inclusion(leaf, case["index"], case["size"], proof, root) is (case["expect"] == "ok")
    if case["expect"] == "ok":
        assert inclusion_proof(LEAVES[: case["size"]], case["index"]) == proof


def check_consistency(case):
    proof = hashes(case["proof"])
    old_root, root = hashes((case["old_root"], case["root"]))
    holds = verify_consistency(case["old_size"], case["size"], proof, old_root, root)
    assert holds is (case["expect"] == "ok")
    if case["expect"] == "ok":
        assert consistency_proof(LEAVES[: case["size"]], case["old_size"]) == proof


def check_frontier(case):
    data = bytes.fromhex(case["data"])
    if case["expect"] == "ok":
        assert Frontier.decode(data).encode() == data
        return
    with pytest.raises(FormatError, match=r"^format\.frontier: (the size|there) is .*[a-z1]$"):
        Frontier.decode(data)


def test_hashes():
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert node_hash(b"l", b"r") == sha256(b"\x01lr").digest()
    assert sha256().digest() == EMPTY_ROOT == Frontier().root()


def test_extending_leaves_the_old_frontier_alone():
    old = Frontier().extended(MANY[:5])
    new = old.extended(MANY[5:])
    assert (old, new) == (Frontier().extended(MANY[:5]), Frontier().extended(MANY))
    assert old.extended([]) == old


@pytest.mark.slow
def test_every_inclusion_proof_proves_its_leaf_and_no_other():
    for size in range(1, UP_TO + 1):
        for index in range(size):
            proof = inclusion_proof(MANY[:size], index)
            proven = [at for at in range(size) if verify_inclusion(MANY[index], at, size, proof, ROOTS[size])]
            assert proven == [index]
            assert not verify_inclusion(MANY[index - 1] + b"x", index, size, proof, ROOTS[size])
            assert not verify_inclusion(MANY[index], index, size, (*proof, EMPTY_ROOT), ROOTS[size])
            assert not proof or not verify_inclusion(MANY[index], index, size, proof[:-1], ROOTS[size])


def test_every_consistency_proof_proves_its_pair_of_roots_and_no_other():
    for size, old in itertools.combinations_with_replacement(range(UP_TO, -1, -1), 2):
        proof = consistency_proof(MANY[:size], old)
        assert verify_consistency(old, size, proof, ROOTS[old], ROOTS[size])
        assert old == 0 or not verify_consistency(old, size, proof, ROOTS[old], ROOTS[size - 1])
        assert not verify_consistency(old, size, proof, ROOTS[old - 1], ROOTS[size])
        assert not verify_consistency(old, size, (*proof, EMPTY_ROOT), ROOTS[old], ROOTS[size])
        assert not proof or not verify_consistency(old, size, proof[:-1], ROOTS[old], ROOTS[size])


def test_every_flipped_bit_of_a_proof_is_refused():
    inclusion, consistency = b"".join(inclusion_proof(MANY, 13)), b"".join(consistency_proof(MANY, 13))
    for whole, holds in (
        (inclusion, lambda proof: verify_inclusion(MANY[13], 13, UP_TO, proof, ROOTS[UP_TO])),
        (consistency, lambda proof: verify_consistency(13, UP_TO, proof, ROOTS[13], ROOTS[UP_TO])),
    ):
        assert holds([whole[at : at + 32] for at in range(0, len(whole), 32)])
        for bit in range(len(whole) * 8):
            altered = bytearray(whole)
            altered[bit // 8] ^= 1 << bit % 8
            assert not holds([bytes(altered[at : at + 32]) for at in range(0, len(whole), 32)]), bit


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (3, 3), (0, 0), (0, -1)])
def test_no_inclusion_outside_the_tree(index, size):
    assert not verify_inclusion(b"", index, size, (), leaf_hash(b""))


@pytest.mark.parametrize(("old", "size"), [(-1, 1), (5, 1), (4, 3), (-2, -1)])
def test_no_consistency_outside_the_tree(old, size):
    assert not verify_consistency(old, size, (EMPTY_ROOT,), EMPTY_ROOT, EMPTY_ROOT)
    assert not verify_consistency(old, size, (), EMPTY_ROOT, EMPTY_ROOT)


@pytest.mark.parametrize(("height", "holds"), [(62, True), (63, False)])
def test_trees_beyond_the_largest_are_not_believed(height, holds):
    proof = [EMPTY_ROOT] * height
    root = leaf_hash(b"")
    for sibling in proof:
        root = node_hash(root, sibling)
    assert verify_inclusion(b"", 0, 1 << height, proof, root) is holds
    right = node_hash(EMPTY_ROOT, EMPTY_ROOT)
    assert verify_consistency(1 << height - 1, 1 << height, [EMPTY_ROOT], EMPTY_ROOT, right) is holds


def test_the_largest_tree_is_believed():
    proof, size = [EMPTY_ROOT] * 63, (1 << 63) - 1
    root = leaf_hash(b"")
    for sibling in proof:
        root = node_hash(root, sibling)
    assert verify_inclusion(b"", 0, size, proof, root)
    assert verify_consistency(1, size, proof, leaf_hash(b""), root)


def test_asking_outside_the_tree_is_a_bug():
    for index in (-1, 3):
        with pytest.raises(IndexError, match=r"^the leaf .* tree$"):
            inclusion_proof(MANY[:3], index)
    for old in (-1, 4):
        with pytest.raises(IndexError, match=r"^the old .* tree$"):
            consistency_proof(MANY[:3], old)


def test_proofs_of_the_largest_trees_end():
    size = (1 << 63) - 1
    assert not verify_inclusion(b"", size - 1, size, [EMPTY_ROOT] * 100, EMPTY_ROOT)
    assert not verify_consistency(size - 1, size, [EMPTY_ROOT] * 200, EMPTY_ROOT, EMPTY_ROOT)


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(-1, ()), (1, ()), (0, (EMPTY_ROOT,)), (3, (EMPTY_ROOT,)), (1, (b"x",)), (3, (b"x" * 31, b"x" * 33))],
)
def test_no_frontier_that_could_not_be(size, peaks):
    with pytest.raises(FormatError, match=r"^format\.frontier: (the size|there) is .*[a-z1]$"):
        Frontier(size, peaks)


def test_a_tree_does_not_outgrow_its_size():
    full = Frontier((1 << 63) - 1, (EMPTY_ROOT,) * 63)
    with pytest.raises(FormatError, match=r"format\.frontier"):
        full.extended([b""])


def test_every_path_shows_the_old_root_and_no_other_path_does():
    for size, old in itertools.combinations(range(UP_TO, -1, -1), 2):
        path = consistency_path(MANY[:size], old)
        assert old_root(old, size, path, ROOTS[size]) == ROOTS[old]
        assert old_root(old, size, path, ROOTS[size - 1]) is None or old == 0
        assert old_root(old, size, (*path, EMPTY_ROOT), ROOTS[size]) is None
        assert not path or old_root(old, size, path[:-1], ROOTS[size]) is None
        assert not path or old_root(old, size, (EMPTY_ROOT, *path[1:]), ROOTS[size]) is None
        assert not path or old_root(old, size, (*path[:-1], b"short"), ROOTS[size]) is None


@pytest.mark.parametrize(("old", "size"), [(-1, 3), (3, 3), (4, 4), (4, 3), (1, 1 << 63)])
def test_no_old_root_at_sizes_that_cannot_be(old, size):
    for root in (ROOTS[3], ROOTS[4]):
        assert old_root(old, size, (root,), root) is None


@pytest.mark.parametrize("old", [-1, 3, 4])
def test_no_path_from_a_size_that_is_not_below(old):
    with pytest.raises(IndexError):
        consistency_path(MANY[:3], old)
