"""Share in a real browser: compose, paste, upload; who will be able to read it; sealed, and the other member has it."""

import json
import time

import pytest
from playwright.sync_api import expect

TOPIC, GREEN = "cyber", "TLP:GREEN"


def indicator(number):
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-11-20T08:00:00.000Z",
        "modified": "2026-11-20T08:00:00.000Z",
        "name": f"<img src=x onerror=alert({number})>",
        "pattern": f"[ipv4-addr:value = '45.9.20.{number % 256}']",
        "pattern_type": "stix",
        "valid_from": "2026-11-20T08:00:00Z",
    }


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
    expect(page.locator(".seal-button")).to_have_text("Seal for 2 members")
    browser.shoot("share-preview-en-light")
    assert browser.axe() == []
    seal(page)
    browser.shoot("share-undo-en-light")
    page.get_by_text("1 object is sealed").wait_for()
    browser.shoot("share-sealed-en-light")
    assert holds(stage[1], "Cranes of the port")
    browser.expect_quiet()


def test_a_file_is_uploaded_and_a_text_pasted(visitor, stage, ids, tmp_path):
    browser = visitor("analyst")
    bundle = tmp_path / "cranes.json"
    made = [indicator(number) for number in range(7000, 7003)]
    made.append({**made[0], "id": "not an id"})
    bundle.write_text(json.dumps({"type": "bundle", "id": f"bundle--{made[1]['id'][11:]}", "objects": made}))
    page = browser.open("/share/new?kind=paste")
    page.fill("#title", "<img src=x onerror=alert(1)>")
    page.select_option("#topic", TOPIC)
    page.set_input_files("#file", bundle)
    page.get_by_role("button", name="Continue").click()
    page.select_option("#channel", ids["ports"])
    page.select_option("#tlp", GREEN)
    page.get_by_role("button", name="See who will be able to read it").click()
    page.locator(".seal").wait_for()
    expect(page.locator("table")).to_contain_text("format.stix")
    browser.shoot("share-refusals-en-light")
    assert browser.axe() == []
    seal(page)
    page.get_by_text("3 objects are sealed").wait_for()
    assert holds(stage[1], made[2]["id"])
    page = browser.open("/share/new?kind=paste")
    page.fill("#text", "It came from 203.0.113[.]77; see https://report.example/2026.")
    page.fill("#title", "Pasted cranes")
    page.select_option("#topic", TOPIC)
    page.get_by_role("button", name="Continue").click()
    page.locator(".picks").first.wait_for()
    browser.shoot("share-picks-en-light")
    assert page.locator("input[name=pick]:checked").count() == 1
    assert page.locator("input[name=pick]:disabled").count() == 1
    assert page.locator("#channel").input_value() == ids["ports"], "not the narrowest audience used last for this topic"
    page.select_option("#tlp", GREEN)
    page.get_by_role("button", name="See who will be able to read it").click()
    page.locator(".seal").wait_for()
    seal(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("It is taken back. Nothing was sealed.").wait_for()
    seal(page)
    page.get_by_text("2 objects are sealed").wait_for()
    assert holds(stage[1], "203.0.113.77")
    browser.expect_quiet()


def test_a_warning_from_a_template_without_javascript(visitor, stage, ids):
    browser = visitor("duty", scripted=False)
    page = browser.open("/share/new?kind=warning")
    page.fill("#threatened", "Cranes of two ports")
    page.get_by_role("button", name="Attack feared").click()
    expect(page.locator("#headline")).to_have_value("An attack is feared")
    page.get_by_role("button", name="Exploited now").click()
    expect(page.locator("#headline")).to_have_value("A weakness is being exploited now")
    expect(page.locator("#threatened")).to_have_value("Cranes of two ports")
    page.select_option("#channel", ids["ports"])
    page.select_option("#tlp", GREEN)
    page.get_by_role("button", name="See who will be able to read it").click()
    page.locator(".seal").wait_for()
    browser.shoot("share-warning-en-light")
    seal(page)
    page.get_by_text("1 object is sealed").wait_for()
    assert holds(stage[1], "A weakness is being exploited now")
    browser.expect_quiet()
