"""Roots and proofs against the definitions of RFC 9162 written down plainly, and the values Certificate Transparency knows."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.log.tiles import TileName, bundle, nodes_of, runs_for, unbundled, width_of
from contracts.log.tree import (
    EMPTY_ROOT,
    GrowingTree,
    ProofBroken,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    root_over,
)

CT_INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                              "606162636465666768696a6b6c6d6e6f")]  # fmt: skip


def plainly(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plainly(leaves[:k]), plainly(leaves[k:]))


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(b"entry %d" % number) for number in range(count)]


def nodes(leaves: list[bytes]):
    return lambda level, place: plainly(leaves[place << level : (place + 1) << level])


def flipped(hash_: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(hash_))


def test_the_roots_are_those_that_certificate_transparency_knows() -> None:
    leaves = [leaf_hash(content) for content in CT_INPUTS]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_over(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_over(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 600])
def test_a_tree_that_grows_has_the_root_of_its_definition(size: int) -> None:
    leaves = leaves_of(size)
    assert root_over(leaves) == plainly(leaves) == root_of(size, nodes(leaves))


def test_a_growing_tree_says_which_tiles_are_full() -> None:
    leaves = leaves_of(1024)
    tree = GrowingTree()
    complete = [found for leaf in leaves for found in tree.append(leaf)]
    assert [(level, place) for level, place, _ in complete] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert complete[2][2] == plainly(leaves[512:768])
    assert GrowingTree.at(1000, nodes(leaves)).root == plainly(leaves[:1000])


@given(st.integers(1, 300), st.data())
def test_every_inclusion_proof_holds_and_with_one_bit_changed_none_does(
    size: int, data: st.DataObject
) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, size, nodes(leaves)), plainly(leaves)
    check_inclusion(index, size, leaves[index], proof, root)

    bit = data.draw(st.integers(0, 255))
    wrong = [(leaves[index], proof, flipped(root, bit)), (flipped(leaves[index], bit), proof, root)]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong.append((leaves[index], [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], root))
        wrong.append((leaves[index], proof[:-1], root))
    wrong.append((leaves[index], [*proof, root], root))
    for leaf, hashes, under in wrong:
        with pytest.raises(ProofBroken):
            check_inclusion(index, size, leaf, hashes, under)
    if size > 1:
        with pytest.raises(ProofBroken):
            check_inclusion((index + 1) % size, size, leaves[index], proof, root)


@given(st.integers(1, 300), st.data())
def test_every_consistency_proof_holds_and_a_changed_past_is_found(new: int, data: st.DataObject) -> None:
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, nodes(leaves))
    check_consistency(old, new, plainly(leaves[:old]), plainly(leaves), proof)

    other = [flipped(leaves[0], 3), *leaves[1:]]
    with pytest.raises(ProofBroken):
        check_consistency(
            old, new, plainly(leaves[:old]), plainly(other), consistency_proof(old, new, nodes(other))
        )
    if proof:
        with pytest.raises(ProofBroken):
            check_consistency(old, new, plainly(leaves[:old]), plainly(leaves), proof[:-1])


@pytest.mark.parametrize(("index", "size"), [(0, 1), (70_000, 70_001), (5, 200_000), (131_072, 131_072 + 77)])
def test_a_proof_reads_two_tiles_a_level_at_most(index: int, size: int) -> None:
    runs = runs_for(lambda node: inclusion_proof(index, size, node))
    for level in {run.level for run in runs}:
        assert len([run for run in runs if run.level == level]) <= 2
    assert all(run.first // 256 == (run.past - 1) // 256 for run in runs)


def test_nodes_come_out_of_tiles() -> None:
    leaves = leaves_of(700)
    tree, tiles = GrowingTree(), {(0, at): leaf for at, leaf in enumerate(leaves)}
    for leaf in leaves:
        tiles |= {(level, place): hash_ for level, place, hash_ in tree.append(leaf)}
    node = nodes_of(tiles)
    assert root_of(700, node) == plainly(leaves)
    assert inclusion_proof(3, 700, node) == inclusion_proof(3, 700, nodes(leaves))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileName(0, 0), "0/000"), (TileName(1, 67, 12), "1/067.p/12"), (TileName(0, 1234067), "0/x001/x234/067"),
        (TileName(None, 1000, 1), "entries/x001/000.p/1"),
    ],
)  # fmt: skip
def test_a_tile_is_named_as_everybody_names_it(tile: TileName, path: str) -> None:
    assert tile.path == path
    assert TileName.parse(path) == tile


@pytest.mark.parametrize(
    "path", ["", "0", "0/", "0/1", "0/0001", "x/000", "64/000", "0/000.p/0", "0/000.p/256", "0/000.p/", "-1/000",
             "0/x000/001", "0/001/002", "0/000/", "00/000", "entries/000.p/999", "0/" + "x001/" * 6 + "001"],
)  # fmt: skip
def test_what_names_no_tile_is_seen(path: str) -> None:
    assert TileName.parse(path) is None


def test_how_wide_a_tile_is() -> None:
    assert (width_of(0, 0, 300), width_of(0, 1, 300), width_of(0, 2, 300)) == (256, 44, 0)
    assert (width_of(1, 0, 255), width_of(1, 0, 70_000), width_of(1, 1, 70_000)) == (0, 256, 17)


def test_a_tile_of_entries_says_how_long_each_is() -> None:
    entries = [b"", b"a", b"x" * 65_535]
    assert unbundled(bundle(entries)) == entries
    with pytest.raises(ValueError, match="cut short"):
        unbundled(bundle(entries)[:-1])
