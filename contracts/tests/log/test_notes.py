"""Signed notes, checkpoints and proof files: what is true is read, and whatever was altered, cut or misnamed is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.log.checkpoint import Checkpoint, opened, origin_of
from contracts.log.note import COSIGNATURE, Note, NoteBroken, NoteSigner, VerifierKey, signed_at
from contracts.log.proof import LogProof, ProofBroken, proof_file
from contracts.log.tree import inclusion_proof, leaf_hash, root_over

ORIGIN = origin_of("a1.handrail.invalid", "lakeside", "plan")
LOG = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = NoteSigner(
    "a1.handrail.invalid/cosigner", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))), COSIGNATURE
)
STRANGER = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
ENTRIES = [b'{"n":%d}' % number for number in range(5)]


def checkpoint() -> Checkpoint:
    return Checkpoint(ORIGIN, 5, root_over(leaf_hash(entry) for entry in ENTRIES))


def cosigned() -> Note:
    note = checkpoint().signed(LOG)
    return note.signed_by([WITNESS.cosign(note.text, 1_780_000_000)])


def proof(index: int = 2) -> bytes:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    node = lambda level, place: root_over(leaves[place << level : (place + 1) << level])  # noqa: E731
    return proof_file(index, inclusion_proof(index, 5, node), cosigned(), b"\x01" * 32)


def test_the_key_of_the_published_example_is_read() -> None:
    # From the documentation of golang.org/x/mod/sumdb/note.
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = Note.parse(
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert key in note.signers([key])


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    note = Note.parse(str(cosigned()))
    assert note == cosigned()
    assert opened(note, LOG.key) == checkpoint()
    assert signed_at(note.signers([WITNESS.key])[WITNESS.key].blob) == 1_780_000_000
    assert VerifierKey.parse(str(LOG.key)) == LOG.key


def test_signing_again_gives_the_same_bytes() -> None:
    assert str(checkpoint().signed(LOG)) == str(checkpoint().signed(LOG))


def test_no_altered_letter_of_a_checkpoint_is_let_through() -> None:
    text = str(cosigned())
    for at, letter in enumerate(text):
        altered = text[:at] + ("A" if letter != "A" else "B") + text[at + 1 :]
        with pytest.raises(NoteBroken):
            note = Note.parse(altered)
            opened(note, LOG.key)
            assert WITNESS.key in note.signers([LOG.key, WITNESS.key]) or _raise()


def _raise() -> bool:
    raise NoteBroken("the cosignature is gone")


def test_another_key_under_the_same_name_says_nothing() -> None:
    with pytest.raises(NoteBroken, match="not signed by the key"):
        opened(checkpoint().signed(STRANGER), LOG.key)


def test_another_logs_checkpoint_is_not_taken_for_ours() -> None:
    other = NoteSigner(origin_of("a1.handrail.invalid", "hillside", "plan"), LOG.private)
    note = Checkpoint(other.name, 5, checkpoint().root).signed(other)
    with pytest.raises(NoteBroken, match="is of the log"):
        opened(note, LOG.key)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{ORIGIN}+00000000+{str(LOG.key).split('+', 2)[2]}", "key id 00000000 is not that of this name"),
        (ORIGIN, "is written name"),
        (f"{ORIGIN}+{LOG.key.key_id.hex()}+AA==", "not an Ed25519"),
        ("a b+00000000+AA==", "not an Ed25519"),
        (f"{ORIGIN}+00000000+!", "not base64"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(NoteBroken, match=why):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "content",
    [b"", b"text\n", b"text\n\n", b"text\n\n- a AAAA\n", "text\n\n— a AAAA\n".encode(), b"\xff\n\n\n", b"a\r\n\n"],
)  # fmt: skip
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(NoteBroken):
        Note.parse(content)


@pytest.mark.parametrize("text", ["a\n5\n", "a\n05\nAAAA\n", "a\n-1\nAAAA\n", "a\n5\nAAAA\n", "\n5\nAAAA\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteBroken):
        Checkpoint.parse(text)


def test_a_proof_file_proves_its_entry() -> None:
    found = LogProof.parse(proof())
    assert str(found).encode() == proof()
    assert found.extra == b"\x01" * 32
    assert found.check(ENTRIES[2]) == checkpoint()
    with pytest.raises(ProofBroken):
        found.check(ENTRIES[3])


def test_a_proof_cut_short_anywhere_is_refused() -> None:
    whole = proof()
    for length in range(len(whole) - 1):
        with pytest.raises((ProofBroken, NoteBroken)):
            found = LogProof.parse(whole[:length])
            found.check(ENTRIES[2])
            assert {LOG.key, WITNESS.key} == set(found.note.signers([LOG.key, WITNESS.key])) or _raise()


def test_a_proof_with_one_letter_changed_proves_nothing() -> None:
    text = proof().decode()
    for at, letter in enumerate(text):
        altered = text[:at] + ("A" if letter != "A" else "B") + text[at + 1 :]
        with pytest.raises((ProofBroken, NoteBroken)):
            found = LogProof.parse(altered)
            found.check(ENTRIES[2])
            signers = set(found.note.signers([LOG.key, WITNESS.key]))
            assert (signers == {LOG.key, WITNESS.key} and found.extra == b"\x01" * 32) or _raise()
