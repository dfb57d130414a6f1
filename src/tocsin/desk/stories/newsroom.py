"""The stories of the window, all languages: events in one pass, linked across languages, and what analysts decided above both."""

from collections.abc import Iterable, MutableMapping

from msgspec.structs import replace

from tocsin.desk.document import Act, Begun, Mark, Reading, Relation
from tocsin.desk.stories.events import Events, Placed, story_name
from tocsin.desk.stories.linking import LANGUAGES, Encode, Links


class Newsroom:
    """State of the open stories; bounded by the window. Made again from what was kept of it (`restore`, `relink`), as it was,
    or by adding the same readings in the same order.
    """

    def __init__(self, acts: Iterable[Act] = (), encode: Encode | None = None) -> None:
        self._events = Events(acts)
        self._links = Links(encode, self._events)
        self._has_model = encode is not None

    def __len__(self) -> int:
        return len(self._events)

    def add(self, reading: Reading, home: str = "") -> Placed:
        """Place a document. `home`: the story the store knows an older version of the article in."""
        strands = self._links.stories_of(home) if home else ()
        home = next((one for one in strands if self._events.language_of(one) == reading.language), home)
        placed = self._events.add(reading, home)
        if placed.by == "seen before":
            return placed._replace(story=self._links.group_of(placed.story))
        self._links.moved(placed.moved)
        changed, begun = ((), None) if placed.copy_of else self._links.offer(placed.story, reading)
        moved = dict.fromkeys((*placed.moved, *(one for story in changed for one in self._events.documents_of(story))))
        moved.pop(reading.document, None)
        self._links.keep(self._events.stories())
        story = self._links.group_of(placed.story)
        by = "another language" if placed.by == "new" and story != placed.story else placed.by
        return placed._replace(story=story, by=by, moved=tuple(moved), begun=begun)

    def restore(self, mark: Mark, story: str, strands: MutableMapping[tuple[str, str], str]) -> None:
        """Put a document back into its story, in the order of arrival. `strands`: empty at first, of the caller.

        A story has a strand of each language, as when it was made; the first is called as the story is.
        """
        strand = strands.get((story, mark.language))
        if strand is None:
            strand = story_name(mark.document) if self._events.documents_of(story) else story
            strands[story, mark.language] = strand
            self._links.hold(strand, mark.language, story)
        self._events.restore(mark, strand)

    def relink(self, begun: Begun) -> None:
        """Take in the vector of a document that a story is compared by, so that later stories are linked to it."""
        strand = self._events.story_of(begun.lead.document)
        if strand is not None:
            self._links.restore(strand, begun)

    def story_of(self, document: str) -> str | None:
        """The story a document of the window is in."""
        story = self._events.story_of(document)
        return self._links.group_of(story) if story else None

    def documents_of(self, story: str) -> tuple[str, ...]:
        """The documents of a story, those of its oldest language first."""
        strands = self._links.stories_of(story)
        return tuple(document for one in strands for document in self._events.documents_of(one))

    def related(self, story: str) -> tuple[Relation, ...]:
        """Stories like this one that are not the same event."""
        found = [
            replace(one, other=self._links.group_of(one.other))
            for strand in self._links.stories_of(story)[:1]
            for one in self._events.related(strand)
        ]
        return tuple(one for one in found if one.other != story)

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
            self._links.leave(sorted(own - {self._events.story_of(one) or "" for one in act.right}))
        after = {story for one in told if (story := self.story_of(one))}
        return tuple(sorted({*before, *after, *(self._links.group_of(one) for one in changed)}))
