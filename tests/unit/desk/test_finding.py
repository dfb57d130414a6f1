"""What one text holds: clocks, language, countries, organisations, topics, indicators. Each trap of the field is a case here."""

from datetime import UTC, datetime

import pytest
from iocsearcher.searcher import Searcher

from tocsin.desk.document import Verdict, Way
from tocsin.desk.finding.indicators import findings_in, refang
from tocsin.desk.finding.language import direction_of, language_of, reading_seconds
from tocsin.desk.finding.organisations import organisations_in
from tocsin.desk.finding.places import places_in
from tocsin.desk.finding.sentences import sentences_of
from tocsin.desk.finding.topics import topics_in
from tocsin.desk.reading.agencies import credit_of
from tocsin.desk.reading.stamps import event_in, resolve
from tocsin.formats.text import to_microseconds
from tocsin.formats.values import Kind

SEEN = to_microseconds(datetime(2025, 5, 31, 12, tzinfo=UTC))


def ends(clock):
    return tuple(
        datetime.fromtimestamp(one // 1_000_000, UTC).strftime("%m-%dT%H:%M") for one in (clock.first_us, clock.last_us)
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2 days ago", "05-28T12:00", "05-30T00:00"),
        ("a day ago", "05-29T12:00", "05-31T00:00"),
        ("il y a 2 jours", "05-28T12:00", "05-30T00:00"),
        ("قبل يومين", "05-28T12:00", "05-30T00:00"),
        ("منذ ٣ ساعات", "05-31T08:00", "05-31T09:30"),
        ("hace 3 horas", "05-31T08:00", "05-31T09:30"),
        ("2 дня назад", "05-28T12:00", "05-30T00:00"),
        ("hier", "05-30T00:00", "05-30T23:59"),
        ("29-05-2025", "05-29T00:00", "05-29T23:59"),
        ("28 mai 2025", "05-28T00:00", "05-28T23:59"),
        ("27 ماي 2025", "05-27T00:00", "05-27T23:59"),
        ("5 يوليوز 2025", "07-05T00:00", "07-05T23:59"),
        ("5 غشت 2025", "08-05T00:00", "08-05T23:59"),
        ("١٢ أيار ٢٠٢٥", "05-12T00:00", "05-12T23:59"),
        ("29 мая 2025 г., 14:30", "05-29T14:30", "05-29T14:30"),
        ("May 29, 2025 at 2:05 pm", "05-29T14:05", "05-29T14:05"),
        ("2025-05-29T14:30:00+01:00", "05-29T13:30", "05-29T13:30"),
        ("05/29/2025", "05-29T00:00", "05-29T23:59"),
        ("May 27-29", "05-27T00:00", "05-29T23:59"),
        ("du 27 au 29 mai", "05-27T00:00", "05-29T23:59"),
        ("من 27 إلى 29 ماي", "05-27T00:00", "05-29T23:59"),
        ("с 27 по 29 мая", "05-27T00:00", "05-29T23:59"),
    ],
)
def test_what_a_stamp_means(text, first, last):
    assert ends(resolve(text, SEEN, Way.STAMP)) == (first, last)


def test_a_stamp_that_is_none_and_a_date_that_is_none():
    assert resolve("soon", SEEN, Way.STAMP) is None
    assert resolve("31-02-2025", SEEN, Way.STAMP) is None


def test_when_it_was_by_the_text():
    published = resolve("28 mai 2025", SEEN, Way.CREDIT)
    assert ends(event_in("is in Moscow on May 27-29 to represent", published)) == ("05-27T00:00", "05-29T23:59")
    assert ends(event_in("in Anchorage on Friday", published)) == ("05-23T00:00", "05-23T23:59")


def test_an_agency_signs_at_the_end_or_the_beginning_and_is_not_merely_quoted():
    assert credit_of(("Text of it.", "MAP: 28 mai 2025"))[::2] == ("MAP", "28 mai 2025")
    assert credit_of(("Security and stability. MAP: 28 mai 2025",)).agency == "MAP"
    assert credit_of(("MOSCOW (Reuters) - Officials met.",)).agency == "Reuters"
    assert credit_of(("الرباط (أ ف ب) - اجتمع المسؤولون.",)).agency == "AFP"
    assert credit_of(("He told Russian state news agency TASS that a summit had not been discussed.",)) is None
    assert credit_of(("They looked at the map: it was old.",)) is None


@pytest.mark.parametrize(("text", "code"), [("The ministers met in the capital on Monday to discuss the border", "en"), ("Les ministres se sont réunis lundi dans la capitale", "fr"), ("اجتمع الوزراء اليوم في العاصمة لبحث الوضع على الحدود", "ar"), ("Los ministros se reunieron el lunes en la capital", "es"), ("Министры встретились в понедельник в столице", "ru"), ("12", "")])  # fmt: skip
def test_language(text, code):
    assert language_of("", text) == code


def test_direction_and_reading_time():
    assert (direction_of("ar", ""), direction_of("", "سلام"), direction_of("", "x")) == ("rtl", "rtl", "ltr")
    assert (reading_seconds(238, "en"), reading_seconds(185, "ar")) == (60, 60)


@pytest.mark.parametrize(
    ("language", "text", "countries"),
    [
        ("en", "Chad Johnson scored twice for Dallas.", ""),
        ("en", "Troops from Chad, Mali and Niger met.", "ML NE TD"),
        ("en", "Michael Jordan retired in Georgia last year, near Atlanta.", ""),
        ("en", "Jordan said its army would guard the border with Syria.", "JO SY"),
        ("en", "They told us that the US would act.", "US"),
        ("en", "Please tell us more about it.", ""),
        ("en", "Roast turkey for Thanksgiving.", ""),
        ("en", "Ankara said Turkey will not move.", "TR"),
        ("en", "The Island was quiet. American tourists left.", "US"),
        ("en", "Polish the floor. Then leave.", ""),
        ("fr", "La réunion s'est tenue à Rabat avec des officiers marocains.", "MA"),
        ("fr", "Le Mali et le Niger quittent la Cédéao.", "ML NE"),
        ("ar", "تدهور الوضع المالي في البلاد", ""),
        ("ar", "الدعم مالي كبير", ""),
        ("ar", "أعلنت حكومة مالي والنيجر انسحابهما", "ML NE"),
        ("ar", "زار الوزير المغربي العاصمة الروسية موسكو", "MA RU"),
    ],
)
def test_countries_and_what_is_only_called_so(language, text, countries):
    assert " ".join(sorted(one.country for one in places_in("", text, language))) == countries
    for place in places_in("", text, language):
        assert all(text[word.start : word.end] == word.text for word in place.words)


def test_long_names_with_their_acronyms():
    text = "The Federal Security Service (FSB) met the Shanghai Cooperation Organization (SCO) and the Eurasian Economic Union (EAEU). The FSB agreed. The price was ten dollars (USD)."
    found = {one.acronym: (one.name, one.count, one.bloc) for one in organisations_in(text)}
    assert found == {"FSB": ("Federal Security Service", 3, False), "SCO": ("Shanghai Cooperation Organization", 2, True), "EAEU": ("Eurasian Economic Union", 2, True)}  # fmt: skip


def topics(title, text, language="en"):
    return {one.name: (one.listed, one.sectors) for one in topics_in(title, text, sentences_of(text), language)}


def test_topics_with_the_sector_and_the_list_sentence():
    attack = "Four hospitals said their servers were encrypted by ransomware. Hackers copied patient records, the director said of the data breach."
    assert topics("", attack) == {"cyber": (False, ("health",))}
    programme = "The agenda included the threats of terrorism and of terrorist strongholds; the dangers of cybercrime and cyber attacks; and the branches of organized crime and drug trafficking."
    assert topics("", programme) == {"terrorism": (True, ()), "cyber": (True, ()), "organised crime": (True, ())}
    assert topics("", "The choir sang in the park and everybody went home.") == {}
    assert "terrorism" in topics("هجوم انتحاري", "أعلن تنظيم الدولة مسؤوليته عن التفجير.", "ar")


REPORT = """Traffic went to 203.0.114.7 and to hxxps://bad[.]example-evil[.]com/a/b.php?x=1. See https://blog.vendor.com/report.
C2: 45[.]61[.]136[.]85:443 and evil(dot)top, also 185.172.128[.]19. Mail from boss[@]evil[.]top. File invoice.zip was dropped.
Version 3.3.14.5 is affected, 192[.]168[.]1[.]1 is internal, 8[.]8[.]8[.]8 resolves. MD5 d41d8cd98f00b204e9800998ecf8427e.
https://www.virustotal.com/gui/file/756da357013f85f7b9c9c31846e1228f575ad0f84712e194711877632254bb82"""


def deny(kind, value):
    return "public-dns" if (kind, value) == (Kind.IP, "8.8.8.8") else ""


def test_indicators_with_verdict_and_reason():
    found = {one.value: one for one in findings_in(REPORT, sentences_of(REPORT), deny)}
    proposed = {value for value, one in found.items() if one.verdict is Verdict.PROPOSED}
    assert proposed == {"https://bad.example-evil.com/a/b.php?x=1", "45.61.136.85", "evil.top", "185.172.128.19", "d41d8cd98f00b204e9800998ecf8427e", "756da357013f85f7b9c9c31846e1228f575ad0f84712e194711877632254bb82"}  # fmt: skip
    assert {value: one.reason for value, one in found.items() if one.verdict is Verdict.SUPPRESSED} == {"invoice.zip": "a file's name", "3.3.14.5": "a version number", "192.168.1.1": "a private, reserved or documentation address", "8.8.8.8": "on the list public-dns"}  # fmt: skip
    assert found["203.0.114.7"].verdict is Verdict.REFERENCE
    assert found["https://blog.vendor.com/report"].reason == "not defanged"
    assert found["boss@evil.top"].verdict is Verdict.REFERENCE
    for one in found.values():
        assert REPORT[one.start : one.end] == one.raw
        assert one.raw in one.sentence or one.kind == "url"


@pytest.mark.parametrize(
    "text", ["hxxps[:]//a[.]b/c", "a(dot)b", "x[@]y[.]z", "1[.]2[.]3[.]4", "hxxp://q[.]r", "a{.}b", "h**ps://a[.]b"]
)
def test_refanging_twice_changes_nothing_more(text):
    assert refang(refang(text)) == refang(text)
    assert "[" not in refang(text)


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the oracle leaves its file open
def test_an_oracle_finds_nothing_that_we_miss():
    theirs = {
        (one.name, one.value)
        for one in Searcher().search_data(REPORT, targets={"ip4", "fqdn", "url", "md5", "sha256", "email"})
    }
    ours = {refang(one.value).lower() for one in findings_in(REPORT, ())}
    assert theirs
    for kind, value in theirs:
        if kind in ("ip4", "md5", "sha256", "email"):
            assert value.lower() in ours, value


def test_sentences_know_short_forms_and_hold_their_places():
    text = "Mr. Smith of the U.S. Army came at 5 p.m. on Monday. He left.\nWhat now? «Rien.» هل وصل؟ نعم."
    found = sentences_of(text)
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]
    assert found[0].text.endswith("Monday.")
    assert [one.text for one in found[-2:]] == ["هل وصل؟", "نعم."]
