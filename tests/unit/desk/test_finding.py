"""What is found in a document: countries by context, organisations by their acronyms, topics with their words, values."""

import math
from collections import Counter

import pytest
import wordfreq

from tocsin.desk.document import Clock, Document, Role, Verdict, Way
from tocsin.desk.finding import words
from tocsin.desk.finding.indicators import findings
from tocsin.desk.finding.organisations import organisations
from tocsin.desk.finding.places import places
from tocsin.desk.finding.read import find, nothing_listed
from tocsin.desk.finding.sentences import around, sentences
from tocsin.desk.finding.topics import topics


def countries(text, title=""):
    return {one.country for one in places(title, text)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Michael Jordan met Chad Smith in Georgia, near Atlanta.", set()),
        ("Fighters crossed from Chad into Niger and Mali, officials in Bamako said.", {"TD", "NE", "ML"}),
        ("Jordan said its army in Amman was ready.", {"JO"}),
        ("Meeting in Georgia: Tbilisi hosts the guests.", {"GE"}),
        ("La réunion s'est tenue à Paris avec des responsables égyptiens et sénégalaises.", {"FR", "EG", "SN"}),
        ("Un cyclone a touché l'île de La Réunion.", {"RE"}),
        ("The Polish police and US officers told us about island life.", {"PL", "US"}),
        ("They polish the floor and it took us an hour.", set()),
        ("American, Nigerian and Nigerien sailors came.", {"US", "NG", "NE"}),
        ("زار مدير الأمن المغربي موسكو بدعوة من روسيا للقاء المصريين والفرنسيين", {"MA", "RU", "EG", "FR"}),
        ("قال الوزير إن الدعم المالي من البنك كاف وإن الملف مالي", set()),
        ("هجوم في مالي قرب باماكو", {"ML"}),
        ("وصل الوفد إلى عمان عاصمة الأردن", {"JO"}),
        ("سلطنة عمان ومسقط", {"OM"}),
        ("Российские и украинские официальные лица", {"RU", "UA"}),
        ("Las autoridades de España y México con Estados Unidos", {"ES", "MX", "US"}),
        ("North Korean and South Korean delegations", {"KP", "KR"}),
    ],
)
def test_countries_by_context(text, expected):
    assert countries(text) == expected


@pytest.mark.parametrize(
    "text", ["القاهرة ومدينة الإسكندرية في مِصْرَ", "Le ministre égyptien à Rabat", "In Cairo’s port"]
)
def test_offsets_are_those_of_the_text_as_it_is(text):
    for place in places("", text):
        for word in place.words:
            assert text[word.start : word.end] == word.text


@pytest.mark.slow
def test_long_names_with_their_acronyms_and_what_is_part_of_a_name():
    text = (
        "The Shanghai Cooperation Organization (SCO) met. The Collective Security Treaty Organization (CSTO) came too, "
        "and the Ministry of Odd Things (MOT). The SCO and the MOT signed; l'Union européenne a salué."
    )
    found = {one.name: one for one in organisations(text)}
    assert found["Collective Security Treaty Organization"].bloc
    assert (found["Ministry of Odd Things"].acronym, found["Ministry of Odd Things"].bloc) == ("MOT", False)
    assert found["Ministry of Odd Things"].count == 3
    assert "European Union" in found
    for one in found.values():
        assert all(text[word.start : word.end] == word.text or word.text in text for word in one.words)
    document = _document("Meeting", text)
    assert "CN" not in {one.country for one in find(document).places}


def _topics(title, text):
    return {one.name: one for one in topics(title, text, sentences(text))}


def test_a_topic_needs_two_words_three_hits_or_the_title():
    assert "cyber" not in _topics("Weather", "A hacker was seen once.")
    assert "cyber" in _topics("Weather", "A hacker used ransomware against the hospital.")
    assert "cyber" in _topics("Ransomware stops port", "Work goes on by hand.")
    assert _topics("", "Hackers used ransomware at the hospital of the town.")["cyber"].sectors == ("health",)
    assert "cyber" not in _topics("", "Vulnerable: vulnerabilities, vulnerability and vulnerabilities of the economy.")
    assert "terrorism" in _topics("", "أعلن تنظيم داعش مسؤوليته عن تفجير انتحاري")
    assert "organised-crime" in _topics("", "Une saisie de cocaïne, un trafic de stupéfiants démantelé.")


def test_a_sentence_that_names_all_fields_only_lists_them():
    text = "The meeting spoke of terrorism and terrorist groups, of cybercrime and hackers, and of drug trafficking and smuggling."
    found = _topics("A meeting", text)
    assert found
    assert all(one.listed for one in found.values())


def values(text, listed=nothing_listed):
    return {(one.kind, one.value): one for one in findings(text, sentences(text), listed)}


def test_defanged_values_and_hashes_are_proposed_and_all_else_is_a_reference():
    text = (
        "The malware at hxxps://evil[.]example-bad[.]com/a/b.php?x=1 and 45.9.148[.]114 loads from bad(dot)site. "
        "See our blog www.vendor.com or search.example.org, mail help@vendor.com. "
        "Hash 44d88612fea8a8f36de82e1278abb02f. Run setup.exe, version 8.8.4.4 now."
    )
    found = values(text)
    verdicts = {value: one.verdict for (_, value), one in found.items()}
    assert verdicts["https://evil.example-bad.com/a/b.php?x=1"] is Verdict.PROPOSED
    assert verdicts["45.9.148.114"] is Verdict.PROPOSED
    assert verdicts["bad.site"] is Verdict.PROPOSED
    assert verdicts["44d88612fea8a8f36de82e1278abb02f"] is Verdict.PROPOSED
    assert verdicts["www.vendor.com"] is Verdict.REFERENCE
    assert verdicts["help@vendor.com"] is Verdict.REFERENCE
    assert verdicts["8.8.4.4"] is Verdict.SUPPRESSED
    assert not any("setup.exe" in value for value in verdicts)
    for one in found.values():
        assert one.raw in text
        assert one.sentence


@pytest.mark.parametrize(
    "text", ["192.168[.]1[.]1", "10[.]0[.]0[.]1", "198.51.100[.]7", "127[.]0[.]0[.]1", "fe80[:]:1"]
)
def test_what_is_nowhere_on_the_internet_is_suppressed_with_its_reason(text):
    for one in values(f"Seen: {text} there").values():
        assert one.verdict is Verdict.SUPPRESSED
        assert one.reason


def test_a_list_suppresses_and_says_so_and_the_empty_file_is_no_malware():
    found = values(
        "Bad: 8.8.8[.]8 and d41d8cd98f00b204e9800998ecf8427e", lambda _, value: "dns" if value == "8.8.8.8" else ""
    )
    assert found[("ip", "8.8.8.8")].reason == "dns"
    assert found[("md5", "d41d8cd98f00b204e9800998ecf8427e")].verdict is Verdict.SUPPRESSED


@pytest.mark.parametrize(
    "written",
    [
        "evil[.]org",
        "evil(.)org",
        "evil{.}org",
        "evil[dot]org",
        "evil [.] org",
        "(evil[.]org)",
        "<evil[.]org>",
        "evil[.]org.",
        "“evil[.]org”,",
    ],
)
def test_ways_of_defanging(written):
    assert values(f"Block {written} today")[("domain", "evil.org")].verdict is Verdict.PROPOSED


def test_sentences_know_abbreviations_and_scripts_and_where_they_stand():
    text = "Mr. Smith of the U.S. navy came. He left at 5 p.m. on Monday! Why?\nقال الوزير ذلك. هل يعود؟ نعم."
    found = sentences(text)
    assert [one.text for one in found] == [
        "Mr. Smith of the U.S. navy came.",
        "He left at 5 p.m. on Monday!",
        "Why?",
        "قال الوزير ذلك.",
        "هل يعود؟",
        "نعم.",
    ]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert around(found, text.index("Why")) == "Why?"


def _document(title, text):
    seen = Clock("", 1, 1, Way.CAPTURE)
    return Document("d", "a", "Outlet", title, tuple(text.split("\n")), "c", 0, Role.SINGLE, seen, language="en")


@pytest.mark.slow
def test_the_table_of_words_weighs_as_the_frequencies_say_and_leaves_no_lists_behind():
    held = wordfreq.get_frequency_dict("sw", wordlist="small")
    wordfreq.get_frequency_dict.cache_clear()
    words.weights.cache_clear()
    table = words.weights("sw")
    assert wordfreq.get_frequency_list.cache_info().currsize == 0
    forms = Counter(words.key_of(one) for one in held)
    alone = [one for one in held if one == words.key_of(one) and forms[one] == 1][::40]
    assert len(alone) > 500
    for word in alone:
        zipf = math.log10(held[word]) + 9
        assert table.get(word, 9.0) == pytest.approx(((7 - min(zipf, 7)) / 7) ** 2, abs=0.0006)
    assert table.get("kzzqqx", 9.0) == 9.0
