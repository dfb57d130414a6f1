"""What a story of the desk brings to the form of a warning; the rest a person says."""

from tocsin.desk.shown import Told
from tocsin.edge.control.desking import wish_of
from tocsin.formats.tlp import Tlp


def topic(told: Told) -> str:
    """What it is about first, in the words of warnings."""
    return str(wish_of(told)["topic"])


def warning(told: Told) -> dict[str, str]:
    """The fields that the story can fill, as the form has them. The grade is the one proposed."""
    wish = wish_of(told)
    sectors = dict.fromkeys(name for one in told.topics if not one.listed for name in one.sectors)
    return {
        "headline": wish["headline"],
        "topic": wish["topic"],
        "threatened": ", ".join(sectors),
        "countries": " ".join(wish["countries"]),
        "reliability": wish["reliability"],
        "credibility": str(wish["credibility"]),
        "tlp": Tlp.parse(wish["tlp"]).label,
        "potential": "on" if wish["potential"] else "",
    }
