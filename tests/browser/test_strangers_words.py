"""What others write is shown and never run: payloads in every field of shared objects, every page opened."""

from urllib.parse import quote

import pytest
from tests.browser import conftest as conf

PAYLOADS = conf.PAYLOADS
COMMON = {"spec_version": "2.1", "created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T08:00:00.000Z"}


def objects():
    """Every payload in every string field of six kinds of object."""
    for number, payload in enumerate(PAYLOADS):
        tail = f"{number:08x}-0000-4000-8000-00000000ffff"
        reference = {
            "source_name": payload,
            "description": payload,
            "external_id": payload,
            "url": "javascript:alert(1)",
        }
        every = {"labels": [payload], "external_references": [reference], "lang": "en"}
        yield {"type": "indicator", "id": f"indicator--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "indicator_types": [payload], "pattern": "rule x { condition: true } // " + payload, "pattern_type": "yara",
               "pattern_version": payload, "valid_from": "2026-11-20T08:00:00Z"}  # fmt: skip
        yield {"type": "malware", "id": f"malware--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "is_family": True, "aliases": [payload], "malware_types": [payload], "capabilities": [payload]}  # fmt: skip
        yield {"type": "threat-actor", "id": f"threat-actor--{tail}", **COMMON, **every, "name": payload,
               "description": payload, "aliases": [payload], "roles": [payload], "goals": [payload],
               "primary_motivation": payload, "resource_level": payload, "sophistication": payload}  # fmt: skip
        yield {"type": "report", "id": f"report--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "report_types": [payload], "published": "2026-11-20T08:00:00Z", "object_refs": [f"malware--{tail}"]}  # fmt: skip
        yield {"type": "note", "id": f"note--{tail}", **COMMON, **every, "abstract": payload, "content": payload,
               "authors": [payload], "object_refs": [f"malware--{tail}"]}  # fmt: skip
        yield {"type": "identity", "id": f"identity--{tail}", **COMMON, **every, "name": payload, "description": payload,
               "identity_class": "organization", "contact_information": payload, "sectors": [payload], "roles": [payload]}  # fmt: skip


@pytest.fixture(scope="module")
def poisoned(stage):
    """The ids, shared by the other member and held by ours."""
    fr = stage[1]
    made = list(objects())
    fr.share(made, "ports", "--tlp", "amber")
    return [one["id"] for one in made]


def test_nothing_of_it_runs_asks_outside_or_breaks_a_page(visitor, poisoned, stage):
    browser = visitor("everything")
    assert len(poisoned) >= 200
    shown, following = set(), "/threats?channel=ports"
    while following:
        page = browser.open(following)
        shown.update(page.locator(".item-head a").evaluate_all("all => all.map((one) => one.href.split('/').at(-1))"))
        more = page.get_by_role("link", name="Older ones")
        following = more.get_attribute("href") if more.count() else ""
    assert set(poisoned) <= shown
    for one in poisoned:
        page = browser.open(f"/o/{one}")
        assert page.locator("h1").count() == 1
    for payload in PAYLOADS:
        page = browser.open("/threats")
        page.fill("#find", payload)
        page.press("#find", "Enter")
        assert page.locator("h1").inner_text() == "Threats"
    browser.expect_quiet()


def test_a_reader_sees_exactly_what_was_written(visitor, poisoned):
    browser = visitor("everything", scripted=False)
    for number, payload in enumerate(PAYLOADS):
        page = browser.open(f"/o/malware--{number:08x}-0000-4000-8000-00000000ffff")
        assert page.locator("h1").text_content().strip() == payload
        assert page.locator("main script, main iframe, main object, main embed, main base, main style").count() == 0
    browser.expect_quiet()


def test_what_a_reader_of_the_page_types_is_not_run_either(visitor):
    browser = visitor("everything")
    for payload in PAYLOADS:
        for path in ("/sign-in?to=", "/threats?find=", "/threats?type=", "/me?done=", "/o/", "/members/", "/channels/"):
            browser.open(path + quote(payload, safe=""))
    browser.expect_quiet()


def test_the_watch_over_the_browser_sees_what_it_is_for(visitor, stage):
    """A page that did run a script, or ask outside, would be found: the policy stops both and reports."""
    browser = visitor("everything")
    page = browser.open("/members")
    page.evaluate(
        "() => { const one = document.createElement('img'); one.src = 'http://outside.example/x.png';"
        " document.body.append(one); }"
    )
    refused = page.evaluate(
        "() => { try { document.createElement('p').setAttribute('onclick', 'alert(1)'); return false; }"
        " catch { return true; } }"
    )
    assert refused, "the browser did not ask the Trusted Types policy"
    page.wait_for_timeout(500)
    with pytest.raises(AssertionError):
        browser.expect_quiet()
