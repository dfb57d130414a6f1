"""Keys change while members share: each role alone and all at once, with nothing lost and nobody accused."""

import asyncio

import pytest

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.errors import VerificationError
from tocsin.exchange.members.charter import Changes
from tocsin.formats import checkpoint, note, statement
from tocsin.formats.frame import NONCE_BYTES, Frame
from tocsin.formats.keys import Role
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Head
from tocsin.formats.tlp import Tlp
from tocsin.node.rejoin import close_logs
from tocsin.testing.federation import Node

ACCUSING = (
    "receive.signature",
    "receive.fork",
    "receive.rollback",
    "receive.epoch-key",
    "receive.withheld",
    "receive.stranger",
    "deliver.receipt-signature",
    "peer.identity",
    "peer.false-claim",
    "verify.wrap",
    "evidence.unproven",
    "config.key-mismatch",
)


async def rotate(story, handle, roles, voters):
    """`handle` gives itself new keys; it and `voters` decide the charter that names them."""
    fed = story.fed
    node = fed.nodes[handle]
    node.keys.stage(*roles)
    proposed = await node.running.acts.propose_charter(Changes(describe=(node.describe(),)))
    for voter in voters:
        core = fed.core(voter)
        await fed.until(lambda core=core: any(one.digest == proposed.digest for one in core.members.proposals()))
        await core.acts.sign_charter(core.acts.proposed(proposed.digest.hex()).signed)
    await fed.until(
        lambda: all(
            node.running.members.charter.version == proposed.version
            for node in fed.nodes.values()
            if node.core is not None
        )
    )
    await fed.until(lambda: not any(node.keys.staged(role) for role in roles))
    return proposed


def assert_nobody_is_accused(story, *but):
    for node in story.fed.nodes.values():
        accused = [one for one in node.notes if one[0] in ACCUSING or one[0].startswith("internal")]
        assert not [one for one in accused if one[0] not in but], (node.handle, accused)
        assert {code for (code,) in node.query("SELECT code FROM receive_refusals")} <= set(but)
        assert not node.query("SELECT * FROM receive_evidence")


@pytest.mark.parametrize("roles", [*((role,) for role in Role), tuple(Role)], ids="+".join)
def test_keys_change_while_members_share(simulate, roles):
    async def work(story):
        fed = story.fed
        await fed.channel("ports", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        before = {role: fed.nodes["aa"].keys.public(role) for role in Role}
        for _ in range(6):
            for handle in ("aa", "bb", "cc"):
                story.begin(handle, "ports", 20)
                story.begin(handle, "plenary", 10)
            await asyncio.sleep(0.05)
        changing = asyncio.ensure_future(rotate(story, "aa", roles, ["bb", "cc"]))
        while not changing.done():
            story.begin("aa", "ports", 5)
            story.begin("bb", "ports", 5)
            await asyncio.sleep(0.05)
        await changing
        after = {role: fed.nodes["aa"].keys.public(role) for role in Role}
        assert {role for role in Role if before[role] != after[role]} == set(roles)
        for _ in range(4):
            for handle in ("aa", "bb", "cc"):
                story.begin(handle, "ports", 20)
            await asyncio.sleep(0.2)
        await story.heal()
        await asyncio.sleep(30.0)  # some rounds of gossip
        await story.judge()
        assert_nobody_is_accused(story)

    simulate(11, work)


async def rejoined(fed, handle, charters):
    """Its disk is new and empty, what is left are its keys; it does what `tocsin rejoin` does, and starts."""
    node = fed.nodes[handle]
    node.storage = Node(handle, node.entropy, node.clock).storage
    core = node.open()
    await core.load()
    await core.members.adopt(*charters)
    core.members.promote_keys()
    await close_logs(core.members, CheckpointFiles(node.storage.disk, threaded=False))
    await fed.crash(handle)
    await fed.restart(handle)


@pytest.mark.parametrize("roles", [(), tuple(Role)], ids=["as-founded", "rotated"])
def test_a_node_that_lost_all_but_its_keys_comes_back_from_its_peers(simulate, roles):
    async def work(story):
        fed = story.fed
        await fed.channel("ports", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "bb"])
        for handle in ("aa", "bb", "cc"):
            story.begin(handle, "ports", 60)
            story.begin(handle, "plenary", 30)
        await story.begin("aa", "pair", 40)
        await fed.settled()
        if roles:
            await rotate(story, "aa", roles, ["bb", "cc"])
            await fed.linked()
            await asyncio.sleep(1.0)
        charters = [statement.encode(one.signed) for one in fed.core("bb").members.history]
        await story.crash("aa")
        for handle in ("bb", "cc"):  # and they have forgotten whatever was only in their memory
            await story.crash(handle)
            await fed.restart(handle)
        story.begin("bb", "ports", 20)
        await rejoined(fed, "aa", charters)
        back = fed.core("aa")
        await fed.until(lambda: {one.name for one in back.members.channels()} == {"ports", "pair", "plenary"})
        await fed.until(lambda: not back.signer.behind())
        for name in ("ports", "pair", "plenary"):
            await story.begin("aa", name, 10)
        await story.heal()
        await story.judge()
        # Until a channel's statement is back the node does not know whose logs these are.
        assert_nobody_is_accused(story, "receive.stranger", "receive.epoch-key", "receive.gap", "receive.replay")

    simulate(12, work)


def test_a_node_that_lost_all_does_not_sign_before_it_has_heard_who_knows_more(simulate, tool):
    async def work(story):
        fed = story.fed
        fed.network.isolate("cc")
        story.begin("aa", "plenary", 20)
        await fed.until(lambda: fed.core("bb").logs.get(fed.core("aa").members.channel("plenary").slots["aa"]).size)
        charters = [statement.encode(one.signed) for one in fed.core("bb").members.history]
        await story.crash("aa")
        fed.network.heal_all()
        fed.network.isolate("bb")
        await rejoined(fed, "aa", charters)
        back = fed.core("aa")
        log = back.logs.get(back.members.channel("plenary").slots["aa"])
        await fed.until(lambda: "cc" in back.signer.asked(log))
        with pytest.raises(VerificationError) as told:
            await fed.share("aa", "plenary", [tool(story.entropy, "plenary", 1000)], Tlp.GREEN)
        assert told.value.code == "tlog.behind"
        fed.network.heal_all()
        await fed.until(lambda: not back.signer.behind())
        assert log.size == 20
        await story.begin("aa", "plenary", 1)
        await story.heal()
        await story.judge()

    simulate(16, work)


def test_who_lost_its_governance_key_is_given_a_new_one_by_the_others(simulate):
    async def work(story):
        fed = story.fed
        lost = fed.nodes["aa"]
        lost.keys.lose(Role.GOVERNANCE)
        lost.keys.stage(Role.GOVERNANCE)
        proposed = await fed.core("bb").acts.propose_charter(Changes(describe=(lost.describe(),)))
        await fed.until(lambda: all(fed.core(one).members.proposals() for one in fed.nodes))
        await fed.core("cc").acts.sign_charter(fed.core("cc").acts.proposed(None).signed)
        await asyncio.sleep(5.0)
        assert fed.core("bb").members.charter.version == 1, "it has not shown that the key is in its hands"
        await lost.running.acts.sign_charter(lost.running.acts.proposed(None).signed)
        await fed.until(lambda: all(fed.core(one).members.charter.digest == proposed.digest for one in fed.nodes))
        await fed.until(lambda: lost.keys.staged(Role.GOVERNANCE) is None)
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "bb"])
        await story.begin("aa", "pair", 5)
        await story.heal()
        await story.judge()
        assert_nobody_is_accused(story)

    simulate(13, work)


def test_keys_whose_charter_came_just_before_the_end_are_current_after_the_start(simulate):
    async def work(story):
        fed = story.fed
        node = fed.nodes["aa"]
        node.keys.stage(*Role)
        proposed = await node.running.acts.propose_charter(Changes(describe=(node.describe(),)))
        await fed.until(fed.core("bb").members.proposals)
        await story.crash("aa")
        await fed.until(fed.core("cc").members.proposals)
        for voter in ("bb", "cc"):
            await fed.core(voter).acts.sign_charter(fed.core(voter).acts.proposed(None).signed)
        await fed.until(lambda: fed.core("bb").members.charter.version == 2)
        core = node.open()
        await core.load()
        await core.members.adopt(statement.encode(fed.core("bb").members.charter.signed))
        assert node.keys.staged(Role.LOG) is not None
        await fed.crash("aa")
        await fed.restart("aa")
        assert {role: node.keys.public(role) for role in Role} == dict(proposed.members["aa"].public)
        await fed.linked()
        await story.begin("aa", "plenary", 5)
        await story.heal()
        await story.judge()
        assert_nobody_is_accused(story)

    simulate(14, work)


def test_what_a_thief_signs_with_a_replaced_log_key_counts_for_nothing(simulate):
    """cc has stolen the log key of aa: it signs a longer log in its name and brings it to bb as a relay would."""

    async def work(story):
        fed = story.fed
        await story.begin("aa", "plenary", 5)
        await fed.settled()
        stolen = fed.nodes["aa"].keys.signing(Role.LOG)
        cc, bb = fed.core("cc"), fed.core("bb")
        slot = cc.members.channel("plenary").slots["aa"]

        def forged(size):
            text = checkpoint.encode(checkpoint.Checkpoint(cc.logs.get(slot).name, size, bytes(32), ()))
            return note.encode(note.Note(text, (note.sign(text, cc.logs.get(slot).name, stolen),)))

        # A head far beyond the log, signed before the theft was noticed, must not outlive the key.
        await bb.gossip.take("cc", Head(slot, forged(900)))
        assert bb.gossip.settled(slot) == 900
        await rotate(story, "aa", [Role.LOG], ["bb", "cc"])
        await fed.linked()
        await fed.until(lambda: bb.gossip.settled(slot) == 5)
        held = bb.logs.get(slot).size
        await bb.gossip.take("cc", Head(slot, forged(700)))
        assert bb.gossip.settled(slot) == 5
        assert bb.gossip.known(slot).holders.get("cc", 0) <= held, "bb believes that there is more"
        frame = Frame(slot, 1, held, forged(held + 1), bytes(NONCE_BYTES), b"sealed")
        with pytest.raises(VerificationError) as told:
            bb.receiver.begin("cc", frame)
        assert told.value.code == "receive.former-key"
        await story.begin("aa", "plenary", 5)
        await story.heal()
        await story.judge()
        assert not bb.catchup.withheld()

    simulate(15, work)
