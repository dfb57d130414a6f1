"""The stories of the window, all languages: events in one pass, linked across languages, and what analysts decided above both."""

from collections.abc import Iterable

from tocsin.desk.document import Act, Reading, Relation
from tocsin.desk.stories.events import Events, Placed, story_name
from tocsin.desk.stories.linking import LANGUAGES, Encode, Links


class Newsroom:
    """State of the open stories; bounded by the window. Rebuilt by adding the same readings in the same order with the same acts,
    or by putting each back (`again`) where it was put.
    """

    def __init__(self, acts: Iterable[Act] = (), encode: Encode | None = None) -> None:
        self._events = Events(acts)
        self._links = Links(encode, self._events)
        self._has_model = encode is not None

    def __len__(self) -> int:
        return len(self._events)

    def add(self, reading: Reading, home: str = "") -> Placed:
        """Place a document. `home`: the story the store knows an older version of the article in."""
        placed = self._events.add(reading, home)
        if placed.by == "seen before":
            return placed._replace(story=self._links.group_of(placed.story))
        self._links.moved(placed.moved)
        changed = () if placed.copy_of else self._links.offer(placed.story, reading)
        moved = dict.fromkeys((*placed.moved, *(one for story in changed for one in self._events.documents_of(story))))
        moved.pop(reading.document, None)
        self._links.keep(self._events.stories())
        story = self._links.group_of(placed.story)
        by = "another language" if placed.by == "new" and story != placed.story else placed.by
        return placed._replace(story=story, by=by, moved=tuple(moved))

    def again(self, reading: Reading, story: str, copy_of: str) -> None:
        """Put a document back into the story it was in. In the order of arrival, before any document is added."""
        own = story
        if self._events.language_of(story) not in (None, reading.language):
            own = story_name(story, reading.language)
        self._events.again(reading, own, copy_of)
        self._links.again(own, reading, story)

    def story_of(self, document: str) -> str | None:
        """The story a document of the window is in."""
        story = self._events.story_of(document)
        return self._links.group_of(story) if story else None

    def documents_of(self, story: str) -> tuple[str, ...]:
        """The documents of a story, those of its oldest language first."""
        return tuple(
            document for one in self._links.stories_of(story) for document in self._events.documents_of(one)
        )

    def related(self, story: str) -> tuple[Relation, ...]:
        """Stories like this one that are not the same event."""
        return self._events.related(story)

    def compared(self, language: str) -> bool:
        """Whether stories of a language are linked to others; if not, a page says "not linked", never "nothing related"."""
        return self._has_model and language in LANGUAGES

    def decide(self, act: Act) -> tuple[str, ...]:
        """Move documents as an analyst says; returns the stories that changed."""
        told = (*act.left, *act.right)
        own = {one for document in told if (one := self._events.story_of(document))}
        before = {self._links.group_of(one) for one in own}
        changed = self._events.decide(act)
        self._links.moved(told)
        self._links.drop([one for one in own if not self._events.documents_of(one)])
        if not act.together:
            changed = (*changed, *self._links.regroup(sorted(own)))
        after = {story for one in told if (story := self.story_of(one))}
        return tuple(sorted({*before, *after, *(self._links.group_of(one) for one in changed)}))
