"""The whole life of a warning, seen at two nodes' consoles in two real browsers; and the map that it points from."""

import json
import time

import pytest
from playwright.sync_api import expect
from tests.browser import conftest as conf

HEADLINE = "Cranes of three harbours answer to a stranger"


@pytest.fixture
def two(visitor, stage):
    """A duty officer at each of the two nodes."""
    fr = stage[1]
    if "duty" not in fr.people:
        fr.enroll("duty", "duty")
    return visitor("duty"), visitor("duty", node=fr)


def raised(node, headline=HEADLINE, *words):
    told = node.tocsin(
        "warn", headline, "--to", "plenary", "--tlp", "green", "--topic", "cyber", "--urgency", "flash",
        "--what", "Harbour cranes", "--do", "Take them off the network.", "--json", *words,
    )  # fmt: skip
    return json.loads(told)["id"]


def on_the_board(browser, id_):
    return browser.page.locator(f"#w-{id_.removeprefix('report--')}")


def test_raised_here_it_is_acknowledged_answered_and_recalled_there(two, stage):
    at_a, at_b = two
    at_b.open("/")
    expect(at_b.page.locator("[data-live]")).to_be_visible()
    places_before = at_b.page.locator("#dots title", has_text="Malta").count()
    at_b.page.evaluate(
        "() => { window.unloaded = false; addEventListener('pagehide', () => { window.unloaded = true; }); }"
    )
    id_ = raised(stage[0], HEADLINE, "--country", "MT", "--country", "SG")

    # It appears at B without a reload, on the list and on the map.
    card = on_the_board(at_b, id_)
    expect(card).to_contain_text(HEADLINE)
    expect(at_b.page.locator("#dots title", has_text="Singapore")).to_have_count(1)
    assert places_before == 0
    conf.drawn(at_b.page.locator("#dots g.topic").first, 4)  # what is pushed is drawn, not only there
    at_b.shoot("watch-with-a-warning")

    # A sees that it is stored, and that no person has it.
    page_a = at_a.open(f"/w/{id_}")
    row = page_a.locator("tr", has_text="fr-cert")
    expect(row).not_to_contain_text("no receipt yet")
    expect(row).to_contain_text("by nobody yet")

    # One key at B.
    card.locator("[data-key=a]").focus()
    at_b.page.keyboard.press("a")
    expect(card).to_contain_text("acknowledged until")
    assert at_b.page.evaluate("() => window.unloaded") is False

    def seen_by_the_giver(text):
        deadline = time.monotonic() + 30
        while text not in at_a.open(f"/w/{id_}").locator("tr", has_text="fr-cert").inner_text():
            assert time.monotonic() < deadline, f"the giver does not see {text!r}"
            time.sleep(0.2)

    seen_by_the_giver("duty-officer")
    expect(at_a.page.locator("tr", has_text="fr-cert")).not_to_contain_text("by nobody yet")

    # The answer, on the warning's own page.
    page_b = at_b.open(f"/w/{id_}")
    at_b.shoot("warning-asked")
    assert at_b.axe() == []
    page_b.fill("[name=note]", "Two of ours did, too.")
    page_b.get_by_role("button", name="affects us", exact=True).click()
    expect(page_b.locator("[role=status]").first).to_contain_text("answer")
    expect(page_b.locator(".when")).to_contain_text("affects us")
    seen_by_the_giver("affects us")
    expect(at_a.page.locator("tr", has_text="fr-cert")).to_contain_text("Two of ours did, too.")
    at_a.shoot("warning-given")
    assert at_a.axe() == []

    # Taken back: gone from B's list, and its page says by whom and why.
    at_a.page.get_by_text("Recall this warning").click()
    at_a.page.fill("#reason", "The cranes were tested by their makers.")
    at_a.page.check("[name=understood]")
    at_a.page.get_by_role("button", name="Recall", exact=True).click()
    expect(at_a.page.locator(".taken")).to_contain_text("Recalled by eg-cert")
    deadline = time.monotonic() + 30
    while "Recalled by eg-cert" not in at_b.open(f"/w/{id_}").locator("main").inner_text():
        assert time.monotonic() < deadline, "B does not see the recall"
        time.sleep(0.2)
    expect(at_b.page.locator("main")).to_contain_text("The cranes were tested by their makers.")
    assert HEADLINE not in at_b.page.content(), "what it said is gone there"
    at_b.shoot("warning-recalled")
    while "fr-cert has confirmed" not in at_a.open(f"/w/{id_}").locator("main").inner_text():
        assert time.monotonic() < deadline, "the giver does not see that it is confirmed"
        time.sleep(0.2)
    at_b.open("/")
    expect(on_the_board(at_b, id_)).to_have_count(0)
    expect(at_b.page.locator("#dots title", has_text="Singapore")).to_have_count(0)
    at_a.expect_quiet()
    at_b.expect_quiet()


def test_without_javascript_a_warning_is_acknowledged_and_escalated(visitor, two, stage):
    id_ = raised(stage[0], "Without any script")
    fr = stage[1]
    plain = visitor("duty", scripted=False, node=fr, width=320)
    deadline = time.monotonic() + 30
    while "Without any script" not in plain.open(f"/w/{id_}").locator("main").inner_text():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.2)
    assert plain.too_wide() == []
    assert plain.too_small() == []
    plain.shoot("warning-320")
    plain.page.get_by_role("button", name="Page the next level").click()
    expect(plain.page.locator(".history")).to_contain_text("by hand")
    plain.page.get_by_role("button", name="Acknowledge").click()
    expect(plain.page.locator(".when")).to_contain_text("acknowledged")


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_the_map_is_whole_in_the_first_paint(visitor, stage, language, theme):
    plain = visitor("analyst", scripted=False, language=language, theme=theme)
    page = plain.open("/where")
    assert page.locator(".land path").count() > 150
    land, dots = page.locator("svg.land").bounding_box(), page.locator("#dots").bounding_box()
    assert land == dots, "the two drawings lie on one another"
    assert land["width"] > 600
    filled = page.locator(".land .ours path").first.evaluate("(one) => getComputedStyle(one).fill")
    other = page.locator(".land > g:first-child path").first.evaluate("(one) => getComputedStyle(one).fill")
    assert filled != other
    page.locator(".where nav a").nth(1).click()
    assert page.url.endswith("/where?where=europe")
    near = page.locator("svg.land").get_attribute("viewBox")
    assert near != "0 0 10000 4868"
    expect(page.locator("#dots")).to_have_attribute("viewBox", near)
    plain.shoot(f"map-europe-{language}-{theme}")
    page.emulate_media(media="print")
    conf.drawn(page.locator("svg.land"), 300)
    expect(page.locator(".disclaimer")).to_be_visible()
