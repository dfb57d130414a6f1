"""What holds of stories whatever comes, in whatever order: copies, acts of analysts, a state made again, one story to a document."""

from functools import cache
from math import sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.desk.layouts import LAYOUTS, SETS, soup

from tocsin.desk.document import Act, Capture, Role
from tocsin.desk.finding.read import find
from tocsin.desk.finding.words import cosine, levelled
from tocsin.desk.reading.making import Piece, document
from tocsin.desk.reading.opening import capture_of, read
from tocsin.desk.stories.copies import containment
from tocsin.desk.stories.events import marked
from tocsin.desk.stories.newsroom import Newsroom
from tocsin.formats.values import refanged

SEEN = 1_748_692_800_000_000


def made(title, outlet, lines, seen):
    return find(
        document(Piece(title, tuple(lines), Role.SINGLE, outlet), Capture(outlet, "", "text/plain", seen, 1), 0)
    )


ORIGINALS, COPIES = 10, 4


@cache
def pool():
    """The originals, then the copies of the first of them. Not made before a test wants them: the words' tables load for seconds."""
    originals = [made(*soup(number), SEEN) for number in range(ORIGINALS)]
    return [
        *originals,
        *(made(soup(number)[0], f"Copyist {number}", soup(number)[2], SEEN) for number in range(COPIES)),
    ]


slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
orders = st.permutations(range(ORIGINALS + COPIES)).flatmap(
    lambda order: st.integers(1, len(order)).map(lambda count: list(order)[:count])
)


def arrived(order):
    return [replace(pool()[number], seen_us=SEEN + at) for at, number in enumerate(order)]


def parts(room, readings):
    stories = {}
    for one in readings:
        stories.setdefault(room.story_of(one.document), set()).add(one.document)
    return {frozenset(one) for one in stories.values()}


@pytest.mark.slow
@slow
@given(orders)
def test_copies_are_folded_whoever_came_first(order):
    room, readings = Newsroom(), arrived(order)
    placed = {one.document: room.add(one) for one in readings}
    here = set(placed)
    for number in range(COPIES):
        copy, original = pool()[ORIGINALS + number].document, pool()[number].document
        if {copy, original} <= here:
            assert room.story_of(copy) == room.story_of(original)
            assert {placed[copy].copy_of, placed[original].copy_of} == {
                "",
                min((copy, original), key=list(placed).index),
            }


@pytest.mark.slow
@slow
@given(orders)
def test_a_document_is_in_one_story_and_what_moved_is_told(order):
    room, told = Newsroom(), {}
    for one in arrived(order):
        placed = room.add(one)
        told[one.document] = placed.story
        told |= {document: room.story_of(document) for document in placed.moved}
        assert told == {document: room.story_of(document) for document in told}
        shelves = [room.documents_of(story) for story in set(told.values())]
        assert sorted(document for shelf in shelves for document in shelf) == sorted(told)


@pytest.mark.slow
@slow
@given(orders)
def test_the_same_readings_in_the_same_order_make_the_same_state(order):
    one, other = Newsroom(), Newsroom()
    readings = arrived(order)
    assert [one.add(each) for each in readings] == [other.add(each) for each in readings]


@slow
@given(orders)
def test_a_room_put_back_is_the_room_it_was(order):
    room, readings, copies = Newsroom(), arrived(order), {}
    for one in readings:
        copies[one.document] = room.add(one).copy_of
    again, strands = Newsroom(), {}
    for one in readings:
        again.restore(replace(marked(one), copy_of=copies[one.document]), room.story_of(one.document), strands)
    assert {one.document: again.story_of(one.document) for one in readings} == {
        one.document: room.story_of(one.document) for one in readings
    }


@pytest.mark.slow
@slow
@given(orders, st.integers(0, 13), st.integers(0, 13), st.booleans())
def test_what_an_analyst_decided_holds_whatever_comes_later(order, left, right, together):
    room, readings = Newsroom(), arrived(order)
    one, other = readings[left % len(readings)].document, readings[right % len(readings)].document
    early, late = readings[: len(readings) // 2], readings[len(readings) // 2 :]
    for each in early:
        room.add(each)
    acts = [Act(together, (one,), (other,), "analyst", 1)]
    room.decide(acts[0])
    fresh = Newsroom(acts)
    for each in early:
        fresh.add(each)
    for each in late:
        for where in (room, fresh):
            where.add(each)
    for where in (room, fresh):
        if one != other:
            assert (where.story_of(one) == where.story_of(other)) is together


@pytest.mark.slow
@given(st.integers(0, ORIGINALS + COPIES - 1), st.integers(0, ORIGINALS + COPIES - 1))
def test_likeness_is_the_same_from_either_side(first, second):
    one, other = pool()[first], pool()[second]
    assert abs(cosine(one.vector, other.vector) - cosine(other.vector, one.vector)) < 1e-9
    assert containment(one.sketch, other.sketch) == containment(other.sketch, one.sketch)


@given(st.lists(st.floats(1e-3, 50.0), max_size=80))
def test_no_word_is_more_than_a_quarter_of_a_text_or_twice_its_share_of_a_short_one(weights):
    vector = levelled([(weight, str(at)) for at, weight in enumerate(sorted(weights, reverse=True))])
    assert len(vector) == len(weights)
    if vector:
        assert abs(sum(one * one for one in vector.values()) - 1) < 0.01
        assert max(vector.values()) <= max(0.25, 2 / sqrt(len(vector))) + 0.0001
    assert list(vector.values()) == sorted(vector.values(), reverse=True)


@given(
    st.lists(
        st.sampled_from(["hxxp://", "https://", "a", "[.]", "(dot)", "[:]", "[at]", ".", "b.example", "/x", "\\.", " "])
    )
)
def test_what_is_refanged_is_not_refanged_again(pieces):
    text = refanged("".join(pieces))
    assert refanged(text) == text


@pytest.mark.slow
@slow
@given(
    st.sampled_from(sorted(SETS)).flatmap(
        lambda name: st.permutations(SETS[name]).flatmap(
            lambda order: st.integers(2, len(order)).map(lambda count: list(order)[:count])
        )
    ),
    st.sampled_from(sorted(LAYOUTS)),
)
def test_splitting_neither_loses_nor_doubles(articles, layout):
    data = LAYOUTS[layout](articles).encode()
    text = [one.text for one in read(capture_of(data, "", "", SEEN), data).documents]
    for article in articles:
        for line in article.body:
            assert sum(" ".join(each.split()).count(line) for each in text) == 1
