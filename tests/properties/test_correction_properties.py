"""Corrections: parsers take what they wrote and nothing bent; the derived tables do not depend on batches nor on erasing."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.backends.sqlite.database import InlineDatabase
from tocsin.errors import FormatError
from tocsin.exchange.journal import erase, search
from tocsin.exchange.journal.journal import Kind, NewRow, append, read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.warn.recalls import Recalls
from tocsin.formats import correction, extension, feedback, strictjson
from tocsin.formats.correction import ACTIONS, MAX_CHANGES, Change, Confirmation
from tocsin.formats.feedback import KINDS, SIGHTED, Feedback
from tocsin.formats.stix.check import check
from tocsin.formats.tlp import Tlp
from tocsin.testing.stores import in_memory
from tocsin.testing.virtualtime import run

ME = "identity--11111111-1111-4111-8111-111111111111"
few = settings(max_examples=60)
NUMBERS = st.integers(0, 2**53 - 1)
IDS = st.builds("{}--{}".format, st.sampled_from(["indicator", "x-thing", "ipv4-addr"]), st.uuids(version=4))
VERSIONS = st.one_of(
    st.just(""),
    st.datetimes(allow_imaginary=False)
    .filter(lambda one: one.year > 999)
    .map(lambda one: one.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
).filter(lambda one: not one or len(one) == 27)
CHANGES = st.builds(Change, IDS, VERSIONS, st.sampled_from(ACTIONS), st.integers(0, 2**50))
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(ACTIONS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["giver", "changes", "x"]), inner),
    max_leaves=8,
)


@few
@given(st.lists(CHANGES, min_size=1, max_size=5))
def test_a_confirmation_says_what_was_put_into_it(changes):
    word = Confirmation("aa", tuple(changes))
    made = check(correction.compose(word, "bb", ME, Tlp.GREEN))
    assert made.type == "note"
    assert correction.parse(extension.of(made.value, "confirmation")) == word


@few
@given(st.dictionaries(st.sampled_from(["extension_type", "giver", "changes", "more"]), ANY))
def test_any_confirmation_is_read_or_refused(said):
    try:
        word = correction.parse(said)
    except FormatError:
        return
    assert 0 < len(word.changes) <= MAX_CHANGES


@few
@given(CHANGES, st.sampled_from(Change._fields), ANY)
def test_a_bent_change_is_refused(change, name, other):
    good = {"extension_type": "property-extension", "giver": "aa", "changes": [change._asdict()]}
    assert correction.parse(good).changes == (change,)
    if (
        other == change._asdict()[name]
        or (name == "action" and other in ACTIONS)
        or (name == "version" and other == "")
    ):
        return
    if name == "done_at" and type(other) is int and 0 <= other < 2**53:
        return
    with pytest.raises(FormatError):
        correction.parse(good | {"changes": [change._asdict() | {name: other}]})


def test_a_confirmation_has_its_limits():
    change = Change("indicator--00000001-0000-4000-8000-000000000000", "", "recalled", 1)
    for count, fits in ((0, False), (1, True), (MAX_CHANGES, True), (MAX_CHANGES + 1, False)):
        said = {"extension_type": "p", "giver": "aa", "changes": [change._asdict()] * count}
        if fits:
            assert len(correction.parse(said).changes) == count
        else:
            with pytest.raises(FormatError, match=r"format\.confirmation"):
                correction.parse(said)
    with pytest.raises(FormatError, match=r"format\.handle"):
        correction.parse({"extension_type": "p", "giver": "A", "changes": [change._asdict()]})


@pytest.mark.slow
@few
@given(IDS, st.sampled_from(KINDS), st.integers(0, 999_999_999), st.integers(0, 2**51), st.text(max_size=20))
def test_feedback_says_what_was_put_into_it(about, kind, times, seen_at, text):
    told = Feedback(about, kind, times, seen_at) if kind == SIGHTED else Feedback(about, kind)
    text = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    made = check(feedback.compose(told, "bb", ME, Tlp.GREEN, text, 10**15))
    assert feedback.read(made.value) == told
    assert feedback.read(made.value | {"object_refs": [ME], "sighting_of_ref": ME}) is None, "of another object"


@few
@given(st.dictionaries(st.sampled_from(["extension_type", "about", "kind", "count", "seen_at"]), ANY))
def test_any_feedback_is_read_or_refused(said):
    try:
        told = feedback.parse(said)
    except FormatError:
        return
    assert told.kind in KINDS


SAMPLES = (
    {"type": "indicator", "pattern": "[a:b = 'secret']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z"},
    {"type": "malware", "name": "secret", "is_family": True, "description": "secret"},
    {"type": "note", "content": "secret", "object_refs": [ME]},
    {"type": "relationship", "relationship_type": "uses", "source_ref": ME, "target_ref": ME, "description": "secret"},
    {"type": "location", "country": "FR", "name": "secret"},
    {"type": "report", "name": "secret", "published": "2026-01-01T00:00:00Z", "object_refs": [ME]},
    {"type": "x-thing", "x_word": "kept"},
)


@pytest.mark.parametrize("body", SAMPLES, ids=lambda one: one["type"])
@pytest.mark.parametrize("action", correction.WITHDRAWN)
def test_a_withdrawn_version_is_valid_later_and_says_as_little_as_it_may(body, action):
    stamp = "2026-01-01T00:00:00.000Z"
    name = f"{body['type']}--00000001-0000-4000-8000-000000000000"
    value = {"spec_version": "2.1", "id": name, "created": stamp, "modified": stamp, **body}
    made = correction.withdrawn(value, 5, Tlp.AMBER, action, "why not")
    checked = check(made)
    assert (checked.id, checked.revoked, checked.version) == (name, True, "2026-01-01T00:00:00.001Z")
    assert correction.taken_back(checked.value) == action
    assert correction.reason_of(checked.value) == "why not"
    if body["type"] not in ("location", "x-thing"):
        assert b"secret" not in made
    assert correction.taken_back(value) == correction.reason_of(value) == ""


@few
@given(ANY)
def test_whatever_a_version_says_is_read_without_a_fault(odd):
    value = {"revoked": True, "extensions": {extension.ID["recall"]: odd}, "object_refs": odd, "type": "note"}
    assert correction.taken_back(value) in correction.WITHDRAWN
    assert isinstance(correction.reason_of(value), str)
    assert all(isinstance(one, str) for one in correction.subjects(value))


@pytest.mark.parametrize("reason", ["", "x" * 257, "a\nb"])
def test_a_reason_is_a_short_printable_text(reason):
    with pytest.raises(FormatError, match=r"format\.recall"):
        correction.check_reason(reason)


# -- the room ---------------------------------------------------------------------------------------------------

DERIVED = (
    *("warn_versions", "warn_changes", "warn_confirmations", "warn_holders", "warn_subjects"),
    *("journal_hidden", "journal_contested"),
)
MEMBERS = ("aa", "bb", "cc")
THINGS = [f"indicator--{number:08x}-0000-4000-8000-000000000000" for number in (1, 2)]
IDENTITIES = {correction.key(f"identity--{one}"): one for one in MEMBERS}


def version(number, day, revoked, creator):
    value = {"type": "indicator", "id": THINGS[number], "modified": f"2026-01-{day + 1:02}T00:00:00.000Z"}
    if creator:
        value["created_by_ref"] = f"identity--{creator}"
    if revoked:
        value |= {"revoked": True}
    if revoked == 2:
        value["extensions"] = {extension.ID["recall"]: {"withdrawal": "recalled", "reason": "x"}}
    return value


def relation(number, ends, day, revoked):
    made = version(0, day, revoked, "") | {"type": "relationship", "source_ref": ends[0], "target_ref": ends[1]}
    return made | {"id": f"relationship--{number:08x}-0000-4000-8000-000000000000"}


def confirmed(number, day, giver, member):
    stamp = f"2026-01-{day + 1:02}T00:00:00.000Z"
    word = Confirmation(giver, (Change(THINGS[number], stamp, "recalled", day),))
    return strictjson.parse(correction.compose(word, member, ME, Tlp.GREEN))


SAID = st.one_of(
    st.builds(
        version,
        st.integers(0, 1),
        st.integers(0, 4),
        st.sampled_from([0, 0, 0, 1, 2]),
        st.sampled_from(["", "", *MEMBERS]),
    ),
    st.builds(
        relation,
        st.integers(1, 3),
        st.tuples(st.sampled_from(THINGS), st.sampled_from(THINGS)),
        st.integers(0, 2),
        st.sampled_from([0, 0, 0, 2]),
    ),
    st.builds(confirmed, st.integers(0, 1), st.integers(0, 4), st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)),
)
EVENTS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 11, 12, 13]), st.integers(0, 4), SAID | st.integers(1, 9)), max_size=14
)


def rows_of(events):
    seqs, rows = {}, []
    for log, level, said in events:
        member = MEMBERS[log % 10 - 1]
        if isinstance(said, int):
            rows.append(NewRow(Kind.RECEIPT, 1, said, member))
            continue
        seq = seqs[log] = seqs.get(log, -1) + 1
        place = (Kind.ENTRY, log, seq, member, said["id"], said["modified"], "")
        rows.append(NewRow(*place, level, 1, 0, None, b"s", b"c", json.dumps(said).encode()))
    return rows


def room():
    return Recalls("aa", lambda log: log // 10, lambda key: IDENTITIES.get(key, ""))


def take(tx, step):
    position, made = 0, room()
    while rows := read(tx, position, step):
        made.take(tell(rows, tx), tx)
        position = rows[-1].position


def picture(tx):
    return {name: sorted(tx.query("SELECT * FROM " + name)) for name in DERIVED}  # noqa: S608 - constants only


def again(tx, step):
    for name in DERIVED:
        tx.execute("DELETE FROM " + name)  # noqa: S608 - constants only
    take(tx, step)
    return picture(tx)


def played(events, work):
    async def main():
        connection = in_memory()
        database = InlineDatabase(connection)

        def story(tx):
            rows = rows_of(events)
            if rows:
                append(tx, rows, 1)
            search.Search(lambda log: log // 10).handle(read(tx, 0, 999), tx)
            take(tx, 1)
            return work(tx)

        return await database.write(story)

    return run(main)


@settings(max_examples=150)
@given(EVENTS, st.integers(2, 20))
def test_the_tables_do_not_depend_on_the_batches(events, step):
    live, rebuilt = played(events, lambda tx: (picture(tx), again(tx, step)))
    assert live == rebuilt


def erase_what_was_recalled(tx):
    """As the order does that comes with a recall: all earlier versions of the one who recalls."""
    back = tx.query("SELECT object, member, instant FROM warn_changes WHERE action = 'recalled'")
    for key, member, instant in back:
        held = tx.query(
            "SELECT v.position, v.log, j.object_id FROM warn_versions v JOIN journal_rows j ON j.position = v.position "
            "WHERE v.object = ? AND v.member = ? AND v.instant < ? AND j.content IS NOT NULL",
            (key, member, instant),
        )
        erase._erase(tx, held)


@settings(max_examples=150)
@given(EVENTS, st.integers(1, 20))
@example([(2, 0, version(1, 0, 0, "")), (2, 0, version(1, 1, 2, ""))], 1)
def test_nor_on_what_a_recall_has_erased(events, step):
    def work(tx):
        live = picture(tx)
        erase_what_was_recalled(tx)
        return live, again(tx, step)

    live, rebuilt = played(events, work)
    assert live == rebuilt


@settings(max_examples=150)
@given(EVENTS)
def test_nobody_but_the_owner_takes_a_thing_from_the_others(events):
    def work(tx):
        hidden = tx.query("SELECT object_id, member FROM journal_hidden WHERE why IN ('revoked', 'recalled')")
        owners = {}
        for key, member, creator in tx.query(
            "SELECT object, member, creator FROM warn_versions ORDER BY taken > 0, position"
        ):
            owners.setdefault(key, IDENTITIES.get(creator, "") or member)
        for name, member in hidden:
            taken = tx.query(
                "SELECT DISTINCT member FROM warn_versions WHERE object = ? AND taken > 0", (correction.key(name),)
            )
            assert (member or owners[correction.key(name)],) in taken

    played(events, work)


@pytest.mark.slow
@settings(max_examples=100)
@given(EVENTS, st.randoms(use_true_random=False))
def test_what_its_creator_took_back_is_hidden_whatever_comes_first(events, chance):
    mine = [
        (log, level, said)
        for log, level, said in events
        if isinstance(said, dict)
        and said["type"] == "indicator"
        and MEMBERS[log % 10 - 1] == said.get("created_by_ref", "")[-2:]
    ]
    other = list(mine)
    chance.shuffle(other)

    def shown(tx):
        return sorted({one.object_id for one in search.find(tx, search.Query())})

    assert played(mine, shown) == played(other, shown)


def shown_after(*events):
    """(member, day) of what is shown of the first thing when each of these has come, in this order."""

    def work(tx):
        found = search.find(tx, search.Query(ids=(THINGS[0],)))
        return [(one.member, int(one.version[8:10]) - 1) for one in found]

    return played([(log, 1, said) for log, said in events], work)


def test_what_comes_after_its_recall_stays_hidden_whatever_way_it_comes():
    old, back = version(0, 0, 0, ""), version(0, 2, 2, "aa")
    other_channel, passed_on = (11, old), (2, version(0, 0, 0, "aa"))
    assert shown_after((1, back), other_channel) == []
    assert shown_after((1, back), passed_on) == []
    assert shown_after(passed_on, (1, back)) == []
    assert shown_after((1, back), passed_on, other_channel, (1, version(0, 4, 0, ""))) == []
    assert shown_after((1, old), (2, old), (1, back)) == []


def test_nobody_takes_back_in_advance_what_another_will_say():
    assert shown_after((2, version(0, 4, 1, "")), (1, version(0, 0, 0, ""))) == [("aa", 0)]
    assert shown_after((2, version(0, 4, 2, "bb")), (1, version(0, 0, 0, ""))) == [("aa", 0)]
    assert shown_after((1, version(0, 0, 0, "")), (2, version(0, 4, 2, "aa"))) == [("aa", 0)]
