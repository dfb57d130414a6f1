"""What a page may say outside the node: the text of a warning only where its marking lets it, else a pointer."""

from collections.abc import Sequence
from typing import NamedTuple

from tocsin.formats.alert import Alert, described
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.notifier import Page

_OPEN = frozenset({Tlp.CLEAR, Tlp.GREEN})


class Cause(NamedTuple):
    """Why a level is paged: `silent` names the members that have not answered us; empty where it is our own answer."""

    key: str
    level: int
    answer_by: int
    silent: Sequence[str]


def compose(warning: str, urgency: str, alert: Alert | None, marking: Tlp, cause: Cause) -> Page:
    """The page. `alert` is None for a warning whose text was erased; then, too, there is only a pointer."""
    what = f"a {urgency} warning waits: {warning}"
    topic = alert.topic.value if alert is not None and marking < Tlp.RED else ""
    lines = [what, f"Level {cause.level}. See `tocsin warnings {warning}`."]
    subject = f"[{urgency.upper()}] a warning waits"
    if alert is not None and marking in _OPEN:
        subject = f"[{urgency.upper()}] {alert.headline}"
        silent = f"No answer to our warning from {', '.join(cause.silent)}." if cause.silent else ""
        lines = [*([silent] * bool(silent)), alert.headline, "", described(alert), "", *lines]
        lines.append(f"Answer by {instant(cause.answer_by)}: `tocsin ack {warning} --answer ...`")
    elif topic:
        lines.append(f"Topic: {topic}.")
    return Page(cause.key, warning, urgency, topic, cause.level, subject, "\n".join(lines) + "\n")
