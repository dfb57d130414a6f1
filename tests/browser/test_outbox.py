"""From one node's console to the other's store: shared, stored, corrected, recalled, confirmed."""

import time

from playwright.sync_api import expect


def indicator(number):
    return f"indicator--{number:08x}-0000-4000-8000-000000000000"


def share_of(node, pieces, number):
    node.share(list(pieces(1, number)), "ports", "--tlp", "green")
    return indicator(number)


def until(true, within_s=60):
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.3)


def test_shared_is_stored_and_a_recall_is_confirmed_by_the_other_node(visitor, stage, pieces_maker):
    eg, fr = stage
    made = share_of(eg, pieces_maker, 5001)
    browser = visitor("duty")
    page = browser.open("/share/outbox")
    row = page.locator(".item", has_text="controllers 5001")
    expect(row).to_contain_text("1/1")
    row.locator(".item-head a").click()
    page.wait_for_url("**/share/outbox/*")
    expect(page.locator("table")).to_contain_text("fr-cert")
    assert page.locator("table time").count() >= 1
    page.get_by_role("link", name="Recall").click()
    page.wait_for_url("**/recall/*")
    expect(page.locator("main")).to_contain_text("Nobody can unread it")
    browser.shoot("recall-en-light")
    assert browser.axe() == []
    page.fill("#reason", "A resolver of ours, not a scanner")
    page.get_by_role("button", name="Recall from 1 member").click()
    page.wait_for_url("**/changes/*")
    expect(page.locator(".told")).to_contain_text("It is recalled")

    def confirmed():
        page.reload()
        return "1 of 1" in page.locator("dl.facts").inner_text()

    until(confirmed)
    expect(page.locator("table")).to_contain_text("fr-cert")
    browser.shoot("recalled-en-light")
    assert browser.axe() == []
    fr.enroll("recall-reader", "analyst")
    session = fr.people["recall-reader"][0]
    for address in (f"{fr.url}/o/{made}", f"{fr.url}/o/{made}.json"):
        left = session.get(address, timeout=30)
        assert (left.status_code, "controllers 5001" in left.text) == (200, False), (
            "the other node says that it is gone"
        )
    assert left.json()["is_recalled"]
    browser.expect_quiet()


def test_a_correction_made_in_the_form_is_the_version_that_the_other_node_shows(visitor, stage, pieces_maker):
    eg, fr = stage
    made = share_of(eg, pieces_maker, 5002)
    browser = visitor("analyst", scripted=False)
    page = browser.open(f"/share/outbox/correct/{made}")
    page.fill("#field-name", "Scanner of port controllers, corrected")
    page.fill("#field-confidence", "900")
    page.get_by_role("button", name="Share the new version").click()
    assert page.locator("[role=alert]").count() == 1
    expect(page.locator("#field-name")).to_have_value("Scanner of port controllers, corrected")
    page.fill("#field-confidence", "30")
    page.get_by_role("button", name="Share the new version").click()
    page.wait_for_url("**/changes/*")
    fr.enroll("correction-reader", "analyst")
    session = fr.people["correction-reader"][0]
    until(lambda: "port controllers, corrected" in session.get(f"{fr.url}/o/{made}", timeout=30).text)
    browser.expect_quiet()
