"""What a story of the desk brings to a draft; the rest a person says."""

from typing import Final

from tocsin.desk.shown import Told
from tocsin.formats.alert import Topic

_LONGEST: Final = 256
_COUNTRIES: Final = 20


def topic(told: Told) -> str:
    """What it is about first, in the words of warnings; what a text only lists does not count."""
    known = {one.value for one in Topic}
    return next((one.name for one in told.topics if one.name in known and not one.listed), Topic.OTHER.value)


def warning(told: Told) -> dict[str, str]:
    """The fields of a warning that the story can fill. The grade is the one proposed."""
    sectors = dict.fromkeys(name for one in told.topics if not one.listed for name in one.sectors)
    return {
        "headline": told.listed.title[:_LONGEST],
        "topic": topic(told),
        "threatened": ", ".join(sectors),
        "countries": " ".join(one.country for one in told.places[:_COUNTRIES]),
        "reliability": told.grade.letter,
        "credibility": str(told.grade.digit),
    }
