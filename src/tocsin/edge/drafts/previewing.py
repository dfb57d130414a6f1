"""What is shown before anything is sealed: who will be able to read it, who is new among them, what to look at twice."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from babel import Locale

from tocsin.edge.control.services import Services
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish.audience import readers
from tocsin.formats.markings import ChannelKind
from tocsin.formats.stix.check import Checked
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp

_LANGUAGES: Final = ("en", "fr", "ar", "ru")
_TEXTS: Final = ("name", "description", "abstract", "content", "explanation")
_LISTED: Final = 50
_NAMED: Final = 20
_SHORTEST: Final = 4
NAMED_ONE_BY_ONE: Final = 12
"""Members that are new to an audience are acknowledged one by one up to this many, above that all together."""
RED, PLENARY, PERSONS = "red", "plenary-urgent", "persons"


def who(services: Services, channel: Channel) -> list[dict[str, Any]]:
    """Everyone who will be able to read what is sealed for a channel, and since when each of them is in it."""
    members, me = services.members, services.members.me
    told = [one for one in members.generations() if one.id == channel.id]
    spoken = [one for one in members.generations() if _has_spoken(services, one)]
    known = frozenset().union(*(one.listed for one in spoken))
    here = max((one for one in spoken if one.id == channel.id), key=lambda one: one.version, default=None)
    out = []
    for handle in sorted(readers(channel)):
        member = members.charter.members.get(handle)
        first = min((one for one in told if handle in one.listed), key=lambda one: one.version)
        out.append(
            {
                "handle": handle,
                "name": member.name if member else handle,
                "countries": list(member.countries) if member else [],
                "self": handle == me,
                "first": handle != me and handle not in known,
                "new": handle != me and here is not None and handle not in here.listed,
                "since": instant(first.created) if first.created else None,
            }
        )
    return out


def _has_spoken(services: Services, one: Channel) -> bool:
    logs = (services.logs.get(slots[services.members.me]) for slots in (one.slots, one.urgent))
    return any(log is not None and log.size for log in logs)


def to_acknowledge(whom: Iterable[Mapping[str, Any]]) -> list[str]:
    """Who must be acknowledged by name: addressed for the first time, or come since we last spoke in the channel."""
    return [one["handle"] for one in whom if one["first"] or one["new"]]


def seconds_for(channel: Channel, levels: Iterable[str], *, urgent: bool, persons: int) -> list[str]:
    """Why a second person is needed."""
    reasons = [RED] if Tlp.RED.label in levels else []
    reasons += [PLENARY] if urgent and channel.kind is ChannelKind.PLENARY else []
    return reasons + ([PERSONS] if persons else [])


class Looking:
    """Looks at every object that passes the gate: what is shown of them, and which members outside they name."""

    def __init__(self, services: Services, channel: Channel) -> None:
        charter, inside = services.members.charter, readers(channel)
        words: dict[str, str] = {}
        for handle in sorted(charter.members.keys() - inside):
            member = charter.members[handle]
            for word in (handle, member.name, *_countries(member.countries)):
                if len(word) >= _SHORTEST:
                    words.setdefault(word.casefold(), handle)
        self._words = words
        found = "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{found})(?!\w)") if words else None
        self.objects: list[dict[str, str]] = []
        self.named: list[dict[str, Any]] = []
        self._ordinal = 0

    def note(self, checked: Sequence[Checked]) -> None:
        """Look at these."""
        for one in checked:
            self._ordinal += 1
            if len(self.objects) < _LISTED:
                self.objects.append({"id": one.id, "type": one.type, "name": one.name[:256]})
            if self._pattern is not None and len(self.named) < _NAMED:
                self.text(" \n".join(_texts(one.value)), self._ordinal)

    def text(self, text: str, ordinal: int) -> None:
        """Look for members that are named in a text."""
        if self._pattern is None:
            return
        seen = set()
        for match in self._pattern.finditer(text.casefold()):
            handle = self._words[match[0]]
            if handle not in seen and len(self.named) < _NAMED:
                seen.add(handle)
                self.named.append({"member": handle, "word": match[0], "ordinal": ordinal})


def _texts(value: Mapping[str, Any]) -> Iterator[str]:
    return (one for name in _TEXTS if isinstance(one := value.get(name), str))


@cache
def _territories() -> Mapping[str, tuple[str, ...]]:
    out: dict[str, list[str]] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2:
                out.setdefault(code, []).append(name)
    return MappingProxyType({code: tuple(names) for code, names in out.items()})


def _countries(codes: Iterable[str]) -> Iterator[str]:
    for code in codes:
        yield from _territories().get(code, ())
