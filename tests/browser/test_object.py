"""The object's page: the answer first, both lanes of what our people say, and what stands around it."""

import pytest
from playwright.sync_api import expect

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


# -- relations ------------------------------------------------------------------------------------------------------

ACTOR = "threat-actor--0b1ec700-0000-4000-8000-000000000006"
PLACE = "infrastructure--0b1ec700-0000-4000-8000-000000000007"
HOLE = "vulnerability--0b1ec700-0000-4000-8000-000000000008"
UNHELD = "tool--0b1ec700-0000-4000-8000-000000000009"


@pytest.fixture(scope="module")
def web(case):
    """Around the malware: an actor, two reports' worth of words, a hole, infrastructure, and what is not held."""
    eg, fr = case
    fr.share(
        [
            made("threat-actor", ACTOR, name="Quay Ferret, also told of as the harbour group of the second terminal"),
            made("infrastructure", PLACE, name="خوادم الميناء", infrastructure_types=["command-and-control"]),
            made("vulnerability", HOLE, name="CVE-2026-1234"),
            relation(64, ACTOR, "uses", MALWARE),
            relation(65, MALWARE, "exploits", HOLE),
            relation(66, MALWARE, "communicates-with", PLACE),
            relation(67, MALWARE, "downloads", UNHELD),
            relation(68, ACTOR, "hosts", PLACE),
        ],
        "plenary",
        "--tlp",
        "green",
    )
    eg.share([relation(80, ACTOR, "uses", MALWARE)], "plenary", "--tlp", "green")
    return f"/o/{MALWARE}/relations"


@pytest.mark.parametrize("depth", [1, 2])
def test_a_node_is_reached_and_opened_by_the_keyboard(visitor, web, depth):
    browser = visitor("analyst")
    page = browser.open(f"{web}?depth={depth}")
    browser.shoot(f"relations-case-{depth}-en-light")
    nodes = page.locator(".rel-wide a.rel-node")
    wanted = nodes.count()
    assert wanted >= 5
    reached = set()
    page.locator("main").focus()
    for _ in range(wanted + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => document.activeElement.closest('.rel') && document.activeElement.getAttribute('href')"
        )
        reached |= {here} - {None}
        if here == f"/o/{ACTOR}":
            drawn = "() => getComputedStyle(document.activeElement.querySelector('.rel-box')).strokeWidth"
            assert page.evaluate(drawn) == "4px"
    assert reached == {nodes.nth(at).get_attribute("href") for at in range(wanted)}
    nodes.and_(page.locator(f'[href="/o/{ACTOR}"]')).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/o/{ACTOR}")
    expect(page.locator("h1")).to_contain_text("Quay Ferret")
    browser.expect_quiet()


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("en", "light", 1280), ("ar", "dark", 1280), ("en", "light", 320), ("ar", "dark", 320), ("fr", "light", 768)],
)
def test_the_picture_is_sound_in_every_look(visitor, web, language, theme, width):
    browser = visitor("analyst", language=language, theme=theme, width=width)
    for name, path in (("relations", web), ("relations-two", f"{web}?depth=2"), ("relations-object", f"/o/{THING}")):
        page = browser.open(path)
        browser.shoot(f"{name}-case-{language}-{theme}-{width}")
        assert browser.axe() == [], path
        assert browser.too_small() == [], path
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, browser.too_wide()
        expect(page.locator(".rel:visible")).to_have_count(1)
        assert page.locator(".rel:visible .rel-node").count() >= 3
    browser.expect_quiet()


def test_the_picture_turns_for_those_who_read_the_other_way(visitor, web):
    def middle(language, thing):
        page = visitor("analyst", language=language).open(web)
        boxes = [page.locator(f'.rel-wide [href="{one}"]').bounding_box() for one in (thing, f"/o/{MALWARE}")]
        return boxes[0]["x"] < boxes[1]["x"]

    assert middle("en", f"/o/{ACTOR}")
    assert not middle("ar", f"/o/{ACTOR}")
    assert not middle("en", f"/o/{HOLE}")


def test_the_picture_stands_in_forced_colours_and_on_paper(visitor, web):
    browser = visitor("analyst", forced=True)
    page = browser.open(web)
    browser.shoot("relations-case-forced-colours")
    ground, ink = page.locator(".rel-wide .rel-box").first.evaluate(
        "one => [getComputedStyle(one).fill, getComputedStyle(one).stroke]"
    )
    assert ground != ink
    page.emulate_media(media="print", forced_colors="none")
    page.set_viewport_size({"width": 700, "height": 900})
    expect(page.locator(".rel:visible")).to_have_count(1)
    expect(page.locator("#list")).to_be_visible()
    browser.shoot("relations-case-print")
    browser.expect_quiet()


def test_a_bundle_leads_to_its_list(visitor, web):
    browser = visitor("analyst", scripted=False)
    page = browser.open(f"/o/{THING}/relations")
    page.locator(".rel-wide a.rel-node", has_text="14 × indicator").click()
    page.wait_for_url("**/relations?*#list")
    expect(page.locator("#list li")).to_have_count(14)
    browser.expect_quiet()
