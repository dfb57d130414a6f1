"""The object's page: the answer first, both lanes of what our people say, and what stands around it."""

import pytest

WHEN = {"created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T08:00:00.000Z"}
ADDRESS = "203.0.113.7"
THING = "indicator--0b1ec700-0000-4000-8000-000000000001"
MALWARE = "malware--0b1ec700-0000-4000-8000-000000000002"
COURSE = "course-of-action--0b1ec700-0000-4000-8000-000000000003"
REPORT = "report--0b1ec700-0000-4000-8000-000000000004"
OTHER = "indicator--0b1ec700-0000-4000-8000-000000000005"


def made(kind, identifier, **more):
    return {"type": kind, "spec_version": "2.1", "id": identifier, **WHEN, **more}


def indicator(identifier, name, address=ADDRESS, **more):
    words = {"pattern": f"[ipv4-addr:value = '{address}']", "pattern_type": "stix", "valid_from": WHEN["created"]}
    return made("indicator", identifier, name=name, indicator_types=["malicious-activity"], **{**words, **more})


def relation(number, source, kind, target):
    identifier = f"relationship--0b1ec700-0000-4000-8000-{number:012x}"
    return made("relationship", identifier, source_ref=source, relationship_type=kind, target_ref=target)


@pytest.fixture(scope="module")
def case(stage):
    """An address that both call malicious, with advice, a report, and 14 sisters."""
    eg, fr = stage
    sisters = [
        indicator(f"indicator--0b1ec700-0000-4000-8000-0000000001{n:02x}", f"Sister {n}", f"203.0.113.{100 + n}")
        for n in range(14)
    ]
    told = [
        indicator(
            THING,
            "C2 for crane controllers",
            description="Beacons every 300 s to this address from two terminals.",
            confidence=90,
            valid_until="2027-03-01T00:00:00Z",
        ),
        made("malware", MALWARE, name="Krane", is_family=True, description="Speaks a harbour protocol."),
        made(
            "course-of-action",
            COURSE,
            name="Block at the edge, then look for the second stage",
            description="Block the address at the border routers and search 30 days of flow records.",
        ),
        made(
            "report",
            REPORT,
            name="Two terminals, one week",
            published=WHEN["created"],
            report_types=["threat-report"],
            object_refs=[THING, MALWARE],
        ),
        *sisters,
        relation(1, THING, "indicates", MALWARE),
        relation(2, COURSE, "mitigates", THING),
        *(relation(16 + n, one["id"], "related-to", THING) for n, one in enumerate(sisters)),
    ]
    fr.share(told, "plenary", "--tlp", "green")
    eg.share([indicator(OTHER, "Seen at our port", confidence=60)], "plenary", "--tlp", "green")
    eg.tocsin("feedback", THING, "--sighted", "--count", "3")
    return eg, fr


def test_the_answer_stands_first(visitor, case):
    browser = visitor("analyst")
    page = browser.open(f"/o/{THING}")
    answer = page.locator(".answer").inner_text()
    assert "Malicious" in answer
    assert "confidence 75" in answer
    assert "2 members say so" in answer
    browser.shoot("object-case")
    assert browser.axe() == []
    browser.expect_quiet()
