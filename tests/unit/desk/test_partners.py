"""Partners' bodies: reports become documents, values are listed as they were meant, nothing that is not open comes in."""

import json
import time

import pytest
import stix2
from tests.unit.desk import partnering
from tests.unit.desk.partnering import ACME, ANALYST, PROSE, bundle, envelope, event, indicator, report, told

from tocsin.desk import thresholds
from tocsin.desk.document import Capture, Verdict
from tocsin.desk.finding.read import find
from tocsin.desk.reading import partners
from tocsin.desk.reading.listings import leads
from tocsin.desk.reading.opening import capture_of, read
from tocsin.errors import FormatError

SEEN = 1_795_248_000_000_000  # 2026-11-21
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def opened(data, media_type="application/json", url=""):
    return read(capture_of(data, url, media_type, SEEN), data).documents


def found(document):
    """{value: (verdict, whether its source meant it)}; each stands where it says."""
    out = {}
    for one in find(document).findings:
        assert document.text[one.start : one.end] == one.raw
        out[one.value] = (one.verdict, one.given)
    return out


def refusal(data, media_type="application/json"):
    with pytest.raises(FormatError) as error:
        opened(data, media_type)
    return error.value.code


# -- STIX -------------------------------------------------------------------------------------------------------------


def test_a_report_is_a_document_and_its_indicators_are_references_that_their_source_meant():
    hashed = indicator(f"[file:hashes.'SHA-256' = '{SHA256}']")
    either = indicator("[ipv4-addr:value = '45.155.205.99'] OR [domain-name:value = 'evil.crane-tools.net']", name="C2")
    seen = stix2.IPv4Address(value="45.155.205.7")
    made = report(
        [hashed, either, seen],
        external_references=[{"source_name": "vendor", "url": "https://vendor.example/report"}, {"source_name": "cve", "external_id": "CVE-2026-1"}],
        labels=["maritime"],
    )  # fmt: skip
    (one,) = opened(bundle(ACME, hashed, either, seen, made))
    assert (one.title, one.outlet, one.links) == (made.name, "Acme CERT", ("https://vendor.example/report",))
    assert one.prose == "\n".join(PROSE)
    assert one.tags == ("maritime",)
    assert one.published.text.startswith("2026-11-20T08:00:00")
    assert found(one) == {
        SHA256: (Verdict.REFERENCE, True),
        "45.155.205.99": (Verdict.REFERENCE, True),
        "evil.crane-tools.net": (Verdict.REFERENCE, True),
        "45.155.205.7": (Verdict.REFERENCE, False),  # seen by the partner, and called bad by nobody
        "https://gate.crane-tools.net/a": (Verdict.PROPOSED, False),  # defanged in what was written for people
        "https://vendor.example/blog": (Verdict.REFERENCE, False),
    }
    words = find(one)
    assert [place.country for place in words.places] == ["GR"]
    assert not any("45.155" in sentence.text for sentence in words.sentences)


def test_what_matches_only_with_something_else_is_no_indicator_by_itself():
    both = indicator("[ipv4-addr:value = '45.155.205.99' AND url:value = 'http://evil.crane-tools.net/x']")
    after = indicator("[domain-name:value = 'a.crane-tools.net'] FOLLOWEDBY [domain-name:value = 'b.crane-tools.net']")
    none = stix2.Indicator(pattern="alert tcp any any", pattern_type="snort", valid_from="2026-01-01T00:00:00Z")
    (one,) = opened(bundle(ACME, both, after, none, report([both, after, none], description="Words for people.")))
    listed = found(one)
    assert len(listed) == 4
    assert {is_given for _, is_given in listed.values()} == {False}


def test_inner_addresses_mailboxes_and_empty_files_are_not_to_be_drafted():
    inner = indicator("[ipv4-addr:value = '10.0.0.1'] OR [email-addr:value = 'j.doe@crane-tools.net']")
    empty = indicator("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']")
    (one,) = opened(bundle(ACME, inner, empty, report([inner, empty], description="Words for people.")))
    assert found(one) == {
        "10.0.0.1": (Verdict.SUPPRESSED, False),
        "j.doe@crane-tools.net": (Verdict.REFERENCE, False),
        "d41d8cd98f00b204e9800998ecf8427e": (Verdict.SUPPRESSED, False),
    }
    assert not any(each.is_draftable for each in find(one).findings)


def test_notes_and_groupings_are_read_and_a_persons_name_is_no_outlet():
    note = stix2.Note(
        abstract="What we saw", content="Ships wait outside Piraeus.", object_refs=[ACME.id], created_by_ref=ANALYST.id
    )
    grouping = stix2.Grouping(
        name="The port case", context="suspicious-activity", description="All of it.", object_refs=[ACME.id]
    )
    malware = stix2.Malware(name="CraneLocker", is_family=True)
    named = report([malware])
    documents = opened(bundle(ANALYST, ACME, note, grouping, malware, named))
    assert [(one.title, one.outlet) for one in documents] == [
        ("What we saw", ""), ("The port case", ""), (named.name, "Acme CERT"),
    ]  # fmt: skip
    assert documents[2].tags == ("CraneLocker",)
    assert "Jane" not in str(documents)


@pytest.mark.parametrize("level", [stix2.TLP_GREEN, stix2.TLP_AMBER, stix2.TLP_RED])
def test_what_is_marked_above_clear_is_left_out(level):
    closed, is_open = (
        report([ACME], object_marking_refs=[level.id]),
        report([ACME], name="Another", object_marking_refs=[stix2.TLP_WHITE.id]),
    )
    assert refusal(bundle(ACME, level, closed)) == "desk.marked"
    data = bundle(ACME, level, closed, is_open)
    assert [one.title for one in opened(data)] == ["Another"]
    assert partners.sent(data, "stix").left_out == 1
    part = report([ACME], granular_markings=[{"marking_ref": level.id, "selectors": ["description"]}])
    assert refusal(bundle(ACME, level, part)) == "desk.marked"


def test_an_unknown_marking_closes_and_a_statement_does_not():
    statement = stix2.MarkingDefinition(
        definition_type="statement", definition=stix2.StatementMarking("Copyright Acme")
    )
    told_of = report([ACME], object_marking_refs=[statement.id])
    assert len(opened(bundle(ACME, statement, told_of))) == 1
    assert refusal(bundle(ACME, told_of)) == "desk.marked"  # nobody says what it means


def test_an_indicator_that_is_not_open_is_not_listed_with_an_open_report():
    secret = indicator("[ipv4-addr:value = '45.155.205.99']", object_marking_refs=[stix2.TLP_AMBER.id])
    gone = indicator("[ipv4-addr:value = '45.155.205.98']", revoked=True)
    (one,) = opened(bundle(ACME, stix2.TLP_AMBER, secret, gone, report([secret, gone])))
    assert one.listed == 0
    assert "45.155" not in one.text


def test_the_newest_version_counts_and_an_edit_is_the_same_article():
    first = report([ACME])
    edited = first.new_version(description=PROSE[0])
    (one,) = opened(bundle(ACME, edited, first))
    assert one.text == PROSE[0]
    (before,) = opened(bundle(ACME, first))
    assert (one.article, one.id == before.id) == (before.article, False)
    # The same report in another body is the same document, if it is of the same collection.
    url = "https://taxii.example/api/collections/1/objects/"
    assert opened(bundle(ACME, first), url=url)[0].id == opened(bundle(ACME, first, ANALYST), url=url)[0].id


# -- MISP -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_event_is_a_document_and_what_it_marks_for_detection_was_meant():
    made = event()
    made.add_attribute("ip-dst|port", "45.155.205.99|8443", to_ids=True, comment="called every hour")
    made.add_attribute("domain", "seen.crane-tools.net", to_ids=False)
    made.add_attribute("filename|md5", "a.exe|0123456789abcdef0123456789abcde0", to_ids=True)
    made.add_attribute("comment", PROSE[1], category="Other")
    made.add_attribute("link", "https://vendor.example/report", category="External analysis")
    partnering.file_object(made, SHA256)
    partnering.written(made, "What happened", PROSE[0])
    (one,) = opened(told(made))
    assert (one.title, one.outlet, one.links) == (made.info, "Circle of ports", ("https://vendor.example/report",))
    assert one.published.text == "2026-11-20"
    assert one.prose == "\n".join(("What happened", *PROSE))
    assert found(one) == {
        "45.155.205.99": (Verdict.REFERENCE, True),
        "0123456789abcdef0123456789abcde0": (Verdict.REFERENCE, True),
        SHA256: (Verdict.REFERENCE, True),
        "seen.crane-tools.net": (Verdict.REFERENCE, False),
        "https://gate.crane-tools.net/a": (Verdict.PROPOSED, False),
        "https://vendor.example/blog": (Verdict.REFERENCE, False),
    }
    (meant,) = [each for each in find(one).findings if each.value == "45.155.205.99"]
    assert meant.sentence == "ip-dst: 45.155.205.99 — called every hour"
    assert "filename: invoice.exe" in one.text


@pytest.mark.slow
def test_values_about_people_and_samples_are_left_out_and_told():
    made = event()
    made.add_attribute("comment", PROSE[0], category="Other")
    made.add_attribute("passport-number", "X1234567", category="Person")
    made.add_attribute("target-user", "jdoe", category="Targeting data")
    (one,) = opened(told(made))
    assert "X1234567" not in str(one)
    assert "jdoe" not in str(one)
    assert one.notes == ("2 values about people were left out",)


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["tlp:green", "tlp:amber+strict", "TLP:RED", "tlp:ex:chr", "tlp:unclear"])
def test_an_event_that_is_not_open_is_left_out(tag):
    made = event(tags=(tag,))
    made.add_attribute("comment", PROSE[0], category="Other")
    assert refusal(told(made)) == "desk.marked"
    other = event(2, "Another", tags=("tlp:white", "misp-galaxy:ransomware=x"))
    other.add_attribute("domain", "evil.crane-tools.net", to_ids=True).add_tag("tlp:clear")
    other.add_attribute("domain", "hidden.crane-tools.net", to_ids=True).add_tag(tag)
    data = told(made, other)
    (one,) = opened(data)
    assert one.title == "Another"
    assert "hidden" not in one.text
    assert one.notes == ("1 values marked above TLP:CLEAR were left out",)
    assert partners.sent(data, "misp").left_out == 1


@pytest.mark.slow
def test_an_attribute_that_is_not_as_it_should_be_costs_nobody_else():
    data = json.loads(told(event()))
    data["Event"]["Attribute"] = [
        {"type": "domain", "value": ["a"]}, 7, None, {"type": "domain", "value": "evil.crane-tools.net", "to_ids": "1"},
        {"type": "domain", "value": "gone.crane-tools.net", "deleted": True}, {"type": "malware-sample", "value": "x", "data": "UEsDB"},
    ]  # fmt: skip
    (one,) = opened(json.dumps(data).encode())
    assert found(one) == {"evil.crane-tools.net": (Verdict.REFERENCE, True)}


# -- hostile ----------------------------------------------------------------------------------------------------------


HOSTILE = {
    "deep": (b'{"objects":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ("format.json-depth", "format.capture")),
    "huge number": (b'{"objects":[{"type":"report","n":' + b"9" * 5000 + b"}]}", ("format.json-number",)),
    "infinite": (b'{"objects":[{"type":"report","n":1e999}]}', ("format.json-number", "format.json-syntax")),
    "nul": (b'{"objects":[{"type":"report","name":"a\\u0000b"}]}', ("format.json-string",)),
    "twice": (b'{"objects":[{"type":"report","type":"note"}]}', ("format.json-duplicate-key",)),
    "no list": (b'{"objects":{"a":1}}', ("format.capture",)),
    "no event": (b'{"response":[{"Event":7}]}', ("format.capture",)),
    "nothing we know": (b'{"a":{"b":1}}', ("format.capture",)),
    "cut": (b'{"Event":{"info":"x"', ("format.capture",)),
    "long key": (b'{"objects":[{"' + b"k" * 300 + b'":1}]}', ("format.json-size",)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_by_an_error_of_ours(name):
    data, codes = HOSTILE[name]
    assert refusal(data) in codes


@pytest.mark.slow
def test_a_manifest_without_end_is_bounded_and_what_it_names_stays_on_its_host():
    entries = {f"5a1e8d3c-0000-4000-8000-{number:012d}": {"timestamp": str(number)} for number in range(60_000)}
    entries["../../etc/passwd"] = {"timestamp": "99999999999"}
    entries["//inner.example/5a1e8d3c-0000-4000-8000-000000000001"] = {"timestamp": "99999999998"}
    entries["5a1e8d3c-0000-4000-8000-ffffffffffff"] = {"timestamp": 10**400}
    data = json.dumps(entries).encode().replace(str(10**400).encode(), b'"' + b"9" * 400 + b'"')
    begin = time.process_time()
    led = leads(Capture("", "https://misp.example/feed/manifest.json", "", SEEN, 0), data)
    assert time.process_time() - begin < 20
    assert len(led.pages) == thresholds.MOST_LINKS
    assert led.pages[0] == "https://misp.example/feed/5a1e8d3c-0000-4000-8000-000000059999.json#59999"
    assert all(one.startswith("https://misp.example/feed/5a1e8d3c-") for one in led.pages)


@pytest.mark.slow
def test_a_report_of_very_many_values_lists_so_many_and_says_so():
    data = json.loads(told(event()))
    data["Event"]["Attribute"] = [
        {"type": "domain", "value": f"a{number}.crane-tools.net", "to_ids": True}
        for number in range(thresholds.MOST_VALUES + 7)
    ]
    (one,) = opened(json.dumps(data).encode())
    assert one.listed == thresholds.MOST_VALUES
    assert one.notes == ("7 further values were left out",)


@pytest.mark.slow
def test_many_reports_that_name_the_same_long_patterns_are_bounded():
    """16 MiB could else list a thousand million values."""
    values = " OR ".join(f"url:value='http://{number}.example/'" for number in range(250))
    head = {"spec_version": "2.1", "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"}
    indicators = [
        {**head, "type": "indicator", "id": f"indicator--5a1e8d3c-0000-4000-8000-{n:012d}", "pattern": f"[{values}]"}
        for n in range(200)
    ]
    refs = [one["id"] for one in indicators] * 5
    reports = [
        {
            **head,
            "type": "report",
            "id": f"report--5a1e8d3c-0000-4000-8000-{n:012d}",
            "name": f"Report {n}",
            "object_refs": refs,
        }
        for n in range(200)
    ]
    data = json.dumps({"type": "bundle", "objects": [*indicators, *reports]}).encode()
    begin = time.process_time()
    sent = partners.sent(data, "stix")
    assert time.process_time() - begin < 30
    assert sum(len(one.listed) for one in sent.pieces) <= thresholds.MOST_LISTED


@pytest.mark.slow
def test_words_of_a_partner_are_cleaned_as_all_others_are():
    data = json.loads(told(event(info="Ports\u202e <script>alert(1)</script>")))
    data["Event"]["Attribute"] = [
        {"type": "comment", "value": "<p>Ships wait.</p><script>alert(1)</script>"},
        {"type": "domain", "value": "evil.crane-tools.net\u202e\nsecond", "comment": "a\nb\u200b", "to_ids": True},
    ]
    (one,) = opened(json.dumps(data).encode())
    assert "\u202e" not in one.title + one.text
    assert one.paragraphs == ("Ships wait.", "domain: evil.crane-tools.net second — a b")


def test_pages_of_a_collection_are_read_as_one_body():
    shown = indicator("[ipv4-addr:value = '45.155.205.99']")
    data = b"".join(partners.SEPARATOR + one + b"\n" for one in (envelope(ACME, report([shown])), envelope(shown)))
    (one,) = opened(data, "application/json-seq")
    assert found(one)["45.155.205.99"] == (Verdict.REFERENCE, True)
    assert one.outlet == "Acme CERT"
    on = leads(Capture("", "https://t.example/", "", SEEN, 0), envelope(ACME, onward="page-2"))
    assert (on.next, on.objects) == ("page-2", 1)
    assert leads(Capture("", "https://t.example/", "", SEEN, 0), b"{}").objects == 0
