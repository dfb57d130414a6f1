"""Sources of every kind, asked over real sockets by the real children: what comes of them, and what they may not do."""

import asyncio
import gzip
import json
import time
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime

import apsw
import pytest
import stix2
from tests.unit.backends.outside import site as sites
from tests.unit.desk import partnering
from tests.unit.desk.layouts import ENGLISH
from tests.unit.desk.partnering import ACME, envelope, event, indicator, report, told
from tests.unit.desk.test_office import Now, Watched, page

from tocsin.backends.outside.fetcher import OutsideProcess
from tocsin.backends.outside.reader import ReaderProcess
from tocsin.backends.sqlite.database import InlineDatabase, create_tables
from tocsin.desk import tables
from tocsin.desk.document import Announced, Capture
from tocsin.desk.office import Office, World
from tocsin.desk.reading.listings import leads
from tocsin.desk.sources import Auth, Kind, Source, State
from tocsin.errors import ConfigError
from tocsin.ports.outside import Wanted

pytestmark = pytest.mark.slow
TOKEN = "f00d-token-of-a-partner"
UUID = "5a1e8d3c-0000-4000-8000-{:012d}".format


class Clock(Now):
    """A calendar that is moved by the test; durations are real enough."""

    def monotonic(self):
        return self.us / 1e6


class Desk:
    """An office with its own library, real children, and one site that it may ask although it is inside."""

    def __init__(self, runner, site, outside, reader, connection):
        self.run, self.site = runner.run, site
        self.clock, self.notes = Clock(), []
        self.outside = outside
        self.connection = connection
        self.office = Office(
            World(
                database=InlineDatabase(connection),
                clock=self.clock,
                outside=outside,
                reader=reader,
                note=lambda *told: self.notes.append(told),
                forbids=lambda kind, value: "",
                watched=Watched(),
                model=lambda: None,
                author=lambda: "identity--11111111-1111-4111-8111-111111111111",
            )
        )

    def add(self, kind, path, **more):
        source = Source("source", kind, self.site.url + path, **more)
        self.run(self.office.register.add(source))
        return source

    def pull(self):
        return self.run(self.office.pull("source"))

    def health(self):
        return self.run(self.office.register.get("source"))[2]

    def titles(self):
        stories = self.run(self.office.stories())
        shelved = [one for story in stories for one in self.run(self.office.story(story.id)).shelved]
        return sorted(one.document.title for one in shelved)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    authority, certificate = sites.authority(folder)
    with asyncio.Runner() as runner, sites.opened(certificate) as site:
        outside, reader = OutsideProcess("tocsin-desk", (site.inner,), authority), ReaderProcess()
        try:
            yield runner, site, outside, reader
        finally:
            runner.run(outside.close())
            runner.run(reader.close())


@pytest.fixture
def desk(ground, tmp_path):
    with closing(apsw.Connection(str(tmp_path / "store.db"))) as connection:
        create_tables(connection, (tables.TABLES,))
        ground[1].pages, ground[1].asked = {}, []
        yield Desk(*ground, connection)


# -- TAXII ------------------------------------------------------------------------------------------------------------

TAXII = {"Content-Type": "application/taxii+json;version=2.1"}
COLLECTION = "/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"


def collection(desk, pages, *, last="2026-11-20T08:00:00.000Z", token=""):
    """Pages by their number as `next`; what was added after `last` is nothing."""

    def answer(query, headers):
        if token and headers.get("Authorization") != token:
            return 401, {}, b"{}"
        if query.get("added_after", "") >= last:
            return 200, TAXII, b"{}"
        number = int(query.get("next", "0"))
        objects, onward = pages[number], str(number + 1) if number + 1 < len(pages) else ""
        return 200, {**TAXII, "X-TAXII-Date-Added-Last": last}, envelope(*objects, onward=onward)

    desk.site.pages[COLLECTION + "objects/"] = answer


def test_a_collection_is_read_page_by_page_and_then_only_what_was_added(desk):
    bad = indicator("[ipv4-addr:value = '45.155.205.99']")
    collection(desk, [[report([bad])], [ACME], [bad]], token=f"Bearer {TOKEN}")
    desk.add(Kind.TAXII, COLLECTION, token=TOKEN, auth=Auth.BEARER)
    assert (desk.pull()["state"], desk.health().documents) == ("ok", 1)
    (story,) = desk.run(desk.office.stories())
    told_of = desk.run(desk.office.story(story.id))
    assert (story.outlets, story.indicators) == (("Acme CERT",), 1)  # the one that is defanged in its words
    (listed,) = [one for one in told_of.findings if one.finding.value == "45.155.205.99"]
    assert (listed.finding.given, listed.taken) == (True, None)
    first, *_ = desk.site.paths()
    assert all(headers["Accept"] == TAXII["Content-Type"] for _, headers in desk.site.asked)
    assert "added_after" not in first
    assert [path for path, _ in desk.site.asked if path == "/robots.txt"] == []  # an API has none
    desk.site.asked.clear()
    assert desk.pull()["new"] == 0
    assert "added_after=2026-11-20T08:00:00.000Z" in desk.site.paths()[0]


def test_what_a_partner_meant_becomes_an_indicator_when_a_person_accepts_it_and_not_before(desk):
    bad, seen = (
        indicator("[ipv4-addr:value = '45.155.205.99']"),
        indicator("[ipv4-addr:value = '45.155.205.98' AND url:value = 'http://x.crane-tools.net/']"),
    )
    collection(desk, [[ACME, bad, seen, report([bad, seen], description=partnering.PROSE[0])]])
    desk.add(Kind.TAXII, COLLECTION)
    desk.pull()
    (story,) = desk.run(desk.office.stories())

    def drafted():
        made = [json.loads(one) for one in desk.run(desk.office.draft(story.id, "amira"))]
        return [one["pattern"] for one in made if one["type"] == "indicator"]

    assert drafted() == []
    desk.run(desk.office.judge(story.id, "45.155.205.99", True, "amira"))
    with pytest.raises(ConfigError, match="never drafted"):
        desk.run(desk.office.judge(story.id, "45.155.205.98", True, "amira"))
    assert drafted() == ["[ipv4-addr:value = '45.155.205.99']"]


def test_a_token_that_is_not_accepted_is_told_and_nowhere_shown(desk):
    collection(desk, [[ACME, report([ACME])]], token=f"Bearer {TOKEN}")
    source = desk.add(Kind.TAXII, COLLECTION, token="wrong-" + TOKEN, auth=Auth.BEARER)
    told_of = desk.pull()
    assert (told_of["state"], told_of["code"], told_of["status"]) == ("withdrawn", "desk.token-refused", 401)
    assert TOKEN not in repr(source) + repr(Wanted("https://a.example/", token=TOKEN)) + repr(told_of) + repr(
        desk.notes
    )
    desk.run(desk.office.register.change("source", token=TOKEN))
    assert (desk.pull()["new"], desk.health().state) == (1, State.OK)


def test_basic_sign_in_is_name_and_password(desk):
    collection(desk, [[ACME, report([ACME])]], token="Basic " + b64encode(b"amira:s\xc3\xa9same").decode())
    desk.add(Kind.TAXII, COLLECTION, token="amira:s\u00e9same", auth=Auth.BASIC)
    assert desk.pull()["new"] == 1


def test_a_collection_that_is_busy_is_read_on_from_where_it_broke_off(desk):
    pages = [[ACME, report([ACME], name=f"Report {number} of the port")] for number in range(4)]
    collection(desk, pages)
    whole = desk.site.pages[COLLECTION + "objects/"]
    busy = []

    def answer(query, headers):
        if query.get("next") == "2" and not busy:
            busy.append(1)
            return 429, {"Retry-After": "7200"}, b""
        return whole(query, headers)

    desk.site.pages[COLLECTION + "objects/"] = answer
    desk.add(Kind.TAXII, COLLECTION)
    assert desk.pull()["new"] == 2
    health = desk.health()
    assert (health.page, health.added, health.next_us - desk.clock.us) == ("2", "", 7_200_000_000)
    assert desk.pull()["new"] == 2
    assert (desk.health().page, desk.health().added) == ("", "2026-11-20T08:00:00.000Z")


def test_a_collection_that_leads_in_a_circle_or_never_ends_is_cut(desk):
    asked = []

    def circle(query, headers):
        asked.append(query.get("next", ""))
        return 200, TAXII, envelope(ACME, report([ACME]), onward="again" if len(asked) % 2 else "and-again")

    desk.site.pages[COLLECTION + "objects/"] = circle
    desk.add(Kind.TAXII, COLLECTION)
    assert desk.pull()["state"] == "ok"
    assert len(asked) == 3
    asked.clear()

    def endless(query, headers):
        asked.append(1)
        return 200, TAXII, envelope(ACME, onward=str(len(asked)))

    desk.site.pages[COLLECTION + "objects/"] = endless
    desk.pull()
    assert len(asked) == 50
    desk.site.pages[COLLECTION + "objects/"] = (200, TAXII, None)
    assert desk.pull()["code"] == "desk.too-large"


@pytest.mark.parametrize("body", [b"{}", b'{"more": false}', b'{"more": false, "objects": []}'])
def test_a_collection_without_anything_new_is_well(desk, body):
    desk.site.pages[COLLECTION + "objects/"] = (200, {"Content-Type": "application/json"}, body)
    desk.add(Kind.TAXII, COLLECTION)
    assert (desk.pull()["state"], desk.pull()["code"]) == ("ok", "")


def test_reports_that_are_not_open_are_not_kept_and_noted(desk):
    closed = report([ACME], object_marking_refs=[stix2.TLP_AMBER.id])
    collection(desk, [[ACME, stix2.TLP_AMBER, closed]])
    desk.add(Kind.TAXII, COLLECTION)
    told_of = desk.pull()
    assert (told_of["new"], told_of["state"]) == (0, "ok")
    assert "desk.marked" in [code for code, *_ in desk.notes]
    assert desk.connection.execute("SELECT COUNT(*) FROM desk_captures").fetchone() == (0,)


# -- MISP -------------------------------------------------------------------------------------------------------------


def circle(desk, *events, stamp=1):
    """A feed: its folder, with a manifest and a file for each event."""
    manifest = {one.uuid: {"timestamp": str(stamp), "info": one.info} for one in events}
    desk.site.pages["/feed/manifest.json"] = json.dumps(manifest).encode()
    for one in events:
        desk.site.pages[f"/feed/{one.uuid}.json"] = told(one)


def filled(number, words, **more):
    made = event(number, words, **more)
    made.add_attribute("comment", f"{words}, the coast guard says.", category="Other")
    return made


def test_a_misp_feed_is_read_event_by_event_and_again_when_its_manifest_says_that_one_changed(desk):
    first = filled(1, "Ransomware has stopped a terminal of the port of Piraeus")
    second = filled(2, "Fishermen off Tunisia have found a cable that somebody cut")
    circle(desk, first, second)
    desk.add(Kind.MISP, "/feed/", token=TOKEN)
    assert desk.pull()["new"] == 2
    assert all(headers["Authorization"] == TOKEN for _, headers in desk.site.asked)
    assert desk.titles() == [second.info, first.info]
    desk.site.asked.clear()
    assert desk.pull()["new"] == 0
    assert desk.site.paths() == ["/feed/manifest.json"]  # what did not change is not asked for
    second.add_attribute("comment", "It was mended within a day.", category="Other")
    manifest = {first.uuid: {"timestamp": "1"}, second.uuid: {"timestamp": "2"}}
    desk.site.pages["/feed/manifest.json"] = json.dumps(manifest).encode()
    desk.site.pages[f"/feed/{second.uuid}.json"] = told(second)
    desk.site.asked.clear()
    assert desk.pull()["new"] == 1
    assert desk.site.paths() == ["/feed/manifest.json", f"/feed/{second.uuid}.json"]
    stories = desk.run(desk.office.stories())
    shelved = [one for story in stories for one in desk.run(desk.office.story(story.id)).shelved]
    edits = [one.document.id for one in shelved if one.document.title == second.info]
    assert (len(shelved), len(edits)) == (3, 2)
    assert len(desk.run(desk.office.document(edits[0]))[1]) == 2  # an edit is a version of the same article


def test_a_single_event_is_a_source_too_and_a_closed_one_is_noted(desk):
    desk.site.pages["/event.json"] = told(filled(1, "Ransomware at the port"))
    desk.add(Kind.MISP, "/event.json")
    assert desk.pull()["new"] == 1
    desk.site.pages["/event.json"] = told(filled(2, "Another", tags=("tlp:red",)))
    assert desk.pull()["new"] == 0
    assert "desk.marked" in [code for code, *_ in desk.notes]


def test_a_manifest_leads_to_no_other_host_and_its_token_goes_to_no_other_port(desk):
    with sites.opened() as other:
        desk.site.pages["/feed/manifest.json"] = (302, {"Location": f"{other.url}/manifest.json"}, b"")
        desk.add(Kind.MISP, "/feed/", token=TOKEN)
        assert desk.pull()["code"] == "desk.refused-address"  # loopback, and from TLS to plain text
        assert other.asked == []


# -- sitemaps ---------------------------------------------------------------------------------------------------------


def urlset(*entries):
    body = "".join(f"<url><loc>{url}</loc><lastmod>{at}</lastmod></url>" for url, at in entries)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{body}</urlset>'.encode()


def test_an_index_of_sitemaps_leads_to_packed_sitemaps_and_they_to_pages(desk):
    url = desk.site.url
    index = "".join(
        f"<sitemap><loc>{url}/map{one}.xml.gz</loc><lastmod>2026-11-0{one}</lastmod></sitemap>" for one in (1, 2)
    )
    desk.site.pages |= {
        "/sitemap.xml": f"<sitemapindex>{index}<sitemap><loc>https://other.example/s.xml</loc></sitemap></sitemapindex>".encode(),
        "/map1.xml.gz": gzip.compress(urlset((f"{url}/a", "2026-11-01"))),
        "/map2.xml.gz": (200, {"Content-Type": "application/gzip"}, gzip.compress(urlset((f"{url}/b", "2026-11-02"), (f"{url}/c", "2026-11-03")))),
        **{f"/{name}": (200, {"Content-Type": "text/html"}, page(article)) for name, article in zip("abc", ENGLISH, strict=False)},
    }  # fmt: skip
    desk.add(Kind.SITEMAP, "/sitemap.xml", follow=2)
    assert desk.pull()["new"] == 2
    assert desk.site.paths() == ["/sitemap.xml", "/map2.xml.gz", "/map1.xml.gz", "/c", "/b"]  # the newest first
    desk.site.asked.clear()
    assert desk.pull()["new"] == 1
    assert desk.site.paths()[-1] == "/a"
    desk.site.asked.clear()
    assert desk.pull()["new"] == 0
    assert desk.site.paths() == ["/sitemap.xml"]  # what the index says did not change is not asked for
    tried = desk.run(desk.office.tried("source"))
    assert (tried["links"], tried["documents"]) == (2, 1)


# -- manners and states -----------------------------------------------------------------------------------------------


def feed(desk, *names, etag=""):
    items = "".join(f"<item><title>Entry {one}</title><link>{desk.site.url}/{one}</link></item>" for one in names)
    body = f'<rss version="2.0"><channel><title>Harbour</title>{items}</channel></rss>'.encode()
    desk.site.pages["/feed.xml"] = (200, {"ETag": etag} if etag else {}, body)


def html(article):
    return 200, {"Content-Type": "text/html"}, page(article)


def test_entries_that_did_not_fit_are_fetched_the_next_time_although_the_feed_is_unchanged(desk):
    feed(desk, "a", "b", "c", etag='"v1"')
    desk.site.pages |= {f"/{name}": html(article) for name, article in zip("abc", ENGLISH, strict=False)}
    desk.add(Kind.FEED, "/feed.xml", follow=2)
    assert (desk.pull()["new"], desk.health().etag) == (2, "")
    assert (desk.pull()["new"], desk.health().etag) == (1, '"v1"')
    desk.site.asked.clear()
    told_of = desk.pull()
    assert (told_of["status"], told_of["state"]) == (304, "ok")
    assert desk.site.paths() == ["/feed.xml"]


def test_an_entry_that_is_gone_is_given_up_and_one_that_is_late_is_asked_for_again(desk):
    feed(desk, "gone", "late", "here", etag='"v1"')
    desk.site.pages |= {"/gone": (410, {}, b""), "/late": (500, {}, b""), "/here": html(ENGLISH[0])}
    desk.add(Kind.FEED, "/feed.xml")
    desk.pull()
    desk.site.pages["/late"] = html(ENGLISH[1])
    desk.site.asked.clear()
    desk.pull()
    assert desk.site.paths() == ["/feed.xml", "/late"]
    desk.site.asked.clear()
    assert desk.pull()["status"] == 304


def test_the_words_of_an_entry_stand_in_for_a_page_that_cannot_be_had(desk):
    words = " ".join(ENGLISH[1].body)
    item = f"<item><title>{ENGLISH[1].title}</title><link>{desk.site.url}/gone</link><description>{words}</description></item>"
    desk.site.pages["/feed.xml"] = f'<rss version="2.0"><channel><title>Harbour</title>{item}</channel></rss>'.encode()
    desk.add(Kind.FEED, "/feed.xml")
    assert desk.pull()["new"] == 1
    assert desk.titles() == [ENGLISH[1].title]
    assert desk.pull()["new"] == 0


def atom(desk, article, updated):
    entry = (
        f"<entry><title>{article.title}</title><link href='{desk.site.url}/a#top'/><id>urn:a</id>"
        f"<published>2025-05-20T10:00:00Z</published><updated>{updated}</updated></entry>"
    )
    head = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Halden Wire</title>"
    desk.site.pages["/feed.atom"] = (200, {"Content-Type": "application/atom+xml"}, f"{head}{entry}</feed>".encode())
    body = "".join(f"<p>{one}</p>" for one in article.body)
    plain = f"<html><head><title>{article.title}</title></head><body><h1>{article.title}</h1>{body}</body></html>"
    desk.site.pages["/a"] = (200, {"Content-Type": "text/html"}, plain.encode())


def test_what_a_page_does_not_say_of_itself_its_feed_says(desk):
    atom(desk, ENGLISH[0], "2025-05-20T10:00:00Z")
    desk.add(Kind.FEED, "/feed.atom")
    assert desk.pull()["new"] == 1
    (story,) = desk.run(desk.office.stories())
    (shelved,) = desk.run(desk.office.story(story.id)).shelved
    assert (shelved.document.outlet, shelved.document.published.text) == ("Halden Wire", "2025-05-20T10:00:00Z")


def test_an_entry_that_its_feed_says_was_changed_is_read_again_as_a_version(desk):
    atom(desk, ENGLISH[0], "2025-05-20T10:00:00Z")
    desk.add(Kind.FEED, "/feed.atom")
    assert (desk.pull()["new"], desk.pull()["new"]) == (1, 0)
    corrected = ENGLISH[0]._replace(title=f"Corrected: {ENGLISH[0].title}")
    atom(desk, corrected, "2025-05-20T12:00:00Z")
    desk.site.asked.clear()
    assert desk.pull()["new"] == 1
    assert desk.site.paths() == ["/feed.atom", "/a"]
    assert desk.titles() == [corrected.title, ENGLISH[0].title]
    assert (
        len(
            {one.document.article for one in desk.run(desk.office.story(desk.run(desk.office.stories())[0].id)).shelved}
        )
        == 1
    )


def test_a_feed_speaks_for_its_own_outlet_only():
    entry = "<entry><title>A</title><link href='https://other.example/a'/><published>2026-11-20</published></entry>"
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Halden Wire</title>{entry}</feed>".encode()
    led = leads(Capture("", "https://halden.example/feed", "application/atom+xml", 0, len(feed)), feed)
    assert led.said == {"https://other.example/a": Announced("2026-11-20", "")}


def test_a_site_that_asks_to_be_left_alone_is_left_alone_with_the_rest_of_its_entries(desk):
    feed(desk, "a", "b")
    at = datetime.now(UTC).strftime("%a, %d %b 2099 %H:%M:%S GMT")
    desk.site.pages |= {"/a": (503, {"Retry-After": "5000"}, b""), "/b": html(ENGLISH[0])}
    desk.add(Kind.FEED, "/feed.xml")
    desk.pull()
    assert desk.site.paths() == ["/feed.xml", "/a"]
    assert desk.health().next_us == desk.clock.us + 5_000_000_000
    desk.site.pages["/feed.xml"] = (429, {"Retry-After": at}, b"")  # a date, and a far one: a day at most
    told_of = desk.pull()
    assert (told_of["state"], told_of["code"], told_of["status"]) == ("failing", "desk.told-to-wait", 429)
    assert desk.health().next_us == desk.clock.us + 86_400_000_000


@pytest.mark.parametrize(
    ("status", "code"), [(401, "desk.withdrawn"), (403, "desk.withdrawn"), (410, "desk.withdrawn")]
)
def test_a_source_that_withdraws_is_said_to_have_and_comes_back_when_it_thinks_better_of_it(desk, status, code):
    feed(desk)
    desk.add(Kind.FEED, "/feed.xml")
    assert desk.pull()["state"] == "ok"
    desk.site.pages["/feed.xml"] = (status, {}, b"")
    told_of = desk.pull()
    assert (told_of["state"], told_of["code"], told_of["status"]) == ("withdrawn", code, status)
    feed(desk)
    assert desk.pull()["state"] == "ok"


def test_a_page_that_is_read_again_is_the_same_document_until_its_words_change(desk):
    desk.site.pages["/page"] = (200, {"Content-Type": "text/html"}, page(ENGLISH[0]) + b"<!-- advertisement 1 -->")
    desk.add(Kind.PAGE, "/page")
    assert desk.pull()["new"] == 1
    desk.site.pages["/page"] = (200, {"Content-Type": "text/html"}, page(ENGLISH[0]) + b"<!-- advertisement 2 -->")
    assert desk.pull()["new"] == 0
    desk.site.pages["/page"] = html(
        ENGLISH[0]._replace(body=(*ENGLISH[0].body, "It was the largest find of the year."))
    )
    assert desk.pull()["new"] == 1


def test_redirects_inside_endless_answers_and_bombs_become_codes_of_the_source(desk):
    desk.add(Kind.FEED, "/feed.xml")
    cases = {
        "desk.refused-address": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
        "desk.too-large": (200, {"Content-Type": "application/rss+xml"}, None),
        "format.capture": (200, {}, b"<rss><!ENTITY a 'b'></rss>"),
    }
    for code, answer in cases.items():
        desk.site.pages["/feed.xml"] = answer
        told_of = desk.pull()
        assert told_of["code"] in (code, ""), told_of
        assert told_of["new"] == 0
    desk.site.pages["/feed.xml"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 60_000_000))
    assert desk.pull()["code"] == "desk.too-large"


def test_robots_txt_is_found_where_it_leads_and_its_delay_is_kept(desk):
    desk.site.pages["/robots.txt"] = (301, {"Location": "/robots"}, b"")
    desk.site.pages["/robots"] = b"User-agent: tocsin-desk\nDisallow: /private\nCrawl-delay: 1\n"
    desk.run(desk.outside.close())  # another child: the one before has heard other rules
    feed(desk, "private/a", "b")
    desk.site.pages |= {"/b": html(ENGLISH[0]), "/private/a": html(ENGLISH[1])}
    desk.add(Kind.FEED, "/feed.xml")
    begin = time.monotonic()
    assert desk.pull()["new"] == 1
    assert time.monotonic() - begin >= 1.0
    assert desk.site.paths() == ["/robots", "/feed.xml", "/b"]
    assert "desk.robots" in [code for code, *_ in desk.notes]
    desk.run(desk.outside.close())


def test_a_certificate_that_nobody_vouches_for_is_not_believed(desk):
    stranger = OutsideProcess("tocsin-desk", (desk.site.inner,))

    async def ask():
        try:
            await stranger.fetch(Wanted(desk.site.url + "/"))
        finally:
            await stranger.close()

    with pytest.raises(Exception, match=r"desk\.unreachable.*certificate"):
        desk.run(ask())
