"""What is about a person, through the real gate of a giver, and from a peer that goes past its own."""

import pytest

from tocsin.errors import MEANINGS, PolicyError
from tocsin.exchange.publish import releases
from tocsin.exchange.publish.draft import Ready, keep_until
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing import persons

DAY = 86_400_000_000
AT = 1_767_225_600_000_000  # 2026-01-01, when the virtual clock begins


async def approve(core, share, account="legal-desk"):
    wanted, now = share.release(), core.world.clock.now_us()
    await releases.ask(core.world.database, "x", wanted, now)
    return await releases.approve(core.world.database, wanted.digest, account, now)


async def decided(core, channel, objects, floor=None):
    share = core.share(core.members.channel(channel), floor, MemorySpool())
    refused = share.check([persons.encode(one) if isinstance(one, dict) else one for one in objects])
    await core.synced()
    async for more in share.decide():
        refused += more
    return share, refused


async def given(core, channel, objects):
    """Shared as people do, with a second person."""
    share, refused = await decided(core, channel, objects)
    assert refused == []
    await approve(core, share)
    return [one async for one in share.commit(core.publisher, core.world.clock.now_us)]


async def pushed(core, channel, objects, marking=Tlp.AMBER, until=None):
    """Past our own gate, as a lying peer would."""
    now = core.world.clock.now_us()
    ready = [
        Ready(
            persons.encode(one),
            one["id"],
            one.get("modified", ""),
            "x",
            marking,
            now + 100 * DAY if until is None else until,
        )
        for one in objects
    ]
    for at in range(0, len(ready), 500):
        await core.publisher.publish(core.members.channel(channel), ready[at : at + 500])


def held(fed, handle, origin="aa"):
    sql = "SELECT object_id, held FROM journal_rows WHERE kind = 1 AND member = ?"
    return dict(fed.nodes[handle].query(sql, origin))


def shown(fed, handle):
    return {row[0] for row in fed.nodes[handle].query("SELECT object_id FROM journal_search")}


@pytest.mark.slow
def test_a_thousand_with_one_field_missing_are_refused_by_the_giver(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        wrong = list(persons.broken(1000, 7))
        share, refused = await decided(aa, "quiet", [value for _, value in wrong])
        return [code for code, _ in wrong], [one.code for one in refused], share.counts(), held(fed, "aa")

    wanted, refused, counts, stored = played(story)
    assert refused == wanted
    assert (counts.accepted, stored) == (0, {})


@pytest.mark.slow
def test_a_thousand_with_one_field_missing_from_a_lying_peer_are_held_back(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        wrong = list(persons.broken(1000, 8))
        await pushed(aa, "quiet", [value for _, value in wrong])
        await fed.settled()
        await fed.core("bb").synced()
        return {value["id"]: code for code, value in wrong}, held(fed, "bb"), shown(fed, "bb")

    wanted, found, visible = played(story)
    assert len(found) == 1000
    assert found == wanted
    assert visible == set()


def test_one_without_any_extension_is_refused_and_held_back(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        bare = [persons.thing(n, kind, {}) for n, kind in enumerate(persons.KINDS) if kind != "relationship"]
        _, refused = await decided(aa, "quiet", bare)
        await pushed(aa, "quiet", bare)
        await fed.settled()
        return [one.code for one in refused], held(fed, "bb")

    refused, found = played(story)
    assert refused == ["person.undeclared"] * 5
    assert set(found.values()) == {"person.undeclared"}


@pytest.mark.slow
def test_a_whole_one_passes_when_the_second_person_has_approved(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        objects = [persons.thing(1), persons.thing(1, "user-account"), persons.thing(1, "relationship")]
        share, refused = await decided(aa, "quiet", objects)
        assert refused == []
        with pytest.raises(PolicyError) as caught:
            async for _ in share.commit(aa.publisher, aa.world.clock.now_us):
                raise AssertionError
        alone = caught.value.code, held(fed, "aa")
        await given(aa, "quiet", objects)
        await fed.settled()
        await fed.core("bb").synced()
        kept = fed.nodes["bb"].query("SELECT DISTINCT keep_until FROM journal_rows WHERE kind = 1")
        return alone, held(fed, "bb"), shown(fed, "bb"), kept

    alone, found, visible, kept = played(story)
    assert alone == ("person.second", {})
    assert set(found.values()) == {None}
    assert len(visible) == 3
    assert kept == [(AT + 152 * DAY,)]  # the end of the review day, 1 June: before the year is over


def test_an_approval_is_of_these_bytes_this_channel_and_this_person(played):
    async def story(fed):
        aa = fed.core("aa")
        for name in ("quiet", "still"):
            await fed.channel(name, ChannelKind.THEMATIC, ["aa", "bb"])
        share, _ = await decided(aa, "quiet", [persons.thing(1)])
        with pytest.raises(PolicyError, match=r"person\.no-release"):
            await releases.approve(aa.world.database, share.release().digest, "legal-desk", AT)
        with pytest.raises(PolicyError, match=r"person\.not-the-second"):
            await approve(aa, share, "case-officer")
        lacking = [await share.lacking()]
        await approve(aa, share)
        lacking.append(await share.lacking())
        for channel, floor, objects in (
            ("quiet", None, [persons.thing(1, description="more")]),
            ("quiet", None, [persons.thing(1), persons.thing(2)]),
            ("still", None, [persons.thing(1)]),
            ("quiet", Tlp.AMBER_STRICT, [persons.thing(1)]),
        ):
            other, _ = await decided(aa, channel, objects, floor)
            lacking.append(await other.lacking())
        standing = await releases.standing(aa.world.database, aa.world.clock.now_us())
        aa.world.clock.offset_s += 8 * 86_400
        late, _ = await decided(aa, "quiet", [persons.thing(1)])
        return lacking, standing, await late.lacking()

    lacking, standing, late = played(story)
    nobody, desk = frozenset(), frozenset({"legal-desk"})
    assert lacking == [desk, nobody, desk, desk, desk, desk]
    assert [(one.objects, one.seconds, one.approved) for one in standing] == [(1, ("legal-desk",), ("legal-desk",))]
    assert late == desk, "an approval holds for a week"


def test_never_clear_nor_green_on_either_side(played):
    async def story(fed):
        aa = fed.core("aa")
        green = persons.thing(1, object_marking_refs=[marking_id(Tlp.GREEN)])
        _, refused = await decided(aa, "plenary", [green])
        await pushed(aa, "plenary", [green], Tlp.GREEN)
        await fed.settled()
        return [one.code for one in refused], held(fed, "bb")

    refused, found = played(story)
    assert refused == ["person.marking"]
    assert list(found.values()) == ["person.marking"]


def test_kept_no_longer_than_its_review_and_a_year(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        review = AT + 152 * DAY
        for number, until in enumerate((0, review, review + 1)):
            await pushed(aa, "quiet", [persons.thing(number)], until=until)
        await fed.settled()
        found = held(fed, "bb")
        return [found[persons.thing(number)["id"]] for number in range(3)]

    assert played(story) == ["person.keep-until", None, "person.keep-until"]


@pytest.mark.slow
def test_what_ties_a_person_to_something_is_about_the_person(played, stix):
    async def story(fed):
        aa, bb = fed.core("aa"), fed.core("bb")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        mark = [marking_id(Tlp.AMBER)]
        phone = {"type": "email-addr", "spec_version": "2.1", "id": "email-addr--" + "1" * 8 + "-0000-4000-8000-000000000000",
                 "value": "nobody@mail.example", "object_marking_refs": mark}  # fmt: skip
        tie = persons.thing(1, "relationship", {}, target_ref=phone["id"])
        whole = persons.thing(2, "relationship", target_ref=phone["id"], source_ref=persons.thing(1)["id"])
        _, refused = await decided(aa, "quiet", [persons.thing(1), phone, tie])
        codes = [[one.code for one in refused]]
        await given(aa, "quiet", [persons.thing(1), phone, whole])
        _, refused = await decided(aa, "quiet", [tie])
        codes.append([one.code for one in refused])
        await fed.settled()
        await bb.synced()
        _, refused = await decided(bb, "quiet", [tie])
        codes.append([one.code for one in refused])
        await pushed(aa, "quiet", [tie])
        await fed.settled()
        await fed.crash("bb")
        await fed.restart("bb")
        await fed.linked()
        again = persons.thing(3, "relationship", {}, target_ref=phone["id"], source_ref=persons.thing(1)["id"])
        await pushed(aa, "quiet", [again])
        await fed.settled()
        found = held(fed, "bb")
        return codes, found[tie["id"]], found[again["id"]], found[phone["id"]], found[whole["id"]]

    codes, *found = played(story)
    assert codes == [["person.tied"]] * 3
    assert found == ["person.tied", "person.tied", None, None], "also after a restart"


@pytest.mark.slow
def test_nobody_makes_a_person_of_what_another_member_names(played, stix):
    async def story(fed):
        aa, bb = fed.core("aa"), fed.core("bb")
        await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        agency = persons.thing(1, "identity", {}, identity_class="organization", name="Port Agency")
        await given(bb, "quiet", [persons.thing(1)])  # calls the agency a person
        tie = persons.thing(1, "relationship", {})
        await pushed(aa, "quiet", [agency, tie])
        await fed.settled()
        return held(fed, "cc")

    assert set(played(story, handles=("aa", "bb", "cc")).values()) == {None}


def test_words_of_special_categories_are_refused_unless_their_necessity_is_said(played):
    async def story(fed):
        aa = fed.core("aa")
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        said = persons.extension(necessity="The attacks choose their victims by their religion.")
        plain, reasoned = (
            persons.thing(n, "identity", one, description="a Muslim") for n, one in ((1, None), (2, said))
        )
        _, refused = await decided(aa, "quiet", [plain])
        await given(aa, "quiet", [reasoned])
        await pushed(aa, "quiet", [plain])
        await fed.settled()
        found = held(fed, "bb")
        return [one.code for one in refused], found[plain["id"]], found[reasoned["id"]], [one.what for one in refused]

    *codes, what = played(story)
    assert codes == [["person.special-category"], "person.special-category", None]
    assert "Muslim" not in what[0]


def test_nothing_of_a_refused_object_is_in_what_is_said_of_it():
    from tocsin.exchange.publish import narrow

    for _, value in persons.broken(200, 3):
        with pytest.raises(PolicyError) as caught:
            narrow.passed(value | {"name": "canary-9d1"}, AT)
        assert "canary" not in caught.value.what
        assert "Nobody" not in caught.value.what
        assert caught.value.code in MEANINGS


def test_keep_until_by_type():
    assert keep_until("identity", AT, AT + 30 * DAY) == AT + 30 * DAY
    assert keep_until("identity", AT, AT + 9000 * DAY) == AT + 366 * DAY
    assert keep_until("indicator", AT, AT + 9000 * DAY) == AT + 181 * DAY
    assert keep_until("identity", AT) == AT + 1826 * DAY
