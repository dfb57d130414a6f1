"""How evenly giving is spread: no names, and nothing over fewer than three members. Pure."""

from collections.abc import Sequence
from typing import Any, Final

LEAST: Final = 3
"""Of fewer, each could work out what the others give."""

ALARM: Final = 0.5
"""Where one member gives more than this part, its silence would take more than half away from everybody else."""

_DIGITS: Final = 4
_QUARTERS: Final = (0.25, 0.5, 0.75)


def gini(values: Sequence[float]) -> float | None:
    """0: all give the same; near 1: one gives everything. None where nobody gives anything."""
    total = sum(values)
    if not total:
        return None
    ranked = sum(rank * value for rank, value in enumerate(sorted(values), 1))
    count = len(values)
    return round(2 * ranked / (count * total) - (count + 1) / count, _DIGITS)


def quantile(values: Sequence[float], part: float) -> float:
    """By linear interpolation between the two nearest ranks (type 7 of Hyndman and Fan)."""
    ordered = sorted(values)
    at = part * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (at - low) * (ordered[high] - ordered[low]), _DIGITS)


def spread(values: Sequence[float]) -> dict[str, Any] | None:
    """Quartiles, Gini, the largest giver's share and the alarm; None over fewer than three members."""
    if len(values) < LEAST:
        return None
    total = sum(values)
    share = round(max(values) / total, _DIGITS) if total else None
    return {
        "members": len(values),
        "quartiles": [quantile(values, part) for part in _QUARTERS],
        "gini": gini(values),
        "largest_share": share,
        "alarm": share is not None and share > ALARM,
    }


def ratios(pairs: Sequence[tuple[int, int]]) -> dict[str, Any] | None:
    """Given for each that was got, of those who got anything; None over fewer than three of them."""
    found = [gave / got for gave, got in pairs if got]
    if len(found) < LEAST:
        return None
    return {"members": len(found), "quartiles": [quantile(found, part) for part in _QUARTERS]}
