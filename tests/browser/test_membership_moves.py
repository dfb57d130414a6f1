"""Who takes part changes between what a sharer was shown and the press: the sharer is told, and nothing has left.

Three real nodes; the third is suspended by the other two, or comes back, while somebody looks at the preview.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def three(town):
    """The nodes, and people at the first."""
    ours = town[0]
    for name, role in (("sharer", "analyst"), ("second", "releaser"), ("other", "releaser")):
        if name not in ours.people:
            ours.enroll(name, role)
    return town


def moved(town, word):
    """The first two members suspend the third, or take it in again; until the first knows."""
    ours, other, third = town
    version = ours.ask("/status")["charter"]["version"]
    made = ours.post("/charter/proposals", {word: [third.handle]})
    town.until(lambda: other.ask("/status")["votes"], "the vote does not come")
    other.post("/charter/signatures", {"digest": made["digest"]})
    town.until(lambda: ours.ask("/status")["charter"]["version"] > version, "the charter does not change")


def composed(browser, title, tlp="TLP:GREEN", channel="plenary"):
    page = browser.open("/share/new?kind=report")
    page.fill("#title", title)
    page.fill("#body", "Three of them stand still.")
    page.select_option("#topic", "cyber")
    page.select_option("#channel", browser.node.ask(f"/channels/{channel}")["id"])
    page.select_option("#tlp", tlp)
    page.get_by_role("button", name="See who will be able to read it").click()
    page.locator(".seal").wait_for()
    return page


def pressed(page):
    for one in page.locator(".seal input[type=checkbox]").all():
        one.check()
    page.locator(".seal-button").click()


def held(node, title):
    return [one["name"] for one in node.ask(f"/objects?find={title}")]


def test_a_member_suspended_between_preview_and_press_is_told_with_the_new_number(visitor, three):
    ours, other, third = three
    browser = visitor("sharer", node=ours)
    page = composed(browser, "Before-the-vote")
    expect(page.locator(".seal-button")).to_have_text("Seal for 3 members")
    moved(three, "suspend")
    pressed(page)
    page.locator(".problem", has_text="policy.audience-changed").wait_for(timeout=40_000)
    page.locator("main", has_text="Nothing was sealed").wait_for(timeout=40_000)  # it is checked anew first
    expect(page.locator(".notice", has_text="Gone since:")).to_contain_text(third.handle)
    expect(page.locator(".seal-button")).to_have_text("Seal for 2 members")
    browser.shoot("share-moved-en-light")
    assert [held(one, "Before-the-vote") for one in three] == [[], [], []]
    pressed(page)
    page.get_by_text("1 object is sealed").wait_for(timeout=40_000)
    three.until(lambda: held(other, "Before-the-vote"), "who was shown has it not")
    assert held(third, "Before-the-vote") == []

    # And back again, while the ten seconds of undo run: one more reader than was shown is refused like one fewer.
    page = composed(browser, "While-undo-runs")
    pressed(page)
    page.get_by_role("button", name="Undo").wait_for()
    moved(three, "readmit")
    page.locator(".problem", has_text="policy.audience-changed").wait_for(timeout=40_000)
    page.locator("main", has_text="Nothing was sealed").wait_for(timeout=40_000)
    expect(page.locator(".notice", has_text="Come since:")).to_contain_text(third.handle)
    expect(page.locator(".seal-button")).to_have_text("Seal for 3 members")
    assert [held(one, "While-undo-runs") for one in three] == [[], [], []]
    browser.expect_quiet()


def waiting(three, title):
    """RED, and asked for: its draft's number and what the second person is shown."""
    ours = three[0]
    channel = ours.ask("/channels/named")["id"]
    form = {"kind": "report", "title": title, "text": "x", "topic": "cyber", "channel": channel, "tlp": "TLP:RED"}
    path = ours.send("sharer", "/share/new", "/share/new", **form).headers["location"]
    session = ours.people["sharer"][0]

    def state(*wanted):
        found = session.get(f"{ours.url}{path}.json", timeout=30).json()
        return found if found["state"] in wanted else None

    page = three.until(lambda: state("ready"), "it is not shown")
    meant = page["shown"]["acknowledge"]
    assert ours.send("sharer", path, f"{path}/seal", digest=page["digest"], meant=meant).status_code == 303
    three.until(lambda: state("approval"), "it does not wait")
    return path, page["digest"], state


def test_of_two_people_who_approve_at_the_same_instant_one_does(three):
    ours = three[0]
    path, digest, state = waiting(three, "At-once")
    where = path.replace("/share/d/", "/share/approvals/")
    names = ("second", "other", "second", "other")
    with ThreadPoolExecutor(4) as hands:
        told = list(hands.map(lambda name: ours.send(name, "/me", f"{where}/approve", digest=digest), names))
    second = three.until(lambda: state("sealed", "sealing"), "nobody approved it")["second"]
    assert second in ("second", "other")
    assert [one.status_code == 303 for one in told] == [name == second for name in names], [
        one.text[:200] for one in told
    ]
    three.until(lambda: state("sealed"), "it is not sealed")
    assert held(ours, "At-once") == ["At-once"]
    trail = [
        one["reason"] for one in ours.ask("/audit?limit=200")["records"] if path.rpartition("/")[2] in one["reason"]
    ]
    assert sum("approves" in one for one in trail) == 1, trail


def test_pressed_twice_gone_back_and_pressed_again_it_is_sealed_once(visitor, three):
    browser = visitor("sharer", node=three[0])
    page = composed(browser, "Pressed-twice")
    for one in page.locator(".seal input[type=checkbox]").all():
        one.check()
    page.locator(".seal-button").dblclick()
    page.get_by_text("1 object is sealed").wait_for(timeout=40_000)
    page.go_back()
    if page.locator(".seal-button").count():  # as it was, from the browser's memory
        pressed(page)
    page.get_by_text("1 object is sealed").wait_for()
    assert held(three[0], "Pressed-twice") == ["Pressed-twice"]
    browser.expect_quiet()
