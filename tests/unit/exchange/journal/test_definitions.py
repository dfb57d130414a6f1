"""What marking definitions mean: as they were told, nothing when two contradict, and never a reason not to start."""

import json

from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.journal import Kind, NewRow, append, read
from tocsin.exchange.journal.search import Search
from tocsin.formats.tlp import Tlp
from tocsin.testing.virtualtime import run

UNKNOWN = "policy.unknown-marking"


def value(stix, number=1, **more):
    return json.loads(stix.definition(number, **more))


def test_learn(stix):
    one = Definitions()
    one.learn("a", value(stix))
    one.learn("b", value(stix, statement="TLP:AMBER"))
    assert dict(one.known) == {"a": None, "b": Tlp.AMBER}
    one.learn("a", value(stix))
    assert dict(one.known) == {"a": None, "b": Tlp.AMBER}


def test_what_means_nothing(stix, refused):
    one = Definitions()
    with refused(UNKNOWN):
        one.learn("a", value(stix, definition_type="iep", definition={"iep": 1}))
    with refused(UNKNOWN):
        one.learn("a", value(stix, extensions=1))
    assert dict(one.known) == {}


def test_two_meanings_are_none_from_then_on(stix, refused):
    one = Definitions()
    one.learn("a", value(stix, statement="TLP:CLEAR"))
    for statement in ("TLP:RED", "TLP:CLEAR"):
        with refused(UNKNOWN):
            one.learn("a", value(stix, statement=statement))
        assert "a" not in one.known


def test_load_takes_what_search_holds_and_survives_what_nobody_understands(stix, database):
    contents = [
        stix.definition(1),
        stix.definition(2, definition_type="iep", definition={"iep": 1}),
        stix.definition(3, statement="TLP:GREEN"),
        stix.definition(3, statement="TLP:RED"),
        stix.definition(4, statement="TLP:RED"),
    ]

    async def main():
        def work(tx):
            rows = [
                NewRow(Kind.ENTRY, 1, seq, "aa", stix.id(one), "", "", 0, 1, 0, None, b"", b"", one)
                for seq, one in enumerate(contents)
            ]
            append(tx, rows, 1)
            Search(lambda _: 1).handle(read(tx, 0, 99), tx)

        await database.write(work)
        one = Definitions()
        await one.load(database)
        return one.known

    assert dict(run(main)) == {stix.id(contents[0]): None, stix.id(contents[4]): Tlp.RED}
