"""The directory of one node: adopting, making and learning channels, and that all of it survives a start."""

import asyncio
from base64 import b64encode

from tocsin.errors import VerificationError
from tocsin.exchange.members import channels, descriptor, registry
from tocsin.exchange.members.acts import Acts
from tocsin.formats import statement
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import wrap
from tocsin.testing.virtualtime import run

THEMATIC, BILATERAL = ChannelKind.THEMATIC, ChannelKind.BILATERAL


def test_adopt_and_read_again(town, database):
    async def main():
        one = await town.members("bb", database)
        again = await town.members("bb", database)
        return one, again

    for members in run(main):
        assert members.has_charter
        assert members.charter.digest == town.charter.digest
        assert members.peers() == ["aa", "cc"]
        assert members.member("aa").handle == "aa"
        assert [one.name for one in members.channels()] == ["plenary"]
        assert members.channel("plenary") is members.channel(members.channels()[0].id)
        slot = members.channel("plenary").slots["cc"]
        assert members.origin(slot) == (members.channel("plenary"), "cc", False)
        assert members.origin(bytes(32)) is None


def test_what_is_not_there(town, refused):
    async def main():
        members = await town.members("aa")
        with refused("policy.unknown-member"):
            members.member("zz")
        with refused("policy.no-such-channel"):
            members.channel("ports")
        with refused("policy.unknown-member"):
            await Acts(members).create_channel("ports", THEMATIC, ["zz"])

    run(main)


def test_before_a_charter(town, database, refused):
    async def main():
        empty = type(await town.members("aa"))("aa", database, town.keys["aa"], None, None)
        await empty.load()
        assert not empty.has_charter
        assert empty.channels() == []
        with refused("config.no-charter"):
            empty.member("aa")
        return empty

    run(main)


def test_which_charters_are_not_adopted(town, new_town, new_database, refused):
    async def main():
        members = await town.members("aa")
        assert await members.adopt(town.note) is members.charter
        with refused("policy.charter-rollback"):
            await members.adopt(new_town("aa", "bb").note)
        half = statement.encode(descriptor.sign(town.unsigned, "aa", town.keys["aa"]))
        assert await members.adopt(half) is members.charter, "its text is in force already"
        fresh = type(members)("aa", new_database(), town.keys["aa"], members.clock, members.entropy)
        with refused("policy.charter-unsigned"):
            await fresh.adopt(half)
        other = new_town("bb", "cc", "dd")
        with refused("policy.charter-rollback"):
            await (await other.members("dd")).adopt(town.note)
        foreign = type(members)("dd", new_database(), other.keys["dd"], members.clock, members.entropy)
        with refused("policy.charter-foreign"):
            await foreign.adopt(town.note)
        with refused("format.statement"):
            await members.adopt(town.descriptor("aa"))
        assert members.charter.digest == town.charter.digest

    run(main)


def test_a_charter_with_another_key_for_us_is_foreign(town, refused):
    async def main():
        members = await town.members("aa")
        liar = type(members)("bb", members.database, town.keys["cc"], members.clock, members.entropy)
        with refused("policy.charter-foreign"):
            await liar.adopt(town.note)

    run(main)


async def three(town):
    return {handle: await town.members(handle) for handle in ("aa", "bb", "cc")}


async def learn(members, signed):
    """What the member knows of the channel after it has learned this."""
    await members.learn(signed)
    return members.channel(signed.body["name"])


def test_a_channel_opens_when_the_last_has_countersigned(town):
    async def main():
        all_ = await three(town)
        told = []
        all_["bb"].on_change(lambda *one: told.append(one))
        made = await Acts(all_["aa"]).create_channel("ports", THEMATIC, ["bb", "cc"], title="Ports", named_people=True)
        assert not made.is_open
        assert made.number == 2
        at_bb = await learn(all_["bb"], made.signed)
        assert at_bb.signers == {"aa", "bb"}
        at_cc = await learn(all_["cc"], at_bb.signed)
        assert at_cc.is_open
        for handle in ("aa", "bb"):
            one = await learn(all_[handle], at_cc.signed)
            assert one.is_open
            assert one.slots == at_cc.slots
            assert one.named_people
        assert [len(signed.note.signatures) for signed, _ in told] == [2, 3]
        assert {concerned for _, concerned in told} == {frozenset({"aa", "cc"})}
        await all_["bb"].learn(at_cc.signed)
        assert len(told) == 2, "told again of what it knew"

    run(main)


def test_channels_survive_a_start_with_number_and_signatures(town, new_database):
    async def main():
        database = new_database()
        members = await town.members("aa", database)
        one = await Acts(members).create_channel("ports", THEMATIC, ["bb"])
        two = await Acts(members).create_channel("rail", BILATERAL, ["cc"])
        again = await town.members("aa", database)
        assert [(c.number, c.id, c.signers) for c in again.channels()[1:]] == [
            (2, one.id, {"aa"}),
            (3, two.id, {"aa"}),
        ]
        assert again.origin(two.slots["cc"]) == (again.channel("rail"), "cc", False)
        assert again.origin(two.urgent["cc"]) == (again.channel("rail"), "cc", True)

    run(main)


def test_two_that_learn_at_once_lose_no_signature(town):
    """Two peers bring one channel at the same moment, each with its own signature."""

    async def main():
        all_ = await three(town)
        made = await Acts(all_["aa"]).create_channel("ports", THEMATIC, ["bb", "cc"])
        from_bb = await learn(all_["bb"], made.signed)
        from_cc = await learn(all_["cc"], made.signed)
        await asyncio.gather(all_["aa"].learn(from_bb.signed), all_["aa"].learn(from_cc.signed))
        assert all_["aa"].channel("ports").is_open

    run(main)


def test_which_channels_are_not_made(town, refused):
    async def main():
        members = await town.members("aa")
        await Acts(members).create_channel("ports", BILATERAL, ["bb"])
        for name, kind, roster in (
            ("ports", THEMATIC, ["bb", "cc"]),
            ("plenary", THEMATIC, ["bb"]),
            ("rail", BILATERAL, ["bb"]),
        ):
            with refused("policy.channel-exists"):
                await Acts(members).create_channel(name, kind, roster)
        for name, kind, roster in (("three", BILATERAL, ["bb", "cc"]), ("alone", THEMATIC, [])):
            with refused("verify.channel"):
                await Acts(members).create_channel(name, kind, roster)
        with refused("format.handle"):
            await Acts(members).create_channel("Rail", THEMATIC, ["bb"])
        assert [one.name for one in members.channels()] == ["plenary", "ports"]

    run(main)


def test_which_channels_are_not_learned(town, refused):
    async def main():
        all_ = await three(town)
        made = await Acts(all_["aa"]).create_channel("ports", THEMATIC, ["bb"])
        with refused("verify.channel"):
            await all_["cc"].learn(made.signed)
        await Acts(all_["bb"]).create_channel("ports", THEMATIC, ["cc"])
        with refused("policy.channel-exists"):
            await all_["bb"].learn(made.signed)
        with refused("verify.channel"):
            await all_["aa"].learn(
                descriptor.sign(
                    statement.compose(statement.CHANNEL, {**made.signed.body, "title": "x"}), "aa", town.keys["aa"]
                )
            )
        assert len(all_["cc"].channels()) == 1

    run(main)


def test_one_member_makes_so_many_channels_and_no_more(town, refused, monkeypatch):
    monkeypatch.setattr(registry, "MAX_CREATED", 2)

    async def main():
        all_ = await three(town)
        made = [await Acts(all_["aa"]).create_channel(name, THEMATIC, ["bb"]) for name in ("one", "two")]
        with refused("policy.too-many-channels"):
            await Acts(all_["aa"]).create_channel("three", THEMATIC, ["bb"])
        monkeypatch.setattr(registry, "MAX_CREATED", 3)
        more = await Acts(all_["aa"]).create_channel("three", THEMATIC, ["bb"])
        monkeypatch.setattr(registry, "MAX_CREATED", 2)
        for one in made:
            await all_["bb"].learn(one.signed)
        with refused("policy.too-many-channels"):
            await all_["bb"].learn(more.signed)
        await all_["bb"].learn(made[0].signed)
        assert all_["bb"].channel("one").is_open, "what is known is no new channel"
        await Acts(all_["bb"]).create_channel("mine", THEMATIC, ["aa"])
        assert [one.name for one in all_["bb"].channels()] == ["plenary", "one", "two", "mine"]

    run(main)


def test_nobody_takes_the_place_of_the_plenary(town, refused):
    """Its id follows from the charter, so any member can write a channel with that id."""

    async def main():
        all_ = await three(town)
        plenary = all_["bb"].channel("plenary")
        made = await Acts(all_["aa"]).create_channel("ports", THEMATIC, ["bb"])
        wrapped = _wrapped(town, plenary.id)
        forged = channels.compose({**made.signed.body, "id": plenary.id, "name": "other"}, bytes(32), wrapped)
        with refused("verify.channel", VerificationError):
            await all_["bb"].learn(descriptor.sign(forged, "aa", town.keys["aa"]))
        assert all_["bb"].channels() == [plenary]

    run(main)


def _wrapped(town, channel_id):
    return {
        handle: b64encode(
            wrap(town.charter.members[handle].seal, bytes(32), channels.wrap_info(channel_id, handle))
        ).decode()
        for handle in ("aa", "bb")
    }


def test_a_store_that_fails_leaves_the_directory_as_it_was(town, refused, new_database):
    async def main():
        database = new_database()
        members = await town.members("aa", database)
        await database.close()
        with refused("store.unknown"):
            await Acts(members).create_channel("ports", THEMATIC, ["bb"])
        assert [one.name for one in members.channels()] == ["plenary"]

    run(main)
