"""Evidence that a peer brings: kept once, of known members and readable logs only, and passed on to who may read it."""

import pytest

from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.receive import proofs
from tocsin.formats import evidence, note, statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.markings import ChannelKind

STRANGE = SigningKey(b"k" * 32)


def fork(bb, one=1, *, size=5, key=None, name=None):
    """Evidence of two heads of aa's log that aa has signed."""
    key = key or bb.fed.nodes["aa"].keys.signing(Role.LOG)
    name = name or bb.ours.name
    notes = [note.parse(bb.note(size, bytes([root]) * 32, name=name, key=key)) for root in (0, one)]
    return evidence.encode(evidence.fork_of(name, key.public, *notes))


def test_it_is_kept_once_and_told_to_the_audience(hearing):
    async def story(bb):
        head = bb.bb.journal.head
        data = fork(bb)
        for _ in range(3):
            await bb.bb.proofs.take(data)
        [(found, kind, accused, log, added, kept)] = await bb.bb.proofs.held()
        assert (found, kind, accused, log, kept) == (evidence.parse(data).id, "fork", "aa", bb.log.number, data)
        assert added == bb.bb.world.clock.now_us()
        assert bb.told == [(data, frozenset({"aa", "cc"}))]
        assert bb.bb.journal.head == head + 1
        again = proofs.Proofs(bb.bb.members, bb.bb.logs, bb.bb.journal, bb.bb.world.clock)
        assert not again.broken(bb.log)
        await again.load()
        assert again.broken(bb.log)
        assert bb.bb.proofs.broken(bb.log)
        [row] = bb.fed.nodes["bb"].query("SELECT kind, log, member, name FROM journal_rows WHERE kind = 4")
        assert row == (4, bb.log.number, "aa", "fork")

    hearing(story)


def test_of_one_member_so_many_are_kept(hearing, monkeypatch):
    monkeypatch.setattr(proofs, "MOST", 3)

    async def story(bb):
        for number in range(1, 6):
            await bb.bb.proofs.take(fork(bb, number))
        assert len(await bb.evidence()) == len(bb.told) == 3

    hearing(story)


def test_what_proves_nothing_is_refused(hearing, refused):
    async def story(bb):
        foreign = f"tocsin/aa/log/{'7' * 64}"
        bent = evidence.parse(fork(bb))
        same = evidence.Evidence(bent.kind, "aa", bent.key, bent.name, (bent.notes[0], bent.notes[0]))
        for bad in (
            fork(bb, key=STRANGE),
            fork(bb, key=bb.fed.nodes["cc"].keys.signing(Role.LOG)),
            fork(bb, name=foreign),
            fork(bb, name=bb.ours.name.replace("/aa/", "/zz/")),
            evidence.encode(same),
        ):
            with refused("evidence.unproven"):
                await bb.bb.proofs.take(bad)
        with refused("format.evidence"):
            await bb.bb.proofs.take(fork(bb).replace(b'"version":1', b'"version":2'))
        with refused("format.json-syntax"):
            await bb.bb.proofs.take(b"junk")
        assert await bb.evidence() == []
        assert bb.told == []

    hearing(story)


def test_by_a_former_key_it_still_proves(hearing):
    async def story(bb):
        data = fork(bb)
        bb.kept_keys(STRANGE, bb.fed.nodes["aa"].keys.signing(Role.LOG))
        await bb.bb.proofs.take(data)
        assert await bb.evidence() == [("fork", "aa")]

    hearing(story)


def test_only_the_audience_of_the_log_is_told(played):
    async def story(fed):
        await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        bb = fed.core("bb")
        told = []
        bb.proofs.on_new(lambda data, concerned: told.append(concerned))
        slot = bb.members.channel("two").slots["aa"]
        name = bb.logs.get(slot).name
        key = fed.nodes["aa"].keys.signing(Role.LOG)
        made = Notes(name, key).fork()
        await bb.proofs.take(made)
        assert told == [frozenset({"aa"})]
        await fed.network.clock.sleep(5.0)
        assert await fed.core("aa").proofs.held() != []
        assert await fed.core("cc").proofs.held() == []

    played(story, handles=("aa", "bb", "cc"))


class Notes:
    """Heads of any log in any key."""

    def __init__(self, name, key):
        self.name, self.key = name, key

    def fork(self):
        notes = []
        for root in (b"a" * 32, b"b" * 32):
            text = evidence.checkpoint.encode(evidence.Checkpoint(self.name, 5, root))
            notes.append(note.Note(text, (note.sign(text, self.name, self.key),)))
        return evidence.encode(evidence.fork_of(self.name, self.key.public, *notes))


# -- votes ------------------------------------------------------------------------------------------------------------


def vote(bb, by="aa", *, title="one", voters=("aa", "bb"), version=2, kind=statement.CHANNEL, **more):
    body = {"id": "x", "version": version, "round": 0, "voters": list(voters), "title": title, **more}
    return descriptor.sign(statement.compose(kind, body), by, bb.fed.nodes[by].keys).note


def test_two_votes_in_one_round_concern_those_who_vote_there(hearing):
    async def story(bb):
        await bb.bb.proofs.double_vote("aa", vote(bb), vote(bb, title="two"))
        assert await bb.evidence() == [("vote", "aa")]
        [(data, concerned)] = bb.told
        assert concerned == {"aa"}, "who is in a channel is nobody else's business"
        assert await bb.bb.proofs.of("aa") == [data]
        assert await bb.bb.proofs.of("cc") == []
        found = evidence.parse(data)
        assert found.role is Role.GOVERNANCE
        await bb.fed.core("aa").proofs.take(data)

    hearing(story)


@pytest.mark.parametrize("voters", [("bb",), ("bb", "cc"), ()])
def test_who_joins_may_consent_to_two_texts(hearing, refused, voters):
    async def story(bb):
        one, other = (vote(bb, title=title, voters=voters) for title in ("one", "two"))
        with refused("evidence.unproven"):
            await bb.bb.proofs.double_vote("aa", one, other)
        key = bb.fed.nodes["aa"].keys.signing(Role.GOVERNANCE).public
        with refused("evidence.unproven"):
            await bb.bb.proofs.take(evidence.encode(evidence.vote_of("aa", key, one, other)))
        assert await bb.evidence() == []

    hearing(story)


def test_who_changes_its_key_consents_with_the_new_and_votes_with_the_old(hearing, refused):
    async def story(bb):
        aa, members = bb.fed.nodes["aa"], bb.bb.members
        first, old = members.charter, aa.keys.signing(Role.GOVERNANCE).public
        aa.keys.stage(Role.GOVERNANCE)
        new = aa.keys.proving(aa.keys.staged(Role.GOVERNANCE))
        previous = {"previous": first.digest.hex(), "version": 2, "kind": statement.CHARTER}
        both = [vote(bb, title=title, **previous) for title in ("one", "two")]
        both = [note.add(one, note.sign(one.text, "tocsin/aa/governance", new)) for one in both]
        # The charter that names the new key has come into force meanwhile.
        made = charter.successor(first, charter.Changes(describe=(aa.describe(),)), 0, 9)
        made = made._replace(
            note=note.add(made.note, note.sign(made.note.text, "tocsin/aa/governance", new)),
        )
        for voter in ("aa", "bb", "cc"):
            made = descriptor.sign(made, voter, bb.fed.nodes[voter].keys)
        await members.adopt(statement.encode(made))
        with refused("evidence.unproven"):
            await bb.bb.proofs.take(evidence.encode(evidence.vote_of("aa", new.public, *both)))
        assert await bb.evidence() == []
        await bb.bb.proofs.double_vote("aa", *both)
        assert [evidence.parse(row[5]).key for row in await bb.bb.proofs.held()] == [old]

    hearing(story)


@pytest.mark.parametrize("known", [True, False])
def test_who_votes_on_a_charter_was_in_the_one_before(hearing, refused, known):
    async def story(bb):
        before = bb.bb.members.charter.digest.hex() if known else "0" * 64
        one, other = (
            vote(bb, title=title, kind=statement.CHARTER, previous=before, version=2) for title in ("one", "two")
        )
        if known:
            await bb.bb.proofs.double_vote("aa", one, other)
            assert await bb.evidence() == [("vote", "aa")]
            return
        with refused("evidence.unproven"):
            await bb.bb.proofs.double_vote("aa", one, other)

    hearing(story)


def test_one_vote_twice_is_no_evidence(hearing):
    async def story(bb):
        await bb.bb.proofs.double_vote("aa", vote(bb), vote(bb))
        await bb.bb.proofs.double_vote("aa", vote(bb), vote(bb, by="cc", title="two"))
        assert await bb.evidence() == []

    hearing(story)
