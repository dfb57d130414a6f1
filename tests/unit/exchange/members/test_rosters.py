"""Channels that change: who joins, leaves and is put out, by whose votes, and that every node comes to the same."""

from base64 import b64encode

import pytest

from tocsin.exchange.members import charter, descriptor, rosters
from tocsin.exchange.members.acts import Acts
from tocsin.exchange.members.channels import compose, wrap_info
from tocsin.exchange.members.charter import Changes
from tocsin.formats import statement
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import wrap
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.virtualtime import run

FOUR = ("aa", "bb", "cc", "dd")


class Nodes:
    """Four members without links: what one says is carried to all whom it concerns, unless they are cut off."""

    def __init__(self, town, new_database):
        self.town = town
        self.databases = {handle: new_database() for handle in FOUR}
        self.members = {}
        self.cut = set()
        self.under_way = []
        self.starts = 0

    async def start(self, *handles):
        for handle in handles or FOUR:
            self.members[handle] = await self.member(handle)
            self.members[handle].on_change(lambda signed, to, by=handle: self.under_way.append((by, signed, to)))

    async def member(self, handle):
        made = await self.town.members(handle, self.databases[handle])
        self.starts += 1
        made.entropy = SeededEntropy(self.starts)  # never the same chance after another start
        return made

    def acts(self, handle):
        return Acts(self.members[handle])

    def seen(self, handle, name="ports"):
        return self.members[handle].channel(name)

    async def carry(self):
        later = []
        while self.under_way:
            by, signed, to = self.under_way.pop(0)
            for handle in sorted(to & self.members.keys()):
                if self.cut & {by, handle}:
                    later.append((by, signed, frozenset({handle})))
                else:
                    await self.members[handle].learn(signed)
        self.under_way = later

    async def say(self, handle, act, *args, **more):
        made = await getattr(self.acts(handle), act)(*args, **more)
        await self.carry()
        await self.restart_all()
        return made

    async def restart_all(self):
        """Whatever a node knows it knows again after a start."""
        for handle, old in list(self.members.items()):
            new = await self.member(handle)
            assert new.generations() == old.generations()
            assert [one.signed for one in new.proposals()] == [one.signed for one in old.proposals()]
            for one in old.channels():
                assert new.cast(one.id) == old.cast(one.id)
        await self.start()


@pytest.fixture(scope="module")
def four(new_town):
    return new_town(*FOUR)


@pytest.fixture
def played(four, new_database):
    """played(story): the story gets Nodes with the channel `ports` of aa, bb and cc."""

    def play(story, roster=("bb", "cc")):
        async def main():
            nodes = Nodes(four, new_database)
            await nodes.start()
            await nodes.say("aa", "create_channel", "ports", ChannelKind.THEMATIC, roster)
            await story(nodes)

        run(main)

    return play


@pytest.mark.slow
def test_a_joiner_countersigns_and_has_nothing_of_what_was(played):
    async def story(nodes):
        first = nodes.seen("aa")
        nodes.cut = {"dd"}
        await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        await nodes.say("bb", "agree", "ports")
        assert nodes.seen("aa").version == 1, "the joiner has not signed"
        nodes.cut = set()
        await nodes.carry()
        for handle in FOUR:
            one = nodes.seen(handle)
            assert (one.version, one.roster, one.is_current) == (2, {"aa", "bb", "cc", "dd"}, True)
        assert [one.version for one in nodes.members["dd"].generations() if one.name == "ports"] == [2]
        for slot in (*first.slots.values(), *first.urgent.values()):
            assert nodes.members["dd"].origin(slot) is None
            assert nodes.members["aa"].origin(slot).channel.version == 1
        assert not set(first.slots.values()) & set(nodes.seen("aa").slots.values())

    played(story)


@pytest.mark.slow
def test_half_of_the_roster_does_not_decide(played):
    async def story(nodes):
        await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        assert [nodes.seen(handle).version for handle in ("aa", "bb", "cc")] == [1, 1, 1]
        assert nodes.members["dd"].channels() == [nodes.members["dd"].channel("plenary")]
        await nodes.say("cc", "agree", "ports")
        assert [nodes.seen(handle).version for handle in FOUR] == [2, 2, 2, 2]

    played(story)


@pytest.mark.slow
def test_whoever_is_put_out_knows_it_and_nothing_that_follows(played):
    async def story(nodes):
        await nodes.say("aa", "propose_roster", "ports", [], ["cc"])
        await nodes.say("bb", "agree", "ports")
        assert nodes.seen("aa").roster == nodes.seen("bb").roster == {"aa", "bb"}
        out = nodes.seen("cc")
        assert (out.is_current, out.is_open, out.version) == (False, False, 1)
        old = next(one for one in nodes.members["aa"].generations() if one.name == "ports")
        assert (old.version, old.roster, old.is_open, old.is_current) == (1, {"aa", "bb"}, True, False)
        for slot in nodes.seen("aa").slots.values():
            assert nodes.members["cc"].origin(slot) is None

    played(story)


@pytest.mark.slow
def test_leaving_is_at_once_and_asks_nobody(played, refused):
    async def story(nodes):
        await nodes.say("cc", "leave", "ports")
        for handle in ("aa", "bb"):
            assert (nodes.seen(handle).roster, nodes.seen(handle).is_current) == ({"aa", "bb"}, True)
        assert not nodes.seen("cc").is_open
        for act, args in (("agree", ()), ("propose_roster", (["dd"], []))):
            with refused("policy.channel-pending"):
                await nodes.say("cc", act, "ports", *args)

    played(story)


@pytest.mark.slow
def test_back_after_leaving_by_votes_and_its_own_signature(played, refused):
    async def story(nodes):
        await nodes.say("cc", "leave", "ports")
        with refused("policy.channel-left"):
            await nodes.say("aa", "propose_roster", "ports", ["cc"], [])
        await nodes.say("aa", "propose_roster", "ports", [], ["cc"])
        await nodes.say("bb", "agree", "ports")
        await nodes.say("aa", "propose_roster", "ports", ["cc"], [])
        await nodes.say("bb", "agree", "ports")
        for handle in ("aa", "bb", "cc"):
            assert (nodes.seen(handle).version, nodes.seen(handle).roster) == (3, {"aa", "bb", "cc"})
            assert nodes.seen(handle).is_current
        mine = [one for one in nodes.members["cc"].generations() if one.name == "ports"]
        assert [(one.version, one.is_open) for one in mine] == [(1, False), (3, True)]
        old = next(one for one in nodes.members["aa"].generations() if one.name == "ports")
        assert old.roster == {"aa", "bb"}, "what was said after it had left is still not for it"

    played(story)


@pytest.mark.slow
def test_a_vote_that_crosses_a_leave_does_not_bring_back(played):
    async def story(nodes):
        nodes.cut = {"cc"}
        await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        await nodes.say("cc", "leave", "ports")
        await nodes.say("bb", "agree", "ports")
        assert nodes.seen("aa").roster == set(FOUR)
        nodes.cut = set()
        await nodes.carry()
        for handle in ("aa", "bb", "dd"):
            assert (nodes.seen(handle).version, nodes.seen(handle).roster) == (2, {"aa", "bb", "dd"})
        assert not nodes.seen("cc").is_open

    played(story)


@pytest.mark.slow
def test_a_round_that_nobody_can_win_gives_way_to_the_next(played, refused):
    async def story(nodes):
        nodes.cut = {"aa", "bb", "cc"}
        await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        await nodes.say("bb", "propose_roster", "ports", [], ["cc"])
        await nodes.say("cc", "propose_roster", "ports", [], ["aa"])
        nodes.cut = set()
        await nodes.carry()
        found = nodes.members["aa"].book(nodes.seen("aa").id).proposals("aa")
        assert [one.round for one in found] == [0, 0, 0]
        for one in found:
            if one.creator != "aa":
                with refused("policy.vote-cast"):
                    await nodes.say("aa", "agree", "ports", one.digest.hex())
        again = await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        assert again.round == 1
        await nodes.say("bb", "agree", "ports")
        assert [nodes.seen(handle).roster for handle in FOUR] == [set(FOUR)] * 4

    played(story)


@pytest.mark.slow
def test_no_second_vote_in_a_round_not_even_after_a_start(played, refused):
    async def story(nodes):
        nodes.cut = {"aa"}
        await nodes.say("bb", "propose_roster", "ports", ["dd"], [])
        await nodes.say("aa", "propose_roster", "ports", [], ["cc"])
        await nodes.restart_all()
        with refused("policy.vote-cast"):
            await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        nodes.cut = set()
        await nodes.carry()
        rival = next(
            one for one in nodes.members["aa"].book(nodes.seen("aa").id).proposals("aa") if one.creator == "bb"
        )
        with refused("policy.vote-cast"):
            await nodes.say("aa", "agree", "ports", rival.digest.hex())
        rows = await nodes.databases["aa"].read(
            lambda db: db.query("SELECT version, round FROM members_votes WHERE version > 1")
        )
        assert rows == [(2, 0)]

    played(story)


def test_the_vote_is_stored_with_the_signature_or_neither(played, refused):
    async def story(nodes):
        members, database = nodes.members["aa"], nodes.databases["aa"]
        channel = nodes.seen("aa")
        await database.write(
            lambda tx: tx.execute(
                "INSERT INTO members_votes (chain, version, round, digest) VALUES (?, 2, 0, x'00')", (channel.id,)
            )
        )
        with pytest.raises(Exception, match=r"UNIQUE|store"):
            await nodes.acts("aa").propose_roster("ports", ["dd"], [])
        assert nodes.under_way == []
        assert members.book(channel.id).proposals("aa") == []
        assert await database.read(lambda db: db.query("SELECT COUNT(*) FROM members_statements")) == [(1,)]

    played(story)


@pytest.mark.slow
def test_a_peer_brings_a_forgotten_vote_back(played, refused, new_database):
    async def story(nodes):
        nodes.cut = {"cc"}
        mine = await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        nodes.databases["aa"] = new_database()
        await nodes.start("aa")
        for signed in nodes.members["bb"].concerning("aa"):
            await nodes.members["aa"].learn(signed)
        assert nodes.members["aa"].cast(mine.id)[2, 0] == mine.digest
        for _ in range(2):
            with refused("policy.vote-cast"):
                await nodes.acts("aa").propose_roster("ports", [], ["cc"])
            await nodes.start("aa")

    played(story)


@pytest.mark.slow
def test_what_was_proposed_for_an_older_generation_is_stale(played, refused):
    async def story(nodes):
        nodes.cut = {"cc"}
        stale = await nodes.say("cc", "propose_roster", "ports", [], ["bb"])
        await nodes.say("aa", "propose_roster", "ports", ["dd"], [])
        await nodes.say("bb", "agree", "ports")
        nodes.cut = set()
        await nodes.carry()
        assert [nodes.seen(handle).version for handle in FOUR] == [2, 2, 2, 2]
        assert stale not in nodes.members["aa"].book(stale.id).proposals("aa")
        with refused("policy.no-proposal"):
            await nodes.say("aa", "agree", "ports", stale.digest.hex())

    played(story)


@pytest.mark.slow
def test_the_suspended_are_out_until_the_channel_takes_them_in_again(played, four):
    async def story(nodes):
        async def decide(changes):
            made = await nodes.acts("aa").propose_charter(changes)
            for handle in FOUR:
                if handle in nodes.members["aa"].charter.active and handle != "aa":
                    await nodes.carry()
                    proposal = [one for one in nodes.members[handle].proposals() if one.digest == made.digest]
                    for one in proposal:
                        await nodes.acts(handle).sign_charter(one.signed)
            await nodes.carry()
            await nodes.members["cc"].learn(nodes.members["aa"].charter.signed)
            await nodes.restart_all()

        await decide(Changes(suspend=frozenset({"cc"})))
        assert nodes.seen("aa").roster == nodes.seen("bb").roster == {"aa", "bb"}
        assert not nodes.seen("cc").is_open
        await decide(Changes(readmit=frozenset({"cc"})))
        assert nodes.seen("aa").roster == {"aa", "bb"}, "what was said meanwhile is not for it"
        assert not nodes.seen("cc").is_open
        await nodes.say("aa", "propose_roster", "ports", ["cc"], [])
        await nodes.say("bb", "agree", "ports")
        for handle in ("aa", "bb", "cc"):
            one = nodes.seen(handle)
            assert (one.version, one.roster, one.is_current) == (2, {"aa", "bb", "cc"}, True)

    played(story)


@pytest.mark.slow
def test_what_cannot_change(played, refused):
    async def story(nodes):
        await nodes.say("aa", "create_channel", "pair", ChannelKind.BILATERAL, ["dd"])
        for act, name, args, code in (
            ("propose_roster", "pair", (["bb"], []), "policy.channel-bilateral"),
            ("propose_roster", "plenary", ([], ["bb"]), "policy.channel-plenary"),
            ("leave", "plenary", (), "policy.channel-plenary"),
            ("propose_roster", "ports", ([], []), "policy.channel-unchanged"),
            ("propose_roster", "ports", (["bb"], []), "policy.channel-unchanged"),
            ("propose_roster", "ports", ([], ["dd"]), "policy.channel-unchanged"),
            ("propose_roster", "ports", (["zz"], []), "policy.unknown-member"),
            ("agree", "ports", (), "policy.no-proposal"),
        ):
            with refused(code):
                await nodes.say("aa", act, name, *args)

    played(story)


def forged(nodes, by, **other):
    """A statement for the second generation of ports, signed by one member with its own key."""
    last = nodes.members["aa"].book(nodes.seen("aa").id).chain("aa")[-1]
    body = {
        **last.signed.body,
        "version": 2,
        "round": 0,
        "previous": last.digest.hex(),
        "voters": sorted(last.roster),
        "creator": by,
        **other,
    }
    secrets = {
        handle: b64encode(
            wrap(nodes.town.keys[handle].sealing().public, bytes(32), wrap_info(last.id, handle))
        ).decode()
        for handle in body["roster"]
    }
    return descriptor.sign(compose(body, bytes(32), secrets), by, nodes.town.keys[by])


@pytest.mark.parametrize(
    ("by", "other"),
    [
        ("bb", {"name": "other"}),
        ("bb", {"kind": "bilateral", "roster": ["aa", "bb"]}),
        ("dd", {"roster": ["aa", "bb", "cc", "dd"]}),
        ("dd", {"roster": ["aa", "dd"], "voters": ["aa", "dd"], "version": 1, "previous": ""}),
    ],
)
def test_no_statement_changes_name_or_kind_or_comes_from_outside(played, refused, by, other):
    async def story(nodes):
        with refused("verify.channel") if other.get("version") != 1 else refused("format.statement"):
            await nodes.members["aa"].learn(forged(nodes, by, **other))
        assert nodes.members["aa"].book(nodes.seen("aa").id).proposals("aa") == []

    played(story)


def test_an_outsiders_roster_of_its_own_making_is_never_in_force(played):
    """Somebody outside names itself and a friend as those who vote: it follows nothing that we hold."""

    async def story(nodes):
        last = nodes.seen("aa")
        signed = forged(nodes, "dd", roster=["aa", "dd"], voters=["aa", "dd"])
        await nodes.members["aa"].learn(signed)
        assert nodes.seen("aa") == last
        assert nodes.members["aa"].book(last.id).proposals("aa") == []

    played(story)


def test_nobody_leaves_for_another(played, refused):
    async def story(nodes):
        made = rosters.leave(nodes.seen("aa").id, "cc", 1, 7)
        with refused("verify.channel"):
            await nodes.members["aa"].learn(descriptor.sign(made, "cc", nodes.town.keys["bb"]))
        outside = descriptor.sign(rosters.leave(nodes.seen("aa").id, "dd", 1, 7), "dd", nodes.town.keys["dd"])
        with refused("verify.channel"):
            await nodes.members["aa"].learn(outside)
        with refused("format.statement"):
            rosters.read_leave(nodes.seen("aa").signed, nodes.members["aa"].history)
        assert nodes.seen("aa").roster == {"aa", "bb", "cc"}

    played(story)


def test_two_votes_of_one_member_are_seen(played):
    async def story(nodes):
        one = nodes.members["aa"].stated(forged(nodes, "bb", roster=["aa", "bb"]))
        other = nodes.members["aa"].stated(forged(nodes, "bb", roster=["bb", "cc"]))
        third = nodes.members["aa"].stated(forged(nodes, "cc", roster=["bb", "cc"]))
        assert rosters.double_votes(one, [one, other, third]) == {"bb": other}
        assert rosters.double_votes(third, [one, third]) == {}

    played(story)


def test_restarting_members_read_a_charter_chain(four):
    """charter.chain() judges each by the one before."""

    async def main():
        aa = await four.members("aa")
        made = charter.successor(aa.charter, Changes(name="x"), 0, 9)
        for handle in FOUR[:3]:
            made = descriptor.sign(made, handle, four.keys[handle])
        found = charter.chain([four.note, statement.encode(made)])
        assert [one.version for one in found] == [1, 2]
        assert charter.chain([]) == []
        return statement.encode(made)

    run(main)
