"""The query string: one spelling of equal filters, 400 on everything that cannot be understood."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.edge.taxii.answers import RefusalError
from tocsin.edge.taxii.filters import MATCH_ALL, MATCH_OBJECT, MATCH_VERSIONS, Filters, contradicted, parse

Y2020 = 1_577_836_800_000_000


def test_nothing_asked_is_the_last_version_of_everything():
    asked = parse(b"", MATCH_ALL)
    assert asked.filters == Filters(None, (), (), ("last",), ("2.1",))
    assert (asked.named, asked.limit, asked.cursor) == (frozenset(), None, None)


def test_every_field():
    asked = parse(
        b"added_after=2020-01-01T00:00:00Z&match[id]=b,a,b&match%5Btype%5D=tool&limit=0010&next=xyz"
        b"&match[version]=2020-01-01T00:00:00.000Z,first&match[spec_version]=2.1, 2.0&pretty=1",
        MATCH_ALL,
    )
    assert asked.filters == Filters(Y2020, ("a", "b"), ("tool",), (Y2020, "first"), ("2.0", "2.1"))
    assert asked.named == {"added_after", "ids", "types", "versions", "spec_versions"}
    assert (asked.limit, asked.cursor) == (10, "xyz")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=", "limit=abc", "limit=1.5", "limit=%2B5", "limit=１", "limit=1e3",
        "limit=" + "9" * 5000, "added_after=", "added_after=garbage", "added_after=2020-01-01",
        "added_after=2020-01-01T00:00:00Z,2021-01-01T00:00:00Z", "match[version]=newest", "match[version]=",
        "match[version]=all,last", "match[version]=all,2020-01-01T00:00:00Z", "match[version]=LAST", "match[id]=",
        "match[id]=,,", "match[id]=a,\0", "match[type]= ", "match[spec_version]=", "match[confidence]=3", "match[id", "match[]=x",
        "limit=1&limit=2", "match[id]=a&match[id]=b", "next=a&next=b", "match[id]=a&match%5Bid%5D=a",
        "match[id]=" + ",".join(f"x{n}" for n in range(201)), "&".join(f"a{n}=1" for n in range(65)),
    ],
)  # fmt: skip
def test_400(query):
    with pytest.raises(RefusalError) as caught:
        parse(quote(query, "=&%[],;+").encode(), MATCH_ALL)
    assert caught.value.status == 400
    assert caught.value.description


def test_what_an_endpoint_cannot_match_is_400():
    for query in (b"match[id]=a", b"match[type]=a"):
        with pytest.raises(RefusalError):
            parse(query, MATCH_OBJECT)
    with pytest.raises(RefusalError):
        parse(b"match[version]=all", MATCH_VERSIONS)
    assert parse(b"match[spec_version]=2.1", MATCH_VERSIONS).named == {"spec_versions"}


def test_filters_left_out_do_not_contradict_and_others_do():
    original = parse(b"match[type]=tool,malware&added_after=2020-01-01T00:00:00Z", MATCH_ALL).filters
    for same in (
        b"", b"limit=5", b"match[type]=malware,tool", b"added_after=2020-01-01T01:00:00.000%2B01:00",
        b"match[version]=last", b"match[spec_version]=2.1", b"x=y",
    ):  # fmt: skip
        assert not contradicted(parse(same, MATCH_ALL), original), same
    for other in (b"match[type]=tool", b"match[id]=a", b"added_after=2020-01-01T00:00:01Z", b"match[version]=all"):
        assert contradicted(parse(other, MATCH_ALL), original), other


@settings(max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.tuples(
                st.sampled_from(["limit", "next", "added_after", "match[id]", "match[version]", "match[type]", "m"]),
                st.one_of(st.text(max_size=12), st.sampled_from(["all", "last", "2020-01-01T00:00:00Z", "7"])),
            ),
            max_size=5,
        ).map(lambda pairs: "&".join(f"{k}={quote(v, errors='replace')}" for k, v in pairs).encode()),
    )
)
def test_any_query_is_filters_or_400(query):
    try:
        asked = parse(query, MATCH_ALL)
    except RefusalError as refusal:
        assert refusal.status == 400
    else:
        assert not contradicted(asked, asked.filters)
