"""Any value leads to the entries that name it, however it is written, and to no others."""

import pytest

from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.journal.search import Query
from tocsin.exchange.match import finding
from tocsin.formats.tlp import Tlp, marking_id

SAME = [
    ("45.95.147.236", "45[.]95[.]147[.]236"),
    ("45.95.147.236", " 45.95.147.236 "),
    ("Evil.Example", "evil[.]example."),
    ("http://evil.example/Path", "hxxp://evil[.]example/path"),
    ("D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
    ("Somebody@evil.example", "somebody[@]evil.example"),
    ("CVE-2026-1234", "cve-2026-1234"),
    ("2001:DB8::1", "2001:0db8:0:0:0:0:0:1"),
]


@pytest.mark.parametrize(("kept", "typed"), SAME)
def test_ways_of_writing_one_value_are_one(kept, typed):
    assert finding.digest(kept) == finding.digest(typed)


def test_different_values_are_different():
    assert len({finding.digest(kept) for kept, _ in SAME}) == len({kept for kept, _ in SAME})


def test_what_an_object_names():
    file = {"type": "file", "name": "a.exe", "hashes": {"MD5": "d" * 32, "SHA-1": 7}}
    assert finding.named(file) == ["a.exe", "d" * 32]
    assert finding.named({"type": "autonomous-system", "number": 64500}) == ["AS64500"]
    flaw = {"type": "vulnerability", "name": "X", "external_references": [{"external_id": "CVE-2026-1"}, {}, 7]}
    assert finding.named(flaw) == ["X", "CVE-2026-1"]
    pattern = "[ipv4-addr:value = '1.2.3.4' AND domain-name:value != 'spared.example']"
    assert finding.named({"type": "indicator", "pattern": pattern, "pattern_type": "stix"}) == ["1.2.3.4"]
    for hostile in ({"pattern": "[", "pattern_type": "stix"}, {"value": ["x"]}, {"hashes": [1]}, {"aliases": {"a": 1}}):
        assert finding.named(hostile) == []
    many = {"aliases": [f"name {number}" for number in range(1000)]}
    assert len(finding.named(many)) == finding.MOST


@pytest.mark.slow
def test_values_lead_to_entries_newest_first_by_pages_and_filters(play):
    async def work(story):
        things = [story.indicator(f"i{number}") | {"name": f"thing {number}"} for number in range(7)]
        other = story.indicator("other", "198.51.100.9")
        await story.share("aa", *things, other)
        domain = {
            "type": "domain-name", "spec_version": "2.1", "id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
            "value": "evil.example", "object_marking_refs": [marking_id(Tlp.GREEN)],
        }  # fmt: skip
        await story.share("bb", domain)
        core = story.fed.core("cc")

        def look(text, **more):
            query = Query(**{"limit": 50, **more})
            return core.world.database.read(lambda db: finding.naming(db, text, query).found)

        found = await look("45[.]95.147.236")
        assert [one.name for one in found] == [f"thing {number}" for number in (6, 5, 4, 3, 2, 1, 0)]
        first = await look("45.95.147.236", limit=3)
        rest = await look("45.95.147.236", after=first[-1].position)
        assert first + rest == found
        assert await look("45.95.147.236", member="bb") == []
        assert await look("45.95.147.236", types=("report",)) == []
        assert len(await look("45.95.147.236", types=("indicator",), channels=(found[0].channel,))) == 7
        assert [one.member for one in await look("hxxp://nothing") + await look("EVIL[.]example")] == ["bb"]
        assert not await core.world.database.read(lambda db: finding.is_named(db, "203.0.113.77"))
        hidden = found[0].object_id
        await core.world.database.write(lambda tx: search.hide(tx, hidden, "aa", "recalled", 1))
        assert hidden not in [one.object_id for one in await look("45.95.147.236")]

    play(work)


def test_the_table_can_be_made_again_from_the_journal(play):
    async def work(story):
        await story.share("aa", *(story.indicator(f"i{number}", f"198.51.100.{number}") for number in range(9)))

        def again(tx):
            live = tx.query("SELECT value, position FROM match_values ORDER BY 1, 2")
            tx.execute("DELETE FROM match_values")
            at = 0
            while rows := read(tx, at, 4):
                finding.Values().take(tell(rows, tx), tx)
                at = rows[-1].position
            return live, tx.query("SELECT value, position FROM match_values ORDER BY 1, 2")

        live, made = await story.fed.core("bb").world.database.write(again)
        assert len(live) == 9
        assert live == made

    play(work)
