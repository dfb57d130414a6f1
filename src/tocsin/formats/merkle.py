"""RFC 6962 Merkle trees: hashes, the frontier of a growing tree, and proofs (verified as RFC 9162 has it).

A leaf is given as its bytes, e.g. a 32-byte commitment; hashes are 32-byte SHA-256. Layout and vectors:
docs/formats/merkle.md.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from tocsin.errors import FormatError

HASH_BYTES = 32
MAX_SIZE = (1 << 63) - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

_SIZE_BYTES = 8


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00, leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01, left, right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to go on with a tree of `size` leaves: the roots of its perfect subtrees, largest first.

    There is one peak (32 bytes) per set bit of the size. FormatError("format.frontier") for anything else.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise FormatError("format.frontier", "the size is not between 0 and 2^63-1")
        if self.size.bit_count() != len(self.peaks) or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise FormatError("format.frontier", "there is not one 32-byte peak per set bit of the size")

    def extended(self, leaves: Sequence[bytes]) -> "Frontier":
        """The frontier after `leaves` (their bytes) are appended; this one stays as it is."""
        # Level by level instead of leaf by leaf: at each height, an old peak if there is one, then the new nodes; an
        # odd one out becomes the new peak, the others pair up. Local names because this is the hot path.
        sha = sha256
        nodes = [sha(b"\x00" + leaf).digest() for leaf in leaves]
        old = list(self.peaks)
        new: list[bytes] = []
        bits = self.size
        while nodes:
            if bits & 1:
                nodes.insert(0, old.pop())
            if len(nodes) & 1:
                new.append(nodes.pop())
            pairs = iter(nodes)
            nodes = [sha(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            bits >>= 1
        return Frontier(self.size + len(leaves), (*old, *reversed(new)))

    def root(self) -> bytes:
        """The Merkle tree hash of RFC 6962, section 2.1; SHA-256 of nothing for the empty tree."""
        if not self.peaks:
            return EMPTY_ROOT
        result, *rest = reversed(self.peaks)
        for peak in rest:
            result = node_hash(peak, result)
        return result

    def encode(self) -> bytes:
        """8-byte big-endian size, then the peaks, largest first."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.peaks)

    @staticmethod
    def decode(data: bytes) -> "Frontier":
        """The frontier whose encode() is exactly `data`, else FormatError("format.frontier")."""
        if len(data) < _SIZE_BYTES:
            raise FormatError("format.frontier", "the size is cut short")
        starts = range(_SIZE_BYTES, len(data), HASH_BYTES)
        peaks = tuple(data[start : start + HASH_BYTES] for start in starts)
        return Frontier(int.from_bytes(data[:_SIZE_BYTES], "big"), peaks)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over `leaves`."""
    return Frontier().extended(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """PATH(index, leaves) of RFC 6962, section 2.1.1: sibling hashes from the leaf upwards.

    Hashes every other leaf once. An index outside the tree is the caller's bug: IndexError.
    """
    if not 0 <= index < len(leaves):
        raise IndexError("the leaf is not in the tree")
    siblings: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            siblings.append(root_of(leaves[middle:high]))
            high = middle
        else:
            siblings.append(root_of(leaves[low:middle]))
            low = middle
    return tuple(reversed(siblings))


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """PROOF(old_size, leaves) of RFC 6962, section 2.1.2; empty for old sizes 0 and len(leaves).

    A size beyond the tree is the caller's bug: IndexError.
    """
    if not 0 <= old_size <= len(leaves):
        raise IndexError("the old size is beyond the tree")
    if old_size in (0, len(leaves)):
        return ()
    hashes: list[bytes] = []
    low, high = 0, len(leaves)
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            hashes.append(root_of(leaves[middle:high]))
            high = middle
        else:
            hashes.append(root_of(leaves[low:middle]))
            low = middle
    if low:  # else the old root is itself a node of the new tree, and the verifier has it
        hashes.append(root_of(leaves[low:high]))
    return tuple(reversed(hashes))


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` (its bytes) is at `index` of the tree of `size` with `root`. Never raises.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size <= MAX_SIZE or not _are_hashes(proof):
        return False
    node, last, result = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            node, last = _climb(node, last)
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether `proof` shows that the tree of `size` with `root` begins with that of `old_size` with `old_root`.

    RFC 9162, section 2.1.4.2. Every tree goes on from the empty one: for old size 0 the proof is empty and the old root
    that of the empty tree. Never raises.
    """
    if not 0 <= old_size <= size <= MAX_SIZE or not _are_hashes(proof):
        return False
    if old_size == 0 and (old_root != EMPTY_ROOT or proof):
        return False
    if old_size == 0:
        return size > 0 or root == EMPTY_ROOT
    if old_size == size:
        return not proof and old_root == root
    return _folds_to(old_size, size, proof, (old_root, root))


def _folds_to(old_size: int, size: int, proof: Sequence[bytes], roots: tuple[bytes, bytes]) -> bool:
    # Where the old tree is perfect its root is the first node of the proof, and is left out of it.
    path = (roots[0], *proof) if _is_perfect(old_size) else tuple(proof)
    return bool(proof) and old_root(old_size, size, path, roots[1]) == roots[0]


def consistency_path(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """What old_root() needs: the consistency proof, and before it the old root where the old tree is perfect.

    Old sizes are those of a tree that others have grown: 0 to below len(leaves), else IndexError.
    """
    if not 0 <= old_size < len(leaves):
        raise IndexError("the old size is not below that of the tree")
    proof = consistency_proof(leaves, old_size)
    return (root_of(leaves[:old_size]), *proof) if old_size and _is_perfect(old_size) else proof


def old_root(old_size: int, size: int, path: Sequence[bytes], root: bytes) -> bytes | None:
    """The root that the tree of `size` with `root` had at `old_size` (below it), by consistency_path(); else None.

    The path holds every node that the root is folded from: whoever finds another path has broken SHA-256. Never raises.
    """
    if not 0 <= old_size < size <= MAX_SIZE or not _are_hashes(path):
        return None
    if old_size == 0:
        return None if path else EMPTY_ROOT
    if not path:
        return None
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_result = result = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old_result, result = node_hash(sibling, old_result), node_hash(sibling, result)
            node, last = _climb(node, last)
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return old_result if last == 0 and result == root else None


def _is_perfect(size: int) -> bool:
    return size & (size - 1) == 0


def _climb(node: int, last: int) -> tuple[int, int]:
    """Up past the levels on which the node has no sibling to its left."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return all(len(item) == HASH_BYTES for item in proof)
