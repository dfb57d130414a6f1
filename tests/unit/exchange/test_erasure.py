"""Erase orders through the whole exchange: nothing of what was said is left, everything that was signed still holds."""

import itertools
from hashlib import sha256

import pytest

from tocsin.exchange.journal import erase
from tocsin.exchange.publish import order
from tocsin.exchange.publish.draft import Ready
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp

CANARY = "c4n4ry-7f3a91d2"
OTHER = "kept-5be01c77"
SALTS = "SELECT salt FROM journal_rows WHERE kind = 1 AND held IS NULL AND name LIKE ?"


async def told(fed, stix, *, count=3):
    """`aa` has told everybody of things to be erased, and of as many others."""
    objects = [stix.object(n, name=f"{CANARY} {n}") for n in range(count)]
    objects += [stix.object(100 + n, name=f"{OTHER} {n}") for n in range(count)]
    batches, refused = await fed.share("aa", "plenary", objects, Tlp.GREEN)
    assert not refused
    return batches[0]


async def give(fed, named, *, handle="aa", channel="plenary", slot=None, reason="shared in error"):
    """An erase order for entries of our log in a channel."""
    core = fed.core(handle)
    where = core.members.channel(channel)
    mine = slot or where.slots[handle]
    made = order.orders(mine, [(seq, 1) for seq in named], reason, 7, core.world.clock.now_us())
    return await core.publisher.publish(where, made)


def bytes_of(node):
    return b"".join(node.storage.files().values())


def salts_of(node, name=CANARY):
    return [row[0] for row in node.query(SALTS, f"{name}%")]


def receipts_at(fed, batch, handle="aa"):
    return {
        row[0]
        for row in fed.nodes[handle].query(
            "SELECT member FROM deliver_erased WHERE log = ? AND seq = ?", batch.log, batch.start
        )
    }


async def clean(fed, batch, *handles):
    """Everybody has obeyed, and said so."""
    await fed.until(lambda: receipts_at(fed, batch) == {"bb", "cc"} - set(handles))


async def sound(fed):
    for node in fed.nodes.values():
        if node.core is not None:
            assert (await node.fsck())["problems"] == []


@pytest.mark.slow
def test_what_is_ordered_away_is_nowhere_and_everything_signed_holds(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        await fed.settled()
        salts = {handle: salts_of(node) for handle, node in fed.nodes.items()}
        for handle, node in fed.nodes.items():
            assert CANARY.encode() in bytes_of(node), "the test could see it"
            assert len(salts[handle]) == 3
            assert all(salt in bytes_of(node) for salt in salts[handle])
        heads = {
            handle: fed.core(handle).logs.get(fed.core("aa").members.channel("plenary").slots["aa"])
            for handle in fed.nodes
        }
        root = heads["bb"].frontier.root()
        given = await give(fed, range(batch.start, batch.start + 3))
        await fed.settled()
        await clean(fed, given)
        for handle, node in fed.nodes.items():
            left = bytes_of(node)
            assert CANARY.encode() not in left, handle
            assert not [salt for salt in salts[handle] if salt in left], handle
            assert left.count(OTHER.encode()) >= 3
            assert (await node.fsck())["problems"] == []
            held = node.query(
                "SELECT held, marking, sent_at, content FROM journal_rows WHERE kind = 1 ORDER BY log, seq LIMIT 3"
            )
            assert [one[0] for one in held] == ["erased"] * 3
            assert all(one[1] == Tlp.GREEN and one[2] and one[3] is None for one in held)
            assert node.query("SELECT root FROM tlog_checkpoints WHERE size = 6") == [(root,)]
        assert heads["bb"].size == 7

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_who_was_away_obeys_when_it_returns(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        await fed.settled()
        fed.network.isolate("cc")
        given = await give(fed, range(batch.start, batch.start + 3))
        await clean(fed, given, "cc")
        assert CANARY.encode() in bytes_of(fed.nodes["cc"])
        fed.network.heal("cc")
        await fed.settled()
        await clean(fed, given)
        assert CANARY.encode() not in bytes_of(fed.nodes["cc"])
        await sound(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
@pytest.mark.parametrize("restarted", [False, True])
def test_who_comes_late_catches_up_across_what_is_erased(played, stix, restarted):
    async def story(fed):
        await fed.crash("cc")
        batch = await told(fed, stix, count=40)  # a large batch travels as it was committed
        given = await give(fed, range(batch.start, batch.start + 40))
        await clean(fed, given, "cc")
        if restarted:
            await fed.crash("aa")
            await fed.restart("aa")
        await fed.restart("cc")
        await fed.settled()
        node = fed.nodes["cc"]
        assert CANARY.encode() not in bytes_of(node)
        rows = node.query("SELECT held, content_type, marking, content, salt FROM journal_rows WHERE kind = 1")
        assert rows[:40] == [("erased", 0, None, None, None)] * 40
        assert [row[:2] for row in rows[40:]] == [(None, 1)] * 40 + [("order", 2)]
        await clean(fed, given)
        await sound(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_an_order_for_what_others_said_is_held_back(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        await fed.settled()
        slot = fed.core("aa").members.channel("plenary").slots["aa"]
        given = await give(fed, range(batch.start, batch.start + 3), handle="bb", slot=slot)
        await fed.settled()
        for handle, node in fed.nodes.items():
            assert len(node.query("SELECT 1 FROM journal_rows WHERE name LIKE ?", f"{CANARY}%")) == 3, handle
            held = node.query("SELECT held FROM journal_rows WHERE kind = 1 AND member = 'bb'")
            assert held == [("order" if handle == "bb" else "receive.order-foreign",)]
        await fed.until(lambda: fed.core("bb").eraser.clean >= given.position)
        assert not receipts_at(fed, given, "bb")
        await sound(fed)

    played(story, ("aa", "bb", "cc"))


@pytest.mark.slow
def test_an_order_may_name_another_log_of_its_origin(played, stix):
    async def story(fed):
        made = await fed.channel("two", ChannelKind.BILATERAL, ["aa", "bb"])
        batches, _ = await fed.share("aa", "two", [stix.object(1, name=CANARY)], Tlp.AMBER)
        await fed.settled()
        given = await give(fed, [batches[0].start], slot=made.slots["aa"])
        await fed.settled()
        await clean(fed, given)
        assert all(CANARY.encode() not in bytes_of(node) for node in fed.nodes.values())
        await sound(fed)

    played(story, ("aa", "bb", "cc"))


def test_an_order_is_never_ordered_away(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        first = await give(fed, [batch.start])
        await give(fed, [first.start])
        await fed.settled()
        for node in fed.nodes.values():
            assert node.query("SELECT held FROM journal_rows WHERE content_type = 2") == [("order",)] * 2
        await sound(fed)

    played(story)


def test_what_an_erased_definition_meant_is_forgotten(played, stix):
    async def story(fed):
        definition = stix.definition(1)
        batches, refused = await fed.share("aa", "plenary", [definition], Tlp.GREEN)
        assert not refused
        await fed.settled()
        known = stix.id(definition)
        assert all(known in fed.core(one).definitions.known for one in fed.nodes)
        await give(fed, [batches[0].start])
        await fed.settled()
        assert not any(known in fed.core(one).definitions.known for one in fed.nodes)

    played(story)


def test_receipts_come_again_on_each_link_and_count_once(played, stix):
    async def story(fed):
        batch = await told(fed, stix)
        given = await give(fed, [batch.start])
        await fed.settled()
        await fed.until(lambda: receipts_at(fed, given) == {"bb"})
        log, seq = given.log, given.start
        await fed.core("aa").world.database.write(lambda tx: tx.execute("DELETE FROM deliver_erased"))
        fed.network.break_links("aa", "bb")
        await fed.until(lambda: receipts_at(fed, given) == {"bb"})
        node = fed.nodes["aa"]
        [(note,)] = node.query("SELECT note FROM deliver_erased WHERE log = ? AND seq = ?", log, seq)
        before = node.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 4")
        signed = statement.parse(note)
        await fed.core("aa").erasures.take("bb", signed)
        assert node.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 4") == before
        assert signed.body["entries"] == 1
        [(content,)] = node.query("SELECT content FROM journal_rows WHERE content_type = 2")
        assert signed.body["order"] == sha256(content).hexdigest()

    played(story)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by": "cc"}, "deliver.erased-unknown"),
        ({"to": "bb"}, "deliver.erased-unknown"),
        ({"slot": "zz" * 32}, "deliver.erased-unknown"),
        ({"slot": "00" * 32}, "deliver.erased-unknown"),
        ({"seq": 0}, "deliver.erased-unknown"),
        ({"entries": 2}, "deliver.erased-unknown"),
        ({"order": "00" * 32}, "deliver.erased-unknown"),
        ({"erased": -1}, "format.statement"),
        ({}, "deliver.erased-signature"),
    ],
)
def test_a_false_receipt_is_refused(played, stix, refused, change, code):
    async def story(fed):
        batch = await told(fed, stix, count=1)
        given = await give(fed, [batch.start])
        await fed.settled()
        await fed.until(lambda: receipts_at(fed, given) == {"bb"})
        core = fed.core("aa")
        [(good,)] = fed.nodes["aa"].query("SELECT note FROM deliver_erased")
        await core.world.database.write(lambda tx: tx.execute("DELETE FROM deliver_erased"))
        made = statement.compose(statement.ERASED, {**statement.parse(good).body, **change})
        key = fed.nodes["bb"].keys.signing(Role.RECEIPT if change else Role.LOG)
        mark = note.sign(made.note.text, key_name("bb", Role.RECEIPT), key)
        with refused(code):
            await core.erasures.take("bb", made._replace(note=note.add(made.note, mark)))
        assert receipts_at(fed, given) == set()
        await core.erasures.take("bb", statement.parse(good))
        assert receipts_at(fed, given) == {"bb"}

    played(story)


# -- keep-until -------------------------------------------------------------------------------------------------

YEAR_S = 366 * 86_400


async def pass_years(fed, years, *handles):
    """The wall clocks of these members jump, and all links are made anew."""
    for handle in handles:
        fed.nodes[handle].clock.offset_s = years * YEAR_S
    for first, second in itertools.combinations(fed.nodes, 2):
        fed.network.break_links(first, second)
    await fed.network.clock.sleep(1)
    await fed.linked()
    for handle in fed.nodes:
        fed.core(handle).eraser.wake()
    await fed.network.clock.sleep(5)


def served(fed):
    return {handle: len(node.query("SELECT 1 FROM journal_search")) for handle, node in fed.nodes.items()}


@pytest.mark.slow
def test_in_six_years_nothing_is_served_and_nothing_left(played, stix):
    async def story(fed):
        await told(fed, stix)
        await give(fed, [0])
        await fed.settled()
        await pass_years(fed, 6, "aa", "bb", "cc")
        assert served(fed) == {"aa": 0, "bb": 0, "cc": 0}
        for node in fed.nodes.values():
            assert CANARY.encode() not in bytes_of(node)
            assert OTHER.encode() not in bytes_of(node)
            assert node.query("SELECT COUNT(*) FROM journal_rows WHERE content IS NOT NULL AND kind = 1") == [(0,)]
            assert node.query("SELECT COUNT(*) FROM journal_kept") == [(0,)]
        await sound(fed)
        assert await fed.share("aa", "plenary", [stix.object(7)], Tlp.GREEN)
        await fed.settled()
        await sound(fed)

    played(story, ("aa", "bb", "cc"))


def test_what_need_not_go_yet_stays(played, stix):
    async def story(fed):
        core = fed.core("aa")
        now = core.world.clock.now_us()
        day = erase.DAY_US
        ready = [
            Ready(
                stix.object(n, name=name), stix.id(stix.object(n)), "2026-01-01T00:00:00.000Z", name, Tlp.GREEN, until
            )
            for n, (name, until) in enumerate(
                [(CANARY, now + 2 * day), (OTHER, 0), (CANARY, now + day + 1), (OTHER, now + 400 * day)]
            )
        ]
        await core.publisher.publish(core.members.channel("plenary"), ready)
        await fed.settled()
        await pass_years(fed, 1, "aa", "bb")
        assert served(fed) == {"aa": 2, "bb": 2}
        for node in fed.nodes.values():
            assert CANARY.encode() not in bytes_of(node)
            assert bytes_of(node).count(OTHER.encode()) >= 2
        await sound(fed)

    played(story)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["aa", "bb"])
def test_a_clock_ten_years_ahead_erases_nothing(played, stix, wrong):
    async def story(fed):
        await told(fed, stix)
        await fed.settled()
        await pass_years(fed, 10, wrong)
        assert served(fed) == {"aa": 6, "bb": 6, "cc": 6}
        fed.network.isolate("aa")
        await fed.network.clock.sleep(2)
        fed.nodes["aa"].clock.offset_s = 10 * YEAR_S
        fed.core("aa").eraser.wake()
        await fed.network.clock.sleep(5)
        assert served(fed)["aa"] == 6, "nobody there to bear the clock out"
        await sound(fed)

    played(story, ("aa", "bb", "cc"))
