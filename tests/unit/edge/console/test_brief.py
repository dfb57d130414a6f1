"""The brief: what stands in it, on exactly two pages however much there is, in four languages, the same bytes each time."""

import io
import re
import unicodedata

import pypdf
import pytest

from tocsin.edge.console import assets, brief, words
from tocsin.edge.console.brief import Wish
from tocsin.edge.control import warning
from tocsin.errors import ConfigError
from tocsin.exporters import paper
from tocsin.formats.markings import ChannelKind

HEADLINE = "Port cranes are being switched off"
BODY = {
    "channel": "plenary", "headline": HEADLINE, "tlp": "green", "topic": "cyber", "urgency": "flash",
    "threatened": "cranes", "todo": "Cut remote maintenance.",
}  # fmt: skip
HAS_FONTS = not [one for one in assets.FONTS if not (assets.FOLDER / "third-party" / one).is_file()]
with_fonts = pytest.mark.skipif(
    not HAS_FONTS, reason="the fonts come from npm by `make setup`; without it this runs not"
)


def one(number, headline=HEADLINE, marking="TLP:GREEN"):
    return {
        "id": f"report--{number:08x}", "giver": "fr-cert", "channel": "plenary", "topic": "cyber", "urgency": "flash",
        "marking": marking, "headline": headline, "added": "2026-11-22T05:01:00Z", "answer_by": "2026-11-22T07:30:00Z",
        "asked": 12, "answered": 3,
    }  # fmt: skip


def part(name, made, whole=10**6):
    rows = [made] * brief._ROWS[name]
    return {"rows": rows, "more": whole - len(rows), "all": whole}


def fullest(headline=HEADLINE):
    """As much as ever stands in one."""
    warned = one(1, headline)
    return {
        "node": "eg-cert", "federation": "Demonstration", "version": 1, "language": "en", "marking": "TLP:AMBER+STRICT",
        "made": "2026-11-22T06:00:00.000Z", "made_us": 1_795_327_200_000_000, "since": "2026-11-21T06:00:00.000Z",
        "counts": {"due_from_us": 7}, "late": part("late", warned), "due": part("due", warned), "raised": part("raised", warned),
        "topics": {"rows": [{"topic": name, "from_us": 1, "to_us": 2, "late": 1} for name in brief._TOPICS], "more": 0, "all": 7},
        "changes": part("changes", {
            "id": "indicator--00000001-0000-4000-8000-000000000000", "member": "br-cert", "action": "recalled",
            "added": "2026-11-22T05:01:00Z", "marking": "TLP:GREEN"}),
        "slow": part("slow", {"member": "cz-cert", "missing": 3, "given_late": 2, "longest_us": 10**12}),
        "peers": {"up": 71, "all": 73}, "position": 48213,
        "links": part("links", {"member": "jp-cert", "state": "down", "since": "2026-11-22T01:02:03Z"}),
        "logs": part("logs", {"member": "ke-cert", "channel": "plenary", "why": "silent"}),
        "given": part("given", {"member": "fr-cert", "gave": 312, "gave_useful": 188, "got": 904, "got_useful": 410}),
    }  # fmt: skip


def read(pdf):
    """The text of each page, as letters are written and not as they are shaped."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert all([float(one) for one in page.mediabox[2:]] == pytest.approx([595.28, 841.89]) for page in pages)
    return [
        unicodedata.normalize("NFKC", page.extract_text()).replace("\u2068", "").replace("\u2069", "") for page in pages
    ]


@pytest.mark.slow
@with_fonts
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_has_two_pages_and_the_words_of_its_language_however_much_there_is(language):
    said = words.words(language)
    made = brief.paper_of(fullest("ا" * 400), said)
    pdf = paper.write(made, assets.fonts())
    pages = read(pdf)
    assert len(pages) == 2
    whole = "\n".join(pages)
    for text in ("Overdue", "Due next", "New warnings", "Recalls and corrections", "Who was late to answer us"):
        translated = said.one(text)
        assert language == "en" or translated != text
        assert translated in whole, text
    for number, page in enumerate(pages, 1):
        assert page.count("TLP:AMBER+STRICT") >= 2
        told = said.one("page %(page)s of %(pages)s") % {"page": number, "pages": 2}
        assert all(one in page for one in told.split()), told
    assert whole.count("999,99") >= 5, "what is left out is not counted"
    assert "fr-cert" in whole
    assert paper.write(made, assets.fonts()) == pdf


@pytest.mark.slow
@with_fonts
def test_what_strangers_write_neither_turns_the_line_nor_leaves_its_cell():
    evil = "safe\u202e eman\u0000\n\nnext \u2066line\u2069 \U00013000 中文 " + "w" * 4000
    text = read(paper.write(brief.paper_of(fullest(evil), words.words("en")), assets.fonts()))[0]
    assert "safe eman next line \ufffd \ufffd\ufffd www" in text
    assert "\u202e" not in text
    assert "www..." in text
    assert "w" * 200 not in text


@pytest.mark.slow
@with_fonts
def test_a_paper_that_is_too_full_is_refused_and_not_cut():
    facts = fullest()
    facts["links"]["rows"] *= 4
    with pytest.raises(ValueError, match="page 2 ends at"):
        paper.write(brief.paper_of(facts, words.words("en")), assets.fonts())


@pytest.mark.slow
def test_it_tells_what_is_late_due_new_recalled_and_who_was_silent(visit):
    async def story(house):
        fed = house.federation
        await warning.issue(house.control, {**BODY, "answer_by": "10m"})
        await fed.settled()
        await house.clock.sleep(3600)
        await warning.issue(
            house.control, {**BODY, "headline": "A second one", "answer_by": "2h", "topic": "terrorism"}
        )
        await fed.settled()
        facts, seen = await brief.gather(house.control, Wish("en"))
        assert [row["headline"] for row in facts["late"]["rows"]] == [HEADLINE]
        assert [row["headline"] for row in facts["due"]["rows"]] == ["A second one"]
        assert [row["headline"] for row in facts["raised"]["rows"]] == ["A second one", HEADLINE]
        assert [(row["topic"], row["to_us"], row["late"]) for row in facts["topics"]["rows"]] == [
            ("cyber", 1, 1),
            ("terrorism", 1, 0),
        ]
        assert [(row["member"], row["missing"]) for row in facts["slow"]["rows"]] == [("bb", 1)]
        assert facts["given"]["rows"][0]["member"] == "bb"
        assert len(seen) == 4
        assert "level" not in facts["late"]["rows"][0]
        facts, _ = await brief.gather(house.control, Wish("en", hours=1))
        assert [row["headline"] for row in facts["raised"]["rows"]] == ["A second one"]

    visit(story)


@pytest.mark.slow
def test_it_is_marked_by_the_strictest_and_says_what_two_gave_each_other_to_its_own_house_only(visit):
    async def story(house):
        fed = house.federation
        await warning.issue(house.control, BODY)
        await fed.settled()
        marking = {}
        for relations in (True, False):
            facts, _ = await brief.gather(house.control, Wish("en", relations=relations))
            marking[relations] = facts["marking"]
            assert bool(facts["given"]["rows"]) is relations
        assert marking == {True: "TLP:AMBER+STRICT", False: "TLP:GREEN"}
        await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        await warning.issue(house.control, {**BODY, "channel": "quiet", "tlp": "amber"})
        await fed.settled()
        facts, _ = await brief.gather(house.control, Wish("en", relations=False))
        assert facts["marking"] == "TLP:AMBER"

    visit(story)


@pytest.mark.slow
@with_fonts
def test_the_page_and_the_pdf_are_for_who_reads_threats_and_leave_a_record(visit):
    async def story(house):
        fed = house.federation
        await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        await warning.issue(house.control, {**BODY, "channel": "quiet", "tlp": "amber"})
        await fed.settled()
        for role, status in (
            ("duty", 200),
            ("analyst", 200),
            ("releaser", 200),
            ("oversight", 200),
            ("administrator", 404),
        ):
            browser = await house.enroll(role, role)
            before = (await house.control.audit.head()).number
            reply = await browser.ask("/brief.pdf?lang=ar")
            assert reply.status == status, role
            if status == 200:
                assert reply.header("content-type") == "application/pdf"
                assert re.fullmatch(
                    r'inline; filename="brief-aa-\d{8}T\d{4}Z-ar\.pdf"', reply.header("content-disposition")
                )
                assert len(read(reply.body)) == 2
                newest = (await house.control.audit.listed(0, 1))[0]
                assert (newest["operation"], newest["highest"]) == ("export", "TLP:AMBER")
                assert HEADLINE in (await browser.ask("/brief?lang=fr")).text
                assert "Nouvelles alertes" in (await browser.ask("/brief?lang=fr")).text
                assert (await browser.ask("/brief.json")).json["raised"]["all"] == 1
            else:
                assert (await house.control.audit.head()).number == before
                assert reply.body == (await browser.ask("/nothing-here?lang=ar")).body
        for wrong in ("hours=0", "hours=-4", "hours=999999", "hours=x"):
            assert (await browser.ask(f"/brief.pdf?{wrong}")).status in (400, 404)

    visit(story)


def test_without_its_font_it_says_so_and_the_page_still_stands(visit, monkeypatch, tmp_path):
    async def story(house):
        browser = await house.enroll("duty", "duty")
        monkeypatch.setattr(assets, "fonts", lambda: real(tmp_path))
        reply = await browser.ask("/brief.pdf")
        assert reply.status == 503
        assert "config.brief-font" in reply.text
        assert (await browser.ask("/brief")).status == 200

    real = assets.fonts
    with pytest.raises(ConfigError) as caught:
        real(tmp_path)
    assert caught.value.code == "config.brief-font"
    visit(story)


def test_a_font_that_was_changed_is_not_used(tmp_path):
    third = tmp_path / "third-party"
    third.mkdir()
    for name in assets.FONTS:
        (third / name).write_bytes(b"other")
    (third / "hashes.json").write_text('{"DejaVuSansCondensed.ttf": "00", "DejaVuSansCondensed-Bold.ttf": "00"}')
    with pytest.raises(ConfigError, match="changed"):
        assets.fonts(tmp_path)
