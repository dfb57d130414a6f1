"""Share in a real browser: compose, paste, upload; who will be able to read it; sealed, and the other member has it."""

import json
import time

import pytest

TOPIC, GREEN = "cyber", "TLP:GREEN"


def channel_id(node, name):
    return json.loads(node.tocsin("channel", "show", name, "--json"))["id"]


@pytest.fixture(scope="module")
def ids(stage):
    return {name: channel_id(stage[0], name) for name in ("plenary", "ports")}


def holds(node, find, within=30):
    """What a member finds, once it is there."""
    end = time.monotonic() + within
    while True:
        found = json.loads(node.tocsin("objects", "--find", find, "--json"))
        if found or time.monotonic() > end:
            return found
        time.sleep(0.3)


def acknowledge(page):
    for one in page.locator(".seal input[type=checkbox]").all():
        one.check()


def seal(page):
    acknowledge(page)
    page.locator(".seal-button").click()


def report(browser, ids, title="Cranes of the port", channel="ports", text="Three of them stand still."):
    page = browser.open("/share/new?kind=report")
    page.fill("#title", title)
    page.fill("#body", text)
    page.select_option("#topic", TOPIC)
    page.select_option("#channel", ids[channel])
    page.select_option("#tlp", GREEN)
    page.get_by_role("button", name="See who will be able to read it").click()
    page.locator(".seal").wait_for()
    return page


def test_a_report_is_composed_shown_and_sealed(visitor, stage, ids):
    browser = visitor("analyst")
    page = report(browser, ids)
    assert page.locator(".seal-button").inner_text() == "Seal for 2 members"
    browser.shoot("share-preview-en-light")
    assert browser.axe() == []
    seal(page)
    browser.shoot("share-undo-en-light")
    page.get_by_text("1 object is sealed").wait_for()
    browser.shoot("share-sealed-en-light")
    assert holds(stage[1], "Cranes of the port")
    browser.expect_quiet()
