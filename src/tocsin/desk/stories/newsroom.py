"""The stories of the window, all languages: events in one pass, linked across languages, and what analysts decided above both."""

from collections.abc import Iterable

from tocsin.desk.document import Act, Reading, Relation
from tocsin.desk.stories.events import Events, Placed
from tocsin.desk.stories.linking import LANGUAGES, Encode, Links


class Newsroom:
    """State of the open stories; bounded by the window. Rebuilt by adding the same readings in the same order with the same acts."""

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
            group = self._links.offer(placed.story, reading)
            if group != placed.story:
                self._groups[placed.story] = group
                placed = placed._replace(by="another language")
        if len(self._groups) > 2 * len(self._events) + 64:
            live = set(self._events.stories())
            self._groups = {story: group for story, group in self._groups.items() if story in live}
        return placed._replace(story=self._groups.get(placed.story, placed.story))

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
        return self._events.related(story)

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
