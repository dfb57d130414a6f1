"""What people are told before they sign: who comes and goes, which keys change, how the vote stands, what waits."""

from tocsin.exchange.members import charter, comparison, descriptor, votes
from tocsin.exchange.members.acts import Acts
from tocsin.exchange.members.charter import Changes
from tocsin.formats import statement
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Keys
from tocsin.testing.virtualtime import run

FIVE = ("aa", "bb", "cc", "dd", "ee")


def changes(town, **wanted):
    new = charter.of(charter.successor(town.charter, Changes(**wanted), 0, 9))
    return new, comparison.changes(town.charter, new)


def described(town, handle, keys, **more):
    old = town.keys[handle]
    town.keys[handle] = keys
    try:
        return {**town.body(handle), **more}
    finally:
        town.keys[handle] = old


def test_who_comes_and_goes_and_which_rules_change(new_town):
    town, other = new_town(*FIVE), new_town("ff", "gg")
    new, told = changes(
        town,
        describe=(other.body("ff"),),
        expel=frozenset({"ee"}),
        suspend=frozenset({"bb"}),
        rules={"threshold": "3/4"},
    )
    fingerprint = new.members["ff"].fingerprint
    assert [(one["handle"], one["fingerprint"]) for one in told["admitted"]] == [("ff", fingerprint)]
    assert [one["handle"] for one in told["expelled"]] == ["ee"]
    assert (told["suspended"], told["readmitted"], told["changed"]) == (["bb"], [], [])
    assert told["rules"] == {"threshold": {"before": "2/3", "after": "3/4"}}
    again = charter.of(charter.successor(new, Changes(readmit=frozenset({"bb"})), 0, 9))
    assert comparison.changes(new, again)["readmitted"] == ["bb"]


def test_every_key_that_changes_is_told_with_both_fingerprints(new_town):
    town = new_town(*FIVE)
    keys = Keys(SeededEntropy(99))
    new, told = changes(town, describe=(described(town, "cc", keys, name="Another"),))
    before, after = (comparison.fingerprints(one.members["cc"]) for one in (town.charter, new))
    [one] = told["changed"]
    assert one["keys"] == {
        role: {"before": before[role], "after": after[role]} for role in before if before[role] != after[role]
    }
    assert {"governance", "log", "receipt", "seal"} <= one["keys"].keys()
    assert after["governance"] == new.members["cc"].fingerprint
    assert one["fields"] == {"name": {"before": town.charter.members["cc"].name, "after": "Another"}}


def test_against_nothing_all_are_admitted(new_town):
    town = new_town("aa", "bb")
    told = comparison.changes(None, town.charter)
    assert [one["handle"] for one in told["admitted"]] == ["aa", "bb"]
    assert told["rules"]["threshold"] == {"before": None, "after": "2/3"}


def test_a_proposal_waits_for_our_vote_until_it_is_cast(new_town):
    async def main():
        town = new_town(*FIVE)
        ours, theirs = await town.members("aa"), await town.members("bb")
        new = await Acts(theirs).propose_charter(Changes(name="renamed"))
        assert (votes.waiting(theirs), votes.waiting(ours)) == ([], [])
        await ours.learn(new.signed)
        assert votes.waiting(ours) == [("charter", new.digest, 2, 0)]
        standing = comparison.standing(ours.charter, ours.proposals()[0], "aa")
        assert (standing["votes"], standing["needed"], standing["of"]) == (["bb"], 4, 5)
        assert (standing["signed_by_us"], standing["decided"]) == (False, False)
        await Acts(ours).sign_charter(statement.parse(statement.encode(new.signed)))
        assert votes.waiting(ours) == []
        assert comparison.standing(ours.charter, ours.proposals()[0], "aa")["votes"] == ["aa", "bb"]

    run(main)


def test_whoever_is_admitted_later_adopts_all_versions_at_once(new_town, new_database, refused):
    async def main():
        town, other = new_town("aa", "bb"), new_town("ff", "gg")
        signed = charter.successor(town.charter, Changes(describe=(other.body("ff"),)), 0, 9)
        for handle, keys in (*town.keys.items(), ("ff", other.keys["ff"])):
            signed = charter.merged(signed, descriptor.sign(signed, handle, keys))
        second, clock = statement.encode(signed), (await town.members("aa")).clock
        late = type(await town.members("aa"))("ff", new_database(), other.keys["ff"], clock, SeededEntropy(1))
        with refused("policy.charter-foreign"):
            await late.adopt(town.note)
        assert not late.has_charter
        assert (await late.adopt(town.note, second)).version == 2
        assert [one.version for one in late.history] == [1, 2]

    run(main)
