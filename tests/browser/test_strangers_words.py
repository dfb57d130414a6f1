"""What others write is shown and never run: payloads in every field of shared objects, every page opened."""

import io
import json
import re
import uuid
from urllib.parse import quote

import pypdf
import pytest
from playwright.sync_api import expect
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
        expect(page.locator("h1")).to_have_count(1)
    for payload in PAYLOADS:
        page = browser.open("/threats")
        page.fill("#find", payload)
        page.press("#find", "Enter")
        expect(page.locator("h1")).to_have_text("Threats")
    browser.expect_quiet()


def test_a_reader_sees_exactly_what_was_written(visitor, poisoned):
    browser = visitor("everything", scripted=False)
    for number, payload in enumerate(PAYLOADS):
        page = browser.open(f"/o/malware--{number:08x}-0000-4000-8000-00000000ffff")
        assert page.locator("h1").text_content().strip() == payload
        expect(page.locator("main script, main iframe, main object, main embed, main base, main style")).to_have_count(
            0
        )
    browser.expect_quiet()


# -- every other field --------------------------------------------------------------------------------------------

ALIEN = r"""() => [...document.querySelectorAll("*")].flatMap((one) => [
    ...(/^(iframe|object|embed|base|frame|applet|portal)$/i.test(one.localName) ? [`<${one.localName}>`] : []),
    ...(one.localName === "script" && !one.src.startsWith(`${location.origin}/static/`) ? ["<script>"] : []),
    ...(one.localName === "style" && !document.head.contains(one) ? ["<style>"] : []),
    ...[...one.attributes].flatMap((each) => {
      if (/^on/i.test(each.name) || each.name === "srcdoc" || each.name === "style") return [each.name];
      if (!/^(href|src|action|formaction|xlink:href|data|ping|poster|hx-(get|post|sse:connect))$/i.test(each.name)) return [];
      const there = new URL(each.value, location.href);
      return there.origin === location.origin || one.rel?.includes("noreferrer") ? [] : [`${each.name}=${each.value}`];
    }),
  ])"""
SEEN = "() => [document.documentElement.outerHTML, ...[...document.querySelectorAll('input, textarea')].map((one) => one.value)].join()"


def malware(number, text):
    id_ = f"malware--{number:08x}-0000-4000-8000-0000000000aa"
    return {"type": "malware", "id": id_, **COMMON, "name": text, "is_family": True}


def shared(node, objects, channel, tlp="TLP:GREEN"):
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects}
    told = node.post(f"/share?channel={channel}&tlp={quote(tlp)}", json.dumps(bundle).encode())
    assert told["shared"] == len(objects), told
    return [one["id"] for one in objects]


def raised(node, bird, **more):
    said = {key: bird(f"warning's {key}") for key in ("headline", "threatened", "todo", "place")}
    body = {"channel": "plenary", "tlp": "green", "topic": "cyber", "urgency": "flash", "countries": ["GR"]}
    return node.post("/warnings", {**body, **said, **more})["id"]


def drafted(node, path, *states):
    """A draft's twin, once it is in one of these states."""
    session = node.people["writer"][0]

    def state():
        found = session.get(f"{node.url}{path}.json", timeout=30).json()
        return found if found["state"] in states else None

    return conf.until(state, f"{path} does not come to {states}")


def handled(node, path, channel, **more):
    told = node.send("writer", path, f"{path}/handling", channel=channel, tlp="TLP:GREEN", **more)
    assert told.status_code == 303, told.text
    return drafted(node, path, "ready", "open")


def pressed(node, path, page):
    told = node.send(
        "writer", path, f"{path}/seal", digest=page["digest"], meant=page["shown"]["acknowledge"], partial="on"
    )
    assert told.status_code == 303, told.text


def misp(bird):
    """An event of which each string is a stranger's."""
    about = {"uuid": str(uuid.uuid4()), "info": bird("MISP info"), "date": "2026-11-20", "timestamp": "1763625600", "threat_level_id": "1",
             "analysis": "0", "distribution": "0", "published": False, "publish_timestamp": "0"}  # fmt: skip
    kinds = ("ip-src", "domain", "url", "filename", "email-subject", "comment", "text", "regkey", "user-agent", "yara")
    attributes = [
        {"uuid": str(uuid.uuid4()), "type": kind, "category": "Network activity", "to_ids": at % 2 == 0, "distribution": "5",
         "timestamp": "1763625600", "comment": bird(f"MISP {kind} comment"), "value": bird(f"MISP {kind} value")}
        for at, kind in enumerate(kinds)
    ]  # fmt: skip
    tags = [{"name": bird("MISP tag"), "colour": bird("MISP colour")}]
    org = {"name": bird("MISP org"), "uuid": str(uuid.uuid4())}
    return json.dumps({"Event": {**about, "Attribute": attributes, "Tag": tags, "Orgc": org, "Org": org}}).encode()


def drafts(node, bird):
    """A draft by every way in, in every state that a person meets; their addresses."""
    channel = node.ask("/channels/named")["id"]

    def begun(form, path="/share/new", **more):
        told = node.send("writer", "/share/new", path, **form, **more)
        assert told.status_code == 303, told.text
        return told.headers["location"]

    common = {"topic": "cyber", "channel": channel, "tlp": "TLP:GREEN"}
    made = {
        "report": begun({**common, "kind": "report", "title": bird("report's title"), "text": bird("report's text")}),
        "indicator": begun({**common, "kind": "indicator", "title": bird("indicator's title"), "text": bird("indicator's text"), "value": "203.0.113[.]9"}),
        "warning": begun({**common, "kind": "warning", "urgency": "priority", **{key: bird(f"drafted {key}") for key in ("headline", "threatened", "todo", "place")}}),
        "no value": begun({**common, "kind": "indicator", "title": bird("no value's title"), "text": "", "value": bird("value")}),
    }  # fmt: skip
    bad = [malware(900, bird("uploaded name")), {**malware(901, bird("refused name")), "id": bird("refused id")},
           {**malware(902, "x"), "type": bird("refused type")}, {**malware(903, "x"), bird("refused key"): 1}]  # fmt: skip
    bundle = json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": bad}).encode()
    file = {"file": (bird("file's name").replace('"', "'"), bundle, "text/html")}
    made["file"] = begun({"topic": "cyber", "title": ""}, "/share/upload", files=file)
    none = {"file": ("", b"")}
    text = (
        f"At 198.51.100[.]77, hxxp://bad[.]example/{quote(bird('value in a text'), safe='<>=()')} {bird('pasted text')}"
    )
    made["text"] = begun({"topic": "cyber", "title": bird("text's title"), "text": text}, "/share/upload", files=none)
    made["misp"] = begun(
        {"topic": "cyber", "title": bird("MISP title"), "text": misp(bird)}, "/share/upload", files=none
    )
    made["no list"] = begun(
        {"topic": "cyber", "title": bird("no list's title"), "text": "x"}, "/share/upload", files=none
    )
    drafted(node, made["no list"], "open")
    wrong = {"allow_listed": bird("allowed list"), "why": bird("why it is allowed")}
    assert handled(node, made["no list"], channel, **wrong)["state"] == "open"
    for name in ("file", "text", "misp"):
        drafted(node, made[name], "open")
        assert handled(node, made[name], channel, with_text="on", pick=["0", "1"])["state"] == "ready", name
    for name in ("report", "indicator", "warning"):
        drafted(node, made[name], "ready", "open")
    return made


def approvals(node, bird):
    """What waits for a second person, and what one has declined; their addresses."""
    channel, made = node.ask("/channels/named")["id"], {}
    for name in ("waits", "declined"):
        form = {"kind": "report", "title": bird(f"RED title that {name}"), "text": bird(f"RED text that {name}")}
        told = node.send("writer", "/share/new", "/share/new", **form, topic="cyber", channel=channel, tlp="TLP:RED")
        made[name] = told.headers["location"]
        pressed(node, made[name], drafted(node, made[name], "ready"))
        drafted(node, made[name], "approval")
    where = made["declined"].replace("/share/d/", "/share/approvals/")
    assert node.send("everything", where, f"{where}/decline", reason=bird("why declined")).status_code == 303
    return [*made.values(), made["waits"].replace("/share/d/", "/share/approvals/")]


def warned(town, bird):
    """Warnings of both sides, answered, escalated and taken back; their addresses."""
    ours, other, _ = town
    asked, answered, given = raised(other, bird), raised(other, bird), raised(ours, bird, topic="organised-crime")
    taken, recalled = raised(other, str), raised(ours, str)  # of which nothing is left to be seen
    town.until(
        lambda: {asked, answered, taken} <= {one["id"] for one in ours.ask("/warnings?which=all")["warnings"]},
        "not here",
    )
    town.until(
        lambda: {given, recalled} <= {one["id"] for one in other.ask("/warnings?which=all")["warnings"]}, "not there"
    )
    ours.send("everything", "/", f"/w/{answered}/answers", answer="acting", note=bird("our answer"), until="2h")
    ours.send("everything", "/", f"/w/{asked}/escalations")
    other.post(f"/warnings/{given}/answers", {"answer": "need-more", "comment": bird("a stranger's answer")})
    other.post("/recalls", {"object_id": taken, "reason": bird("why a warning was taken back")})
    ours.send(
        "everything",
        f"/w/{recalled}",
        f"/w/{recalled}/recall",
        reason=bird("why we took a warning back"),
        understood="yes",
    )

    def complete():
        told = [ours.people["everything"][0].get(f"{ours.url}/w/{one}", timeout=30).text for one in (given, taken)]
        return all(word in text for word, text in zip(("need to know more", "Recalled by"), told, strict=True))

    town.until(complete, "the answer or the recall does not come")
    return [f"/w/{one}" for one in (asked, answered, taken, given, recalled)]


def spoken(town, bird):
    """Objects of both sides with notes in both lanes, feedback, corrections and recalls; pages to be opened."""
    ours, other, _ = town
    recalled = [malware(801, "ours"), malware(811, "theirs")]  # of which nothing is left to be seen
    mine = [malware(800, bird("ours")), recalled[0], malware(802, "wrong"), malware(803, bird("ours, too"))]
    theirs = [malware(810, bird("theirs")), recalled[1], malware(812, bird("theirs, too"))]
    mine, theirs = shared(ours, mine, "named", "TLP:AMBER"), shared(other, theirs, "plenary")
    town.until(lambda: other.ask(f"/objects?find={mine[3]}"), "ours is not there")
    town.until(lambda: ours.ask(f"/objects?find={theirs[2]}"), "theirs is not here")
    page = f"/o/{theirs[0]}"
    assert ours.send("everything", page, f"{page}/notes", text=bird("note of ours only")).status_code == 303
    said = {"kind": "note", "text": bird("note for the channel")}
    preview = ours.send("everything", page, f"{page}/say", **said)
    assert preview.status_code == 200
    assert (
        ours.send("everything", page, f"{page}/say/seal", **said, seal=conf.field(preview.text, "seal")).status_code
        == 303
    )
    against = bird("feedback's note")
    other.post("/feedback", {"object_id": mine[0], "kind": "disagree", "note": against})
    other.post("/recalls", {"object_id": theirs[1], "reason": bird("why they took it back")})
    ours.post("/recalls", {"object_id": mine[1], "reason": bird("why we took it back")})
    later = {**malware(802, bird("corrected")), "modified": "2026-11-21T08:00:00.000Z"}
    ours.post(
        "/corrections", json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [later]}).encode()
    )
    reader, number = ours.people["everything"][0], against.rpartition(" ")[2]
    town.until(lambda: number in reader.get(f"{ours.url}/o/{mine[0]}", timeout=30).text, "no feedback")
    outbox = ours.people["everything"][0].get(f"{ours.url}/share/outbox.json", timeout=30).json()["shares"]
    return [
        *(f"/o/{one}" for one in (*mine, *theirs)), *(f"/o/{one}/relations" for one in theirs), f"/o/{mine[0]}/proof",
        *(f"/share/outbox/{one['id']}" for one in outbox), "/share/outbox", "/share/outbox/changes",
        *(f"/share/outbox/changes/{one}" for one in mine[1:3]), *(f"/share/outbox/{do}/{mine[0]}" for do in ("recall", "correct")),
    ]  # fmt: skip


def told_by_the_press(node, folder, bird):
    """An article whose every word is a stranger's, at the desk; its pages."""

    def html(field):
        return bird(field).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

    path = folder / "hostile.html"
    words = "Ransomware has stopped the network of a ministry in Greece, the agency reported; officials look into it."
    path.write_text(f"<html><head><title>{html('article title')}</title></head><body><article><h1>{html('article heading')}</h1>"
                     f"<p>{words} {html('article text')}</p><p>{words} It calls 45.155.205[.]99 {html('more text')}</p></article></body></html>")  # fmt: skip
    node.tocsin("desk", "import", path, "--outlet", bird("outlet"))
    node.tocsin("desk", "source", "add", "wire", f"https://wire.invalid/{quote(bird('source address'), safe='<>()=')}")
    session = node.people["everything"][0]
    story = session.get(f"{node.url}/desk.json", timeout=30).json()["stories"][0]["id"]
    note = bird("note on a story")
    assert node.send("everything", f"/desk/s/{story}", f"/desk/s/{story}/notes", text=note).status_code == 303
    article = session.get(f"{node.url}/desk/s/{story}.json", timeout=30).json()["articles"][0]["id"]
    return ["/desk", f"/desk/s/{story}", f"/desk/d/{article}?names=1", "/desk/sources", f"/share/new?story={story}"]


ELSEWHERE = (
    "/", "/warnings", "/where", "/threats", "/share/new", "/share/new?kind=paste", "/share/approvals", "/brief", "/members",
    "/members/aa-cert", "/members/bb-cert", "/members/cc-cert", "/channels/plenary", "/channels/named", "/fairness", "/me", "/admin", "/admin/accounts",
    "/admin/tokens", "/admin/peers", "/admin/diagnostics", "/admin/audit", "/admin/backups", "/admin/keys", "/admin/sign-in",
    "/admin/settings",
)  # fmt: skip
UNSHOWN = {"value"}  # what is no value is refused, and nothing is made of it


@pytest.fixture(scope="module")
def sown(town):
    """One town with a canary in every field that a stranger or a colleague can fill; the pages to be opened."""
    ours, bird = town[0], town.bird
    if "writer" not in ours.people:
        ours.enroll("writer", "analyst")
        ours.enroll("everything", "duty", "analyst", "releaser", "administrator")
    pages = [*spoken(town, bird), *warned(town, bird), *drafts(ours, bird).values(), *approvals(ours, bird)]
    pages += told_by_the_press(ours, town.folder, bird)
    return [*dict.fromkeys([*pages, *ELSEWHERE])]


@pytest.mark.long  # a town of three nodes, a minute
def test_no_field_of_a_stranger_runs_on_any_page(visitor, sown, town):
    browsers = {"everything": visitor("everything", node=town[0]), "writer": visitor("writer", node=town[0])}
    seen, alien = set(), {}
    for path in sown:
        browser = browsers["writer" if path.startswith("/share/d/") else "everything"]
        page = browser.open(path)
        expect(page.locator("h1"), path).to_have_count(1)
        if found := page.evaluate(ALIEN):
            alien[path] = found
        seen |= {int(one) for one in re.findall(r"(?: |%20)c(\d+)c", page.evaluate(SEEN))}
    assert alien == {}
    unseen = {field for number, field in town.said.items() if number not in seen}
    unseen = {one for one in unseen if not one.startswith(("MISP ", "refused "))}  # a preview shows names, not contents
    assert unseen == UNSHOWN, "a canary that is on no page shows nothing"
    for browser in browsers.values():
        browser.expect_quiet()


@pytest.mark.long
def test_a_strangers_words_stand_in_the_printed_brief_and_do_nothing(sown, town):
    session = town[0].people["everything"][0]
    headlines = {
        one["headline"] for one in session.get(f"{town[0].url}/brief.json", timeout=30).json()["raised"]["rows"]
    }
    assert headlines
    for language in ("en", "ar"):
        data = session.get(f"{town[0].url}/brief.pdf?lang={language}", timeout=60).content
        read = pypdf.PdfReader(io.BytesIO(data))
        text = " ".join("".join(one.extract_text() for one in read.pages).split())
        assert len(read.pages) <= 2
        assert re.search(r"c\d+c", text)
        for word in (
            b"/JavaScript",
            b"/JS",
            b"/AA",
            b"/URI",
            b"/Launch",
            b"/SubmitForm",
            b"/EmbeddedFile",
        ):
            assert word not in data, word
        assert set(re.findall(rb"/OpenAction\s*(.)", data)) <= {b"["}, "it opens at a place, and does nothing"


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
