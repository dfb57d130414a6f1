"""The charter's next version against the attacks that The Update Framework lists, one test for each."""

import pytest

from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.acts import Acts
from tocsin.exchange.members.charter import Changes
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Keys
from tocsin.testing.virtualtime import run

FIVE = ("aa", "bb", "cc", "dd", "ee")  # a next version needs 4 of them


class Five:
    """Five founders, what they may decide, and one node (that of aa) which is told."""

    def __init__(self, town):
        self.town = town
        self.keys = dict(town.keys)

    def next(self, signers, current=None, *, round_=0, keys=None, **changes):
        signed = charter.successor(current or self.town.charter, Changes(**changes), round_, 9)
        return self.sign(signed, signers, keys)

    def sign(self, signed, signers, keys=None):
        for handle in signers:
            signed = descriptor.sign(signed, handle, (keys or self.keys)[handle])
        return signed

    def body(self, handle, keys):
        """How a member would describe itself with these keys."""
        old = self.town.keys.get(handle)
        self.town.keys[handle] = keys
        try:
            return self.town.body(handle)
        finally:
            self.town.keys[handle] = old

    def changed(self, signers, current=None, **other):
        """A next version whose body is changed by hand."""
        made = charter.successor(current or self.town.charter, Changes(name="renamed"), 0, 9)
        return self.sign(statement.compose(statement.CHARTER, {**made.body, **other}), signers)


@pytest.fixture(scope="module")
def five(new_town):
    return Five(new_town(*FIVE))


def encoded(signed):
    return statement.encode(signed)


def told(five, work, me="aa"):
    async def main():
        members = await five.town.members(me)
        await work(members)

    run(main)


def test_the_threshold_puts_it_into_force(five):
    async def work(members):
        new = await members.adopt(encoded(five.next(FIVE[:4], name="renamed")))
        assert members.charter is new
        assert (new.version, new.name, new.previous) == (2, "renamed", five.town.charter.digest)
        assert [one.version for one in members.history] == [1, 2]

    told(five, work)


def test_one_vote_less_does_not(five, refused):
    async def work(members):
        with refused("policy.charter-unsigned") as caught:
            await members.adopt(encoded(five.next(FIVE[:3], name="renamed")))
        assert "3 of 4" in caught.value.what
        assert members.charter.version == 1

    told(five, work)


def test_rollback_to_an_older_version(five, refused):
    async def work(members):
        second = charter.of(five.next(FIVE[:4], name="two"))
        await members.adopt(encoded(second.signed))
        await members.adopt(encoded(five.next(FIVE[:4], second, name="three")))
        other = five.next(FIVE[:4], name="another two", round_=1)
        with refused("policy.charter-rollback"):
            await members.adopt(encoded(other))
        assert members.charter.name == "three"

    told(five, work)


def test_replay_of_the_same_or_an_older_one_changes_nothing(five):
    async def work(members):
        second = five.next(FIVE[:4], name="two")
        new = await members.adopt(encoded(second))
        calls = []
        members.on_change(lambda *one: calls.append(one))
        assert await members.adopt(encoded(second)) is new
        assert (await members.adopt(five.town.note)).version == 1
        await members.learn(second)
        await members.learn(five.town.signed)
        assert members.charter is new
        assert calls == []

    told(five, work)


def test_fast_forward_over_a_version(five, refused):
    async def work(members):
        second = charter.of(five.next(FIVE[:4], name="two"))
        third = five.next(FIVE, second, name="three")
        for take in (members.adopt(encoded(third)), members.learn(third)):
            with refused("policy.charter-gap"):
                await take
        assert members.charter.version == 1

    told(five, work)


def test_a_number_that_runs_ahead_of_its_predecessor(five, refused):
    async def work(members):
        with refused("policy.charter-gap"):
            await members.adopt(encoded(five.changed(FIVE, version=2**31)))

    told(five, work)


def test_another_predecessor(five, refused):
    async def work(members):
        with refused("policy.charter-gap"):
            await members.adopt(encoded(five.changed(FIVE, previous="ab" * 32)))

    told(five, work)


def test_whoever_was_kept_in_the_dark_takes_the_newer_one_from_any_peer(five):
    async def work(members):
        for number, signers in ((2, FIVE[:4]), (3, FIVE[1:])):
            await members.learn(five.next(signers, members.charter, name=f"version {number}"))
            assert members.charter.version == number

    told(five, work)


def test_signatures_of_another_text(five, refused):
    async def work(members):
        voted, wanted = five.next(FIVE, name="harmless"), five.next((), expel=frozenset({"ee"}))
        mixed = wanted._replace(note=note.Note(wanted.note.text, voted.note.signatures))
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(mixed))
        with refused("policy.charter-unsigned"):
            await members.learn(mixed)

    told(five, work)


def test_keys_that_only_the_new_version_names_do_not_vote(five, refused):
    strangers = {handle: Keys(SeededEntropy(handle.encode() * 2)) for handle in ("ff", "gg", "hh", "ii")}
    bodies = [five.body(handle, keys) for handle, keys in strangers.items()]

    async def work(members):
        signed = five.next((*strangers, "aa", "bb", "cc"), describe=tuple(bodies), keys={**five.keys, **strangers})
        with refused("policy.charter-unsigned") as caught:
            await members.adopt(encoded(signed))
        assert "3 of 4 votes: aa, bb, cc" in caught.value.what

    told(five, work)


def test_the_suspended_do_not_vote(five, refused):
    async def work(members):
        await members.adopt(encoded(five.next(FIVE[:4], suspend=frozenset({"ee"}))))
        assert members.charter.needed == 3  # of the four that take part
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(five.next(("aa", "bb", "ee"), members.charter, name="x")))
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(five.next(("aa", "bb", "ee"), members.charter, readmit=frozenset({"ee"}))))

    told(five, work)


def test_the_expelled_do_not_vote_themselves_back(five, refused):
    async def work(members):
        await members.adopt(encoded(five.next(FIVE[:4], expel=frozenset({"ee"}))))
        signed = five.next(("aa", "bb", "ee"), members.charter, describe=(five.town.body("ee"),))
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(signed))
        assert "ee" not in members.charter.members

    told(five, work)


def test_unknown_keys_do_not_vote(five, refused):
    unknown = {handle: Keys(SeededEntropy(handle.encode() * 3)) for handle in FIVE}

    async def work(members):
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(five.next(FIVE, name="x", keys=unknown)))

    told(five, work)


def test_one_key_counts_once(five, refused):
    async def work(members):
        signed = five.next(("aa", "bb", "cc"), name="x")
        mark = signed.note.signatures[0]
        twice = signed._replace(note=note.Note(signed.note.text, (*signed.note.signatures, mark, mark)))
        assert charter.of(twice).signers() == {"aa", "bb", "cc"}
        with refused("policy.charter-unsigned"):
            await members.learn(twice)
            await members.adopt(encoded(twice))

    told(five, work)


def test_one_key_under_two_names_counts_once(five, refused):
    async def work(members):
        keys = {**five.keys, "dd": five.keys["aa"], "ee": five.keys["aa"]}
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(five.next(FIVE, name="x", keys=keys)))

    told(five, work)


def test_a_false_line_beside_the_right_ones_spoils_nothing(five):
    async def work(members):
        half, rest = five.next(FIVE[:2], name="x"), five.next(FIVE[2:4], name="x")
        name = key_name("aa", Role.GOVERNANCE)
        right = next(one for one in half.note.signatures if one.name == name)
        false = note.Signature(name, right.key_id, bytes(64))
        poisoned = half._replace(note=note.Note(half.note.text, (false, *half.note.signatures)))
        await members.learn(poisoned)
        await members.learn(rest)
        assert members.charter.version == 2

    told(five, work)


def test_a_lower_threshold_is_judged_by_the_one_before(five, refused):
    async def work(members):
        lower = five.next(FIVE[:3], rules={"threshold": "1/2"})
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(lower))
        await members.adopt(encoded(five.next(FIVE[:4], rules={"threshold": "1/2"})))
        await members.adopt(encoded(five.next(FIVE[:3], members.charter, name="by half")))
        assert members.charter.version == 3

    told(five, work)


def test_nobody_is_described_anew_without_consent(five, refused):
    async def work(members):
        body = five.town.body("ee", endpoints={"peer": "elsewhere:1"})
        with refused("policy.charter-consent"):
            await members.adopt(encoded(five.next(FIVE[:4], describe=(body,))))
        await members.learn(five.next(FIVE[:4], describe=(body,)))
        assert members.charter.version == 1
        await members.learn(five.next(("ee",), describe=(body,)))
        assert members.charter.version == 2
        assert members.member("ee").endpoint == "elsewhere:1"

    told(five, work)


def test_another_governance_key_needs_the_votes_and_the_new_key(five, refused):
    new = Keys(SeededEntropy(b"new keys of ee"))
    body = five.body("ee", new)

    async def work(members):
        signed = five.next(FIVE[:4], describe=(body,))
        with refused("policy.charter-consent"):
            await members.adopt(encoded(signed))
        with refused("policy.charter-consent"):
            await members.adopt(encoded(five.sign(signed, ("ee",))))
        stolen = five.sign(five.next(FIVE[1:3], describe=(body,)), ("ee",), {"ee": new})
        with refused("policy.charter-unsigned"):
            await members.adopt(encoded(stolen))
        await members.adopt(encoded(five.sign(signed, ("ee",), {"ee": new})))
        assert members.member("ee").keys[Role.GOVERNANCE] == new.signing(Role.GOVERNANCE).public
        assert len(members.known("ee")) == 2

    told(five, work)


def test_the_old_key_votes_and_the_new_one_proves_itself(five):
    new = Keys(SeededEntropy(b"newer keys of ee"))
    body = five.body("ee", new)

    async def work(members):
        signed = five.sign(five.next(("bb", "cc", "dd", "ee"), describe=(body,)), ("ee",), {"ee": new})
        assert members.charter.ballot(charter.of(signed)).votes == {"bb", "cc", "dd", "ee"}
        await members.adopt(encoded(signed))
        assert members.charter.version == 2

    told(five, work)


def test_a_charter_that_lists_us_with_another_key_is_foreign(five, refused):
    new = Keys(SeededEntropy(b"not ours"))
    body = five.body("aa", new)

    async def work(members):
        signed = five.sign(five.next(FIVE[1:], describe=(body,)), ("aa",), {"aa": new})
        with refused("policy.charter-foreign"):
            await members.adopt(encoded(signed))
        assert members.charter.version == 1

    told(five, work)


def test_two_members_never_have_one_transport_certificate(five, refused):
    keys = {**five.town.body("bb")["keys"], "transport": five.town.body("aa")["keys"]["transport"]}
    with refused("format.statement"):
        five.next((), describe=(five.town.body("bb", keys=keys),))


@pytest.mark.parametrize("how", ["suspend", "expel"])
def test_one_member_alone_is_no_federation(five, refused, how):
    with refused("format.statement"):
        five.next((), **{how: frozenset(FIVE[1:])})


def test_two_that_have_both_won_name_those_who_voted_twice(five, refused):
    async def work(members):
        await members.learn(five.next(FIVE[:4], name="one"))
        with refused("policy.charter-fork") as caught:
            await members.learn(five.next(FIVE[1:], name="other"))
        assert "twice by bb, cc, dd" in caught.value.what
        assert members.charter.name == "one"

    told(five, work)


def test_a_rival_that_has_not_won_is_only_old(five, refused):
    async def work(members):
        await members.learn(five.next(FIVE[:4], name="one"))
        with refused("policy.charter-rollback"):
            await members.learn(five.next(FIVE[2:], name="other"))

    told(five, work)


def test_the_expelled_learn_that_they_are(five):
    async def work(members):
        await members.learn(five.next(FIVE[1:], expel=frozenset({"aa"})))
        assert members.charter.version == 2
        assert members.peers() == []
        assert not any(one.is_current for one in members.channels())

    told(five, work)


def test_proposals_gather_votes_and_survive_a_start(five, database, refused):
    async def main():
        members = await five.town.members("aa", database)
        mine = await Acts(members).propose_charter(Changes(name="mine"))
        await members.learn(five.next(("bb", "cc"), name="other"))
        with refused("policy.vote-cast"):
            await Acts(members).sign_charter(five.next((), name="other"))
        again = await five.town.members("aa", database)
        assert [one.digest for one in again.proposals()] == [one.digest for one in members.proposals()]
        assert again.cast("charter") == {(2, 0): mine.digest}
        with refused("policy.vote-cast"):
            await Acts(again).sign_charter(five.next((), name="other"))
        with refused("policy.vote-cast"):
            await Acts(again).propose_charter(Changes(name="third"))
        await again.learn(five.sign(mine.signed, ("dd",)))
        await again.learn(five.next(("bb", "cc", "dd", "ee"), name="other"))
        assert again.charter.name == "other"
        assert again.proposals() == []
        last = await five.town.members("aa", database)
        assert (last.charter.digest, last.proposals()) == (again.charter.digest, [])

    run(main)


def test_a_vote_that_the_store_has_lost_comes_back_with_a_peer(five, new_database, refused):
    async def main():
        before = await five.town.members("aa")
        mine = await Acts(before).propose_charter(Changes(name="mine"))
        database = new_database()
        restored = await five.town.members("aa", database)
        await restored.learn(mine.signed)
        assert restored.cast("charter") == {(2, 0): mine.digest}
        for members in (restored, await five.town.members("aa", database)):
            with refused("policy.vote-cast"):
                await Acts(members).sign_charter(five.next((), name="other"))

    run(main)


def test_nothing_is_a_proposal_that_no_member_has_signed(five, refused):
    async def work(members):
        unsigned = five.next(("aa",), name="x", keys={"aa": five.keys["bb"]})
        with refused("policy.charter-unsigned"):
            await members.learn(unsigned)
        assert members.proposals() == []

    told(five, work)


def test_a_proposal_that_changes_nothing(five, refused):
    async def work(members):
        for changes in (Changes(), Changes(name="town"), Changes(rules={"threshold": "2/3"})):
            with refused("policy.charter-unchanged"):
                await Acts(members).propose_charter(changes)
        with refused("policy.unknown-member"):
            await Acts(members).propose_charter(Changes(expel=frozenset({"zz"})))

    told(five, work)
