"""The Merkle tree over a log's entries: roots, proofs, and how one is checked (RFC 6962 and RFC 9162, section 2.1).

A *node* ``(level, place)`` is the hash over the complete run of ``2**level`` entries that begins at ``place * 2**level``;
node ``(0, i)`` is the leaf of entry ``i``. Whatever is asked of a tree is made of nodes, and a node never changes once its
entries are there.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

Node = Callable[[int, int], bytes]
"""Gives the hash of a node by its level and place."""


class ProofBroken(ValueError):
    """The proof is not one of what it is said to prove; the message says why in plain words."""


def leaf_hash(entry: bytes) -> bytes:
    """``SHA-256(0x00 || entry)``."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """``SHA-256(0x01 || left || right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete_nodes(size: int) -> list[tuple[int, int]]:
    """The largest complete nodes that together cover the first ``size`` entries, from left to right."""
    found = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def joined(hashes: Sequence[bytes]) -> bytes:
    """The root over complete nodes given from left to right."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_of(size: int, node: Node) -> bytes:
    """The root of the first ``size`` entries."""
    return joined([node(level, place) for level, place in complete_nodes(size)])


def root_over(leaves: Iterable[bytes]) -> bytes:
    """The root over all these leaf hashes."""
    tree = GrowingTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root


def root_of_full(hashes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4, 8, ... hashes: a complete node."""
    level = list(hashes)
    while len(level) > 1:
        level = [
            hashlib.sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)
        ]
    return level[0]


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes, from the leaf's sibling up, that lead from entry ``index`` to the root of ``size`` entries."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no entry {index}")
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """The hashes that show that the first ``old`` of ``new`` entries are what they were."""
    if not 0 < old <= new:
        raise ValueError(f"there is no proof from {old} to {new} entries")
    start, end, whole = 0, new, True
    proof: list[bytes] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_range_hash(start, end, node))
    return proof[::-1]


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(start: int, end: int, node: Node) -> bytes:
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(node(level, start >> level))
        start += 1 << level
    return joined(hashes)


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofBroken` unless ``proof`` shows ``leaf`` at ``index`` under ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofBroken(f"the proof is for entry {index}, and the checkpoint's log has only {size} entries")
    fn, sn, reached = index, size - 1, leaf
    for number, sibling in enumerate(proof):
        if sn == 0:
            raise ProofBroken(f"the proof has {len(proof)} hashes, and only {number} belong to it")
        if fn & 1 or fn == sn:
            reached = node_hash(sibling, reached)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            reached = node_hash(reached, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofBroken(f"the proof is cut short: {len(proof)} hashes do not reach the root")
    if reached != root:
        raise ProofBroken(
            "the entry, its place and the hashes do not lead to the checkpoint's root: one of them was altered"
        )


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofBroken` unless ``proof`` shows that ``new`` goes on from ``old`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        raise ProofBroken(f"there is no proof from {old} to {new} entries")
    if old == new:
        if proof or old_root != new_root:
            raise ProofBroken(f"two different logs of {new} entries")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofBroken("the proof is cut short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if sn == 0:
            raise ProofBroken("the proof has more hashes than belong to it")
        if fn & 1 or fn == sn:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            after = node_hash(after, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofBroken("the proof is cut short")
    if before != old_root or after != new_root:
        raise ProofBroken(f"the log of {new} entries does not go on from that of {old}")


@dataclass
class GrowingTree:
    """A tree that only its newest edge is kept of: a hash for each complete node, at most one a level.

    Each leaf costs about one hash more, whatever the size.
    """

    size: int = 0
    edge: list[bytes] = field(default_factory=list)
    """The hashes of `complete_nodes`."""

    @classmethod
    def at(cls, size: int, node: Node) -> "GrowingTree":
        """The tree of ``size`` entries whose nodes are known."""
        return cls(size, [node(level, place) for level, place in complete_nodes(size)])

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Take the next leaf. Returns what is complete now of full tiles: ``(tile level, place, hash)``."""
        place, level, reached = self.size, 0, leaf
        complete: list[tuple[int, int, bytes]] = []
        while place & 1:
            reached = node_hash(self.edge.pop(), reached)
            place >>= 1
            level += 1
            if level % TILE_HEIGHT == 0:
                complete.append((level // TILE_HEIGHT, place, reached))
        self.edge.append(reached)
        self.size += 1
        return complete

    @property
    def root(self) -> bytes:
        """The root of what is there."""
        return joined(self.edge)

    def copy(self) -> "GrowingTree":
        """One that goes on by itself."""
        return GrowingTree(self.size, list(self.edge))
