"""A stream of news that looks like one: words as often as they are written, events told by several outlets, copies, three languages.

Seeded; nothing is taken from elsewhere. An event has names, numbers and places of its own; each outlet tells it in its own
sentences, or prints what another wrote, whole, cut or framed. `pages` makes HTML to be read; `shelved` makes documents that were
read and placed already, many times faster: the words of their texts are drawn from texts that were really read.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import wordfreq
from msgspec.structs import replace

from tocsin.desk.document import Clock, Document, Found, Mark, Place, Reading, Role, Topic, Way
from tocsin.desk.finding.sentences import sentences
from tocsin.desk.finding.words import vector
from tocsin.desk.stories.events import marked, story_name

LANGUAGES = ("en", "fr", "ar")
COUNTRIES = {
    "BE": ("Belgium", "Belgique", "بلجيكا"),
    "EG": ("Egypt", "Égypte", "مصر"),
    "MA": ("Morocco", "Maroc", "المغرب"),
    "NG": ("Nigeria", "Nigéria", "نيجيريا"),
    "PL": ("Poland", "Pologne", "بولندا"),
    "KE": ("Kenya", "Kenya", "كينيا"),
    "EC": ("Ecuador", "Équateur", "الإكوادور"),
    "GR": ("Greece", "Grèce", "اليونان"),
}
TOPICS = ("terrorism", "cyber", "organised-crime", "")
_OUTLETS = tuple(f"Outlet {number}" for number in range(400))
_COMMON = 30_000
_POOL = 300
_SENTENCES = 18
DAY_US = 86_400_000_000


class Event(NamedTuple):
    """What several outlets tell."""

    number: int
    language: str
    country: str
    topic: str
    names: tuple[str, ...]


class Told(NamedTuple):
    """One outlet's text about an event; `of` is the text it was copied from, if it was."""

    event: Event
    outlet: str
    title: str
    paragraphs: tuple[str, ...]
    of: int | None


class Stream:
    """News without end."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._words = {one: wordfreq.top_n_list(one, _COMMON, wordlist="large") for one in LANGUAGES}
        self._shares = {
            one: list(accumulate(wordfreq.word_frequency(word, one, wordlist="large") for word in words))
            for one, words in self._words.items()
        }
        self._open: list[Event] = []
        self._texts: dict[int, list[tuple[str, ...]]] = {}
        self._events = 0
        self._great: Event | None = None

    def next(self) -> Told:
        """The next text: of one of the open events, or of a new one."""
        chance = self._chance
        if len(self._open) < 40 or chance.random() < 0.3:
            self._open.append(self._event())
            if len(self._open) > 120:
                self._texts.pop(self._open.pop(0).number, None)
        # Most is written about what is new, and much about few events.
        event = self._open[-1 - min(int(chance.paretovariate(0.7)) - 1, len(self._open) - 1)]
        held = self._texts.setdefault(event.number, [])
        outlet = chance.choice(_OUTLETS)
        title = f"{' '.join(event.names[:2]).title()} {self._line(event, 5)}"
        if held and chance.random() < 0.35:
            of = chance.randrange(len(held))
            lines = held[of]
            cut = lines[: max(3, int(len(lines) * chance.uniform(0.6, 1.0)))]
            return Told(event, outlet, title, (*cut, f"{outlet}."), of)
        made = tuple(" ".join(self._line(event, chance.randint(12, 24)) + "." for _ in range(3)) for _ in range(6))
        if len(held) < 20:
            held.append(made)
        return Told(event, outlet, title, made, None)

    def _event(self) -> Event:
        chance, self._events = self._chance, self._events + 1
        language = chance.choices(LANGUAGES, (6, 2, 2))[0]
        letters = "ابتدرسعفقكلمنوي" if language == "ar" else "abdefgiklmnoprstuvz"
        names = tuple("".join(chance.choices(letters, k=chance.randint(5, 8))) for _ in range(8))
        country = chance.choice(tuple(COUNTRIES))
        return Event(self._events, language, country, chance.choice(TOPICS), names)

    def _line(self, event: Event, count: int) -> str:
        chance, language = self._chance, event.language
        words = chance.choices(self._words[language], cum_weights=self._shares[language], k=count)
        for _ in range(count // 6):
            words[chance.randrange(count)] = chance.choice(event.names).title()
        if chance.random() < 0.2:
            words[-1] = COUNTRIES[event.country][LANGUAGES.index(language)]
        return " ".join(words).capitalize()


def page(told: Told) -> bytes:
    """A text as an outlet shows it."""
    body = "".join(f"<p>{one}</p>" for one in told.paragraphs)
    return (
        f'<html lang="{told.event.language}"><head><meta property="og:site_name" content="{told.outlet}">'
        f"<title>{told.title}</title></head><body><nav>Home World Sport</nav><article><h1>{told.title}</h1>{body}"
        "</article><footer>All rights reserved</footer></body></html>"
    ).encode()


class Shelved(NamedTuple):
    """A document as it stands on its shelf."""

    document: Document
    reading: Reading
    mark: Mark
    story: str
    copy_of: str


def shelved(count: int, seed: int, first_us: int, last_us: int) -> Iterator[Shelved]:
    """So many documents, read and placed, between two moments; one in eighty is of one and the same story."""
    chance, stream = random.Random(seed), Stream(seed)
    pool = [stream.next() for _ in range(_POOL * 2)]
    read = {one: [_read(told) for told in pool if told.event.language == one] for one in LANGUAGES}
    stories: dict[int, list[tuple[str, tuple[int, ...], tuple[str, ...]]]] = {}
    names: dict[int, str] = {}
    for number in range(count):
        event, copied = _of(chance, stream, stories)
        at_us = first_us + (last_us - first_us) * number // count
        text, background, told = chance.choice(read[event.language])
        held = stories[event.number]
        outlet = chance.choice(_OUTLETS)
        name = f"{seed:08x}{number:024x}"
        story = names.setdefault(event.number, story_name(name))
        copy_of, sketch, texts = held[0] if held and copied else ("", None, text)
        if sketch is None:
            sketch = tuple(chance.getrandbits(61) << 3 for _ in range(41))
        if len(held) < 1:
            held.append((name, sketch, texts))
        words = dict.fromkeys(event.names, 0.22) | {word: weight * 0.78 for word, weight in background.items()}
        seen = Clock("", at_us, at_us, Way.CAPTURE)
        title = f"{' '.join(event.names[:2]).title()} {number}"
        document = Document(
            name, name, outlet, title, texts, name * 2, 0, Role.SINGLE, seen,
            language=event.language, words=300, reading_s=80, content=name,
        )  # fmt: skip
        country = (Place(event.country, 2, (Found("x", 0, 1),), in_title=True),)
        topics = (Topic(event.topic, (Found("x", 0, 1),)),) if event.topic else ()
        reading = Reading(
            name, name, outlet, title, document.lead, event.language, "", at_us, at_us, sketch, words, country, (),
            topics, (), told,
        )  # fmt: skip
        yield Shelved(document, reading, replace(marked(reading), copy_of=copy_of), story, copy_of)


def _of(chance: random.Random, stream: Stream, stories: dict[int, list]) -> tuple[Event, bool]:
    told = stream._open
    if not stories:
        stories[0] = []
        stream._great = stream._event()._replace(number=0)
    if chance.random() < 0.0125:
        return stream._great, chance.random() < 0.35
    if len(told) < 40 or chance.random() < 0.3:
        told.append(stream._event())
        stories[told[-1].number] = []
        if len(told) > 120:
            stories.pop(told.pop(0).number, None)
    event = told[-1 - min(int(chance.paretovariate(0.7)) - 1, len(told) - 1)]
    stories.setdefault(event.number, [])
    return event, chance.random() < 0.35


def _read(told: Told) -> tuple[tuple[str, ...], dict[str, float], tuple]:
    text = "\n".join(told.paragraphs)
    names = {one.lower() for one in told.event.names}
    weights = {
        word: weight for word, weight in vector(told.title, text, told.event.language).items() if word not in names
    }
    length = sum(one * one for one in weights.values()) ** 0.5 or 1.0
    return told.paragraphs, {word: weight / length for word, weight in weights.items()}, sentences(text)
