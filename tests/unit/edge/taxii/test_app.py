"""The endpoints: what is served to whom, in which words, and what is refused how."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import StoreError, VerificationError

TAXII = "application/taxii+json;version=2.1"
PLENARY, CLOSED = "5b1f4b9e-0000-5000-8000-000000000001", "5b1f4b9e-0000-5000-8000-000000000002"
V1, V2, V3 = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00.123456Z"
BASE = 1_790_000_000_000_000
PATHS = [
    "/taxii2/", "/api1/", "/api1/collections/", f"/api1/collections/{PLENARY}/",
    f"/api1/collections/{PLENARY}/objects/", f"/api1/collections/{PLENARY}/manifest/",
    f"/api1/collections/{PLENARY}/objects/tool--1/", f"/api1/collections/{PLENARY}/objects/tool--1/versions/",
]  # fmt: skip


def date(position):
    return f"2026-09-21T14:13:20.{position - 1:06}Z"


@pytest.fixture
def filled(world):
    world.share(
        [
            ("tool--1", V1),
            ("malware--1", V1),
            ("tool--1", V2),
            ("ipv4-addr--1", "", b'{"id":"ipv4-addr--1","type":"ipv4-addr"}'),
            ("tool--1", V3),
        ]
    )
    world.share([("tool--9", V1)], channel=2)
    return world


def test_discovery_root_and_collections(filled):
    assert filled.ask("/taxii2/").json == {
        "title": "MA-CERT",
        "default": "https://cert.example:7451/api1/",
        "api_roots": ["https://cert.example:7451/api1/"],
    }
    root = filled.ask("/api1/").json
    assert (root["title"], root["versions"]) == ("MA-CERT", [TAXII])
    assert root["max_content_length"] > 0
    told = filled.ask("/api1/collections/").json["collections"]
    assert [(one["id"], one["title"], one["alias"]) for one in told] == [
        (PLENARY, "Plenary of example org", "plenary"),
        (CLOSED, "ransomware", "ransomware"),
    ]
    assert all(one["can_read"] is True and one["can_write"] is False for one in told)
    assert all(one["media_types"] == ["application/stix+json;version=2.1"] for one in told)
    for wanted in (CLOSED, CLOSED.upper(), "ransomware"):
        assert filled.ask(f"/api1/collections/{wanted}/").json == told[1]


def test_an_alias_is_unique(filled):
    other = type(filled.known[0])(3, "5b1f4b9e-0000-5000-8000-000000000003", "plenary", "Other", "thematic")
    filled.known.append(other)
    told = filled.ask("/api1/collections/").json["collections"]
    assert [one.get("alias") for one in told] == ["plenary", "ransomware", None]
    assert filled.ask("/api1/collections/plenary/").json["id"] == PLENARY


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_our_media_type_and_head_has_no_body(filled, path):
    answer = filled.ask(path)
    assert answer.status == 200
    assert answer.header("content-type") == TAXII
    head = filled.ask(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(answer.body))


@pytest.mark.parametrize("path", [*PATHS, "/api1/status/1/", "/elsewhere"])
def test_without_an_account_there_is_a_challenge_and_nothing_else(filled, path):
    for authorization in ("", "Bearer nonsense", "Basic eA=="):
        answer = filled.ask(path, authorization=authorization)
        assert (answer.status, answer.json["http_status"]) == (401, "401")
        assert answer.header("content-type") == TAXII
        schemes = [value.partition(" ")[0] for name, value in answer.headers if name == "www-authenticate"]
        assert schemes == ["Basic", "Bearer"]
    assert filled.syncs == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_missing_slash_is_404(filled, path):
    assert filled.ask(path.rstrip("/")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/", "", "/api1/x/", "/taxii2/x/", "/api2/", "/api1/status/5/", f"/api1/collections/{PLENARY}/manifest/tool--1/",
        f"/api1/collections/{PLENARY}/objects/tool--1/versions/x/", "/api1/collections//objects/",
        f"/api1/collections/{PLENARY}/objects//", "/api1/collections/no-such/", "/api1/collections/no-such/objects/",
        f"/api1/collections/{PLENARY}/objects/tool--2/", f"/api1/collections/{PLENARY}/objects/tool--2/versions/",
        f"/api1/collections/{PLENARY}/objects/tool--9/", f"/api1/collections/{PLENARY}/objects/\udc80/",
        f"/api1/collections/{PLENARY}/objects/a\0b/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_in_the_same_words(filled, path):
    if "\udc80" in path:
        path = path.replace("\udc80", "\ufffd")  # as servers decode a path that is not UTF-8
    answer = filled.ask(path)
    assert answer.status == 404
    assert answer.json == {
        "title": "Not found",
        "description": "There is no such resource, or this account may not see it.",
        "http_status": "404",
    }


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_405_and_writing_is_403(filled, path):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"):
        answer = filled.ask(path, method=method)
        writing = (method, path) in (("POST", PATHS[4]), ("DELETE", PATHS[6]))
        assert answer.status == (403 if writing else 405), method
        assert answer.json["http_status"] == str(answer.status)
        if not writing:
            assert answer.header("allow").startswith("GET, HEAD")


def test_accept_decides(filled):
    for accept, status in ((TAXII, 200), ("application/taxii+json; version=2.1", 200), ("text/html", 406)):
        answer = filled.ask("/taxii2/", headers=[("accept", accept)])
        assert answer.status == status
        assert answer.header("content-type") == TAXII
    assert filled.ask("/taxii2/", headers=[("Accept", "text/html"), ("accept", TAXII)]).status == 200


def test_an_account_sees_only_what_it_is_granted(filled):
    token = filled.run(filled.accounts.add("narrow", [PLENARY]))
    authorization = f"bearer {token}"
    told = filled.ask("/api1/collections/", authorization=authorization).json["collections"]
    assert [one["id"] for one in told] == [PLENARY]
    for name in (CLOSED, "ransomware"):
        for rest in ("", "objects/", "manifest/", "objects/tool--9/", "objects/tool--9/versions/"):
            for method in ("GET", "HEAD"):
                hidden = filled.ask(f"/api1/collections/{name}/{rest}", method, authorization=authorization)
                absent = filled.ask(f"/api1/collections/no-such/{rest}", method, authorization=authorization)
                assert (hidden.status, hidden.headers, hidden.body) == (absent.status, absent.headers, absent.body)
                assert hidden.status == 404
        assert filled.ask(f"/api1/collections/{name}/objects/", "POST", authorization=authorization).status == 404
    nobody = filled.run(filled.accounts.add("nobody", []))
    assert filled.ask("/api1/collections/", authorization=f"Bearer {nobody}").json == {}


def test_a_right_taken_away_ends_a_cursor_too(filled):
    token = filled.run(filled.accounts.add("brief", [PLENARY]))
    following = filled.get("objects/?limit=1", authorization=f"Bearer {token}").json["next"]
    filled.run(filled.accounts.remove("brief"))
    filled.run(filled.accounts.add("brief", [CLOSED]))
    assert filled.get(f"objects/?next={following}", authorization=f"Bearer {token}").status == 401


def test_objects_are_the_stored_bytes(world):
    stored = [
        b'{"id":"tool--1","x":1.10, "modified":"2026-01-01T00:00:00.000Z"}',
        b'{ "id" : "tool--2" ,\n"z":"\xc3\xa9\\u00e9" }',
    ]
    world.share([("tool--1", V1, stored[0]), ("tool--2", V1, stored[1])])
    answer = world.get("objects/")
    assert answer.body == b'{"more":false,"objects":[%s,%s]}' % tuple(stored)
    assert world.get("objects/tool--2/").body == b'{"more":false,"objects":[%s]}' % stored[1]
    assert world.syncs == 2


def test_an_empty_answer_has_no_objects_and_no_dates(world):
    for path in ("objects/", "manifest/"):
        answer = world.get(path)
        assert (answer.status, answer.json) == (200, {"more": False})
        assert answer.header("x-taxii-date-added-first") is None


def test_dates_have_microseconds_and_are_those_of_the_manifest(filled):
    for path in ("objects/", "manifest/", "objects/tool--1/", "objects/tool--1/versions/"):
        first, last = date(5 if path == "objects/tool--1/" else 2), date(5)
        if "versions" in path:
            first = date(1)
        answer = filled.get(path)
        assert (answer.header("x-taxii-date-added-first"), answer.header("x-taxii-date-added-last")) == (first, last)
    record = filled.get("manifest/").json["objects"][-1]
    assert record == {
        "id": "tool--1",
        "date_added": date(5),
        "version": V3,
        "media_type": "application/stix+json;version=2.1",
    }


def test_added_after_is_strict_and_about_our_date_only(filled):
    everything = ["malware--1", "ipv4-addr--1", "tool--1"]
    for text, ids in (
        ("2020-01-01T00:00:00Z", everything), (date(1), everything), (date(2), everything[1:]),
        (date(2)[:-1] + "9Z", everything[1:]), (date(4), everything[2:]), (date(5), []),
        ("2100-01-01T00:00:00Z", []), ("1900-01-01T00:00:00Z", everything),
    ):  # fmt: skip
        assert filled.get("objects/", query=f"added_after={text}").ids == ids, text
        assert filled.get("manifest/", query=f"added_after={text}").ids == ids, text


def test_match_by_id_and_type(filled):
    for query, ids in (
        ("match[id]=tool--1", ["tool--1"]), ("match[id]=tool--1,malware--1", ["malware--1", "tool--1"]),
        ("match[type]=malware", ["malware--1"]), ("match[type]=mal", []), ("match[type]=ipv4-addr,tool,x", ["ipv4-addr--1", "tool--1"]),
        ("match[id]=tool--1&match[type]=malware", []), ("match[id]=tool--9", []), ("match[type]=%25", []),
        ("match[spec_version]=2.1", ["malware--1", "ipv4-addr--1", "tool--1"]), ("match[spec_version]=2.0", []),
        ("match[spec_version]=2.0,2.1&match[type]=tool", ["tool--1"]),
    ):  # fmt: skip
        assert filled.get("objects/", query=query).ids == ids, query
        assert filled.get("manifest/", query=query).ids == ids, query


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        ("last", [V3]), ("first", [V1]), ("all", [V1, V2, V3]), ("first,last", [V1, V3]),
        ("2026-01-02T00:00:00.000000Z", [V2]), ("2026-01-02T01:00:00%2B01:00,last", [V2, V3]),
        ("2026-01-01T00:00:00Z,2026-01-03T00:00:00.123456Z", [V1, V3]), ("2026-01-03T00:00:00Z", []),
        ("1970-01-01T00:00:00Z", []),
    ],
)  # fmt: skip
def test_match_version_by_instant_answered_with_the_stored_text(filled, wanted, versions):
    for path in ("objects/tool--1/", "objects/?match[id]=tool--1"):
        joint = "&" if "?" in path else "?"
        told = filled.get(f"{path}{joint}match[version]={wanted}").json.get("objects", [])
        assert [one["modified"] for one in told] == versions
    records = filled.get(f"manifest/?match[type]=tool&match[version]={wanted}").json.get("objects", [])
    assert [one["version"] for one in records] == versions


def test_an_observable_has_its_date_added_for_a_version(filled):
    record = filled.get("manifest/?match[type]=ipv4-addr").json["objects"][0]
    assert record["version"] == record["date_added"] == date(4)
    assert filled.get("objects/ipv4-addr--1/versions/").json["versions"] == [date(4)]
    for query, ids in (
        (date(4), ["ipv4-addr--1"]), (f"{V1},{date(4)}", ["tool--1", "malware--1", "ipv4-addr--1"]),
        (date(3), []), (date(5), []), ("1970-01-01T00:00:00Z", []), (f"last,{date(4)}", ["malware--1", "ipv4-addr--1", "tool--1"]),
    ):  # fmt: skip
        assert filled.get("objects/", query=f"match[version]={query}").ids == ids, query
    assert filled.get("objects/", query=f"match[version]={date(4)}&added_after={date(4)}").ids == []
    assert filled.get("objects/", query=f"match[version]={date(4)}&match[type]=tool").ids == []
    assert filled.get("objects/malware--1/", query=f"match[version]={date(4)}").json == {"more": False}
    pages = filled.get("objects/", query=f"match[version]={V1},{date(4)}&limit=2")
    assert (pages.ids, pages.json["more"]) == (["tool--1", "malware--1"], True)
    assert filled.get("objects/", query=f"next={pages.json['next']}").ids == ["ipv4-addr--1"]


def test_versions(filled):
    assert filled.get("objects/tool--1/versions/").json == {"more": False, "versions": [V1, V2, V3]}
    page = filled.get("objects/tool--1/versions/?limit=2")
    assert page.json["versions"] == [V1, V2]
    assert filled.get(f"objects/tool--1/versions/?next={page.json['next']}").json == {"more": False, "versions": [V3]}
    assert filled.get("objects/tool--1/versions/?match[spec_version]=2.0").json == {"more": False}
    assert filled.get("objects/tool--1/versions/?match[version]=last").status == 400
    filled.share([("tool--1", V3)], member="fr-cert")
    assert filled.get("objects/tool--1/versions/").json["versions"] == [V1, V2, V3]


def test_a_known_object_whose_versions_do_not_match_is_an_empty_200(filled):
    for query in ("match[version]=1999-01-01T00:00:00Z", "match[spec_version]=2.0", "added_after=2100-01-01T00:00:00Z"):
        assert filled.get("objects/tool--1/", query=query).json == {"more": False}
        assert filled.get("objects/tool--2/", query=query).status == 404


def test_erased_content_is_passed_over(filled):
    filled.run(
        filled.database.write(lambda tx: tx.execute("UPDATE journal_rows SET content = NULL WHERE position = 2"))
    )
    assert filled.get("objects/").ids == ["ipv4-addr--1", "tool--1"]
    assert filled.get("objects/malware--1/").json == {"more": False}
    page = filled.get("objects/?limit=1")
    assert page.json["more"] is True
    assert filled.get(f"objects/?limit=1&next={page.json['next']}").ids == ["ipv4-addr--1"]


def test_a_store_that_does_not_answer_is_a_taxii_error(filled, monkeypatch):
    for failure, status in ((StoreError("store.read", "x"), 503), (VerificationError("verify.x", "x"), 500)):

        async def fail(failure=failure):
            raise failure

        monkeypatch.setattr(filled, "synced", fail)
        object.__setattr__(filled.app._services, "synced", fail)
        answer = filled.get("objects/")
        assert (answer.status, answer.json["http_status"]) == (status, str(status))
        assert answer.json["error_code"] == failure.code
        assert answer.header("content-type") == TAXII


def test_what_is_not_http_is_declined(world):
    def run(scope, messages):
        sent, waiting = [], iter(messages)

        async def receive():
            return next(waiting)

        async def send(message):
            sent.append(message["type"])

        world.run(world.app(scope, receive, send))
        return sent

    assert run({"type": "websocket"}, []) == ["websocket.close"]
    lifespan = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    assert run({"type": "lifespan"}, lifespan) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


FIELDS = st.sampled_from(
    [
        "limit",
        "next",
        "added_after",
        "match[id]",
        "match[type]",
        "match[version]",
        "match[spec_version]",
        "match[x]",
        "q",
    ]
)
VALUES = st.one_of(
    st.text(max_size=10),
    st.sampled_from(
        ["all", "last", "first", "0", "5", "-1", "2.1", "2020-01-01T00:00:00Z", "tool--1", "%", "%00", "a,,b"]
    ),
)


@pytest.mark.slow
@settings(max_examples=150)
@given(
    st.sampled_from([*PATHS, "/api1/status/x/"]),
    st.one_of(
        st.lists(st.tuples(FIELDS, VALUES), max_size=4).map(lambda pairs: "&".join(f"{k}={v}" for k, v in pairs)),
        st.text(max_size=30),
    ),
    st.sampled_from(["GET", "HEAD", "POST", "DELETE"]),
    st.sampled_from(["", "*/*", "application/taxii+json;q", "text/html;;;=,"]),
)
def test_no_input_makes_a_5xx(shared_world, path, query, method, accept):
    raw = query.encode("utf-8", "surrogatepass").decode("latin-1")
    answer = shared_world.ask(path, method, query=raw, headers=[("accept", accept)])
    assert answer.status in (200, 400, 403, 404, 405, 406)
    if method != "HEAD":
        assert answer.status == 200 or answer.json["http_status"] == str(answer.status)
        json.loads(answer.body)


@pytest.fixture(scope="module")
def shared_world(request):
    made = request.getfixturevalue("module_world")
    made.share([("tool--1", V1), ("tool--1", V2), ("ipv4-addr--1", "", b'{"id":"ipv4-addr--1"}')])
    return made
