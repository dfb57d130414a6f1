"""Notes of our own: bounded, in order, and changed by their author alone."""

import asyncio

import pytest

from tocsin.backends.sqlite.database import InlineDatabase, connect, create_tables
from tocsin.edge.notes import LONGEST, MOST, TABLES, Notes
from tocsin.errors import AccessError, ConfigError
from tocsin.testing.chance import SeededEntropy


class SteadyClock:
    def now_us(self):
        return 1_790_000_000_000_000


def with_notes(work):
    async def inside():
        connection = connect(":memory:", create=True)
        create_tables(connection, (TABLES,))
        database = InlineDatabase(connection)
        try:
            return await work(Notes(database, SteadyClock(), SeededEntropy(7)))
        finally:
            await database.close()

    return asyncio.run(inside())


def test_they_stand_in_the_order_in_which_they_were_written():
    async def work(notes):
        for text in ("one", "two", "three"):
            await notes.add("story:1", "amira", "Amira", text)
        await notes.add("story:2", "amira", "Amira", "elsewhere")
        found = await notes.on("story:1")
        assert [one.text for one in found] == ["one", "two", "three"]
        assert len({one.id for one in found}) == 3
        assert await notes.counts(["story:1", "story:2", "story:3"]) == {"story:1": 3, "story:2": 1}
        assert await notes.counts([]) == {}

    with_notes(work)


def test_only_its_author_changes_or_removes_one_and_only_where_it_stands():
    async def work(notes):
        made = await notes.add("a", "amira", "Amira", "mine")
        for note_id, subject, who in ((made.id, "a", "omar"), (made.id, "b", "amira"), ("0" * 24, "a", "amira")):
            with pytest.raises(AccessError) as refused:
                await notes.change(note_id, subject, who, "theirs")
            assert refused.value.code == "access.nothing-here"
            with pytest.raises(AccessError):
                await notes.remove(note_id, subject, who)
        assert [one.text for one in await notes.on("a")] == ["mine"]
        await notes.change(made.id, "a", "amira", " better\r\nyet ")
        changed = (await notes.on("a"))[0]
        assert (changed.text, changed.changed > 0) == ("better\nyet", True)
        await notes.remove(made.id, "a", "amira")
        assert await notes.on("a") == []

    with_notes(work)


@pytest.mark.parametrize("text", ["", "  \r\n ", "x" * (LONGEST + 1), "a\x00b"])
def test_what_is_no_note_is_refused_and_nothing_kept(text):
    async def work(notes):
        kept = await notes.add("a", "amira", "Amira", "kept")
        with pytest.raises(ConfigError) as refused:
            await notes.add("a", "amira", "Amira", text)
        assert refused.value.code == "config.note"
        with pytest.raises(ConfigError):
            await notes.change(kept.id, "a", "amira", text)
        assert [one.text for one in await notes.on("a")] == ["kept"]

    with_notes(work)


@pytest.mark.parametrize("subject", ["", "x" * 513, "a\nb"])
def test_what_names_nothing_is_no_subject(subject):
    async def work(notes):
        with pytest.raises(ConfigError):
            await notes.add(subject, "amira", "Amira", "text")

    with_notes(work)


def test_a_subject_is_bounded():
    async def work(notes):
        await notes.add("a", "amira", "Amira", "x" * LONGEST)
        for _ in range(MOST - 1):
            await notes.add("a", "amira", "Amira", "x")
        with pytest.raises(ConfigError):
            await notes.add("a", "amira", "Amira", "one more")
        assert len(await notes.on("a")) == MOST
        await notes.add("b", "amira", "Amira", "elsewhere there is room")

    with_notes(work)
