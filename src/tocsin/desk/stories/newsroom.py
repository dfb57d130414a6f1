"""The stories of the window, all languages: events in one pass, linked across languages, and what analysts decided above both."""

from collections.abc import Iterable, MutableMapping

from msgspec.structs import replace

from tocsin.desk.document import Act, Mark, Reading, Relation
from tocsin.desk.stories.events import Events, Placed, story_name
from tocsin.desk.stories.linking import LANGUAGES, Begun, Encode, Links


class Newsroom:
    """State of the open stories; bounded by the window. Made again from what was kept of it (`restore`, `relink`), as it was."""

    def __init__(self, acts: Iterable[Act] = (), encode: Encode | None = None) -> None:
        self._events = Events(acts)
        self._links = Links(encode, self._events.decided)
        self._has_model = encode is not None
        self._groups: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._events)

    def add(self, reading: Reading, home: str = "") -> Placed:
        """Place a document. `home`: the story the store knows an older version of the article in."""
        placed = self._events.add(reading, home)
        if placed.by == "new":
            group, begun = self._links.offer(placed.story, reading)
            placed = placed._replace(begun=begun)
            if group != placed.story:
                self._groups[placed.story] = group
                placed = placed._replace(by="another language")
        if len(self._groups) > 2 * len(self._events) + 64:
            live = set(self._events.stories())
            self._groups = {story: group for story, group in self._groups.items() if story in live}
        return placed._replace(story=self._groups.get(placed.story, placed.story))

    def restore(self, mark: Mark, story: str, strands: MutableMapping[tuple[str, str], str], *, is_copy: bool) -> None:
        """Put a document back into its story, in the order of arrival. `strands`: empty at first, of the caller.

        A story has a strand of each language, as when it was made; the first is called as the story is.
        """
        strand = strands.get((story, mark.language))
        if strand is None:
            strand = story_name(mark.document) if self._events.documents_of(story) else story
            strands[story, mark.language] = strand
            if strand != story:
                self._groups[strand] = story
        self._events.restore(mark, strand, is_copy=is_copy)

    def relink(self, begun: Begun) -> None:
        """Take in the vector of what began a story, so that later stories are linked to it."""
        strand = self._events.story_of(begun.lead.document)
        if strand is not None:
            self._links.restore(strand, self._groups.get(strand, strand), begun)

    def story_of(self, document: str) -> str | None:
        """The story a document of the window is in."""
        story = self._events.story_of(document)
        return self._groups.get(story, story) if story else None

    def documents_of(self, story: str) -> tuple[str, ...]:
        """The documents of a story, those of its first language first."""
        members = [story, *(one for one, group in self._groups.items() if group == story)]
        return tuple(document for one in members for document in self._events.documents_of(one))

    def related(self, story: str) -> tuple[Relation, ...]:
        """Stories like this one that are not the same event."""
        found = [replace(one, other=self._groups.get(one.other, one.other)) for one in self._events.related(story)]
        return tuple(one for one in found if one.other != story)

    def compared(self, language: str) -> bool:
        """Whether stories of a language are linked to others; if not, a page says "not linked", never "nothing related"."""
        return self._has_model and language in LANGUAGES

    def decide(self, act: Act) -> tuple[str, ...]:
        """Move documents as an analyst says; returns the stories that changed."""
        before = {story for one in (*act.left, *act.right) if (story := self.story_of(one))}
        if not act.together:
            apart = {story for one in act.left if (story := self._events.story_of(one))}
            kept = {story for one in act.right if (story := self._events.story_of(one))}
            self._unlink(apart - kept)
        changed = self._events.decide(act)
        after = {story for one in (*act.left, *act.right) if (story := self.story_of(one))}
        return tuple(sorted({*before, *after, *(self._groups.get(one, one) for one in changed)}))

    def _unlink(self, stories: Iterable[str]) -> None:
        """Stories that were linked stand by themselves again; who was linked to the first of them follows the next."""
        for story in stories:
            if self._groups.pop(story, None) is None:
                heirs = [one for one, group in self._groups.items() if group == story]
                for one in heirs:
                    self._groups[one] = heirs[0]
                if heirs:
                    del self._groups[heirs[0]]
