"""Drafts: what the policy must know, and when an entry's content is to be erased."""

import pytest

from tocsin.exchange.publish.draft import draft_of, keep_until
from tocsin.formats.stix.check import check
from tocsin.formats.tlp import Tlp, marking_id

DAY = 86_400_000_000


def test_draft(stix):
    content = stix.object(1, mark=Tlp.GREEN, name="n" * 300)
    one = draft_of(check(content), content)
    assert (one.content, one.object_id, one.version) == (content, stix.id(content), "2026-01-01T00:00:00.000Z")
    assert (one.name, one.refs, one.ends) == ("n" * 256, (marking_id(Tlp.GREEN),), ())
    joined = stix.relationship(content, stix.object(2))
    assert draft_of(check(joined), joined).ends == (stix.id(content), stix.id(stix.object(2)))


@pytest.mark.parametrize(
    ("kind", "days"),
    [("indicator", 180), ("sighting", 365), ("report", 730), ("note", 730), ("opinion", 730), ("identity", 1825)],
)
def test_content_is_kept_so_long(kind, days):
    for now in (0, 1, DAY - 1):
        assert keep_until(kind, now) == (days + 1) * DAY
    assert keep_until(kind, DAY) == (days + 2) * DAY
