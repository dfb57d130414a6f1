"""What the demonstration has shown, as one JSON object, and whether anything falls short."""

from dataclasses import dataclass, field
from typing import Any

from tocsin.cli.demo.alarm import Warnings
from tocsin.cli.demo.consoles import Console
from tocsin.cli.demo.newsroom import Desk
from tocsin.cli.demo.safeguards import Safeguards
from tocsin.cli.demo.tally import Tally


@dataclass(slots=True)
class CatchUp:
    """What a member missed while its cable was cut, and how it got it."""

    member: str
    missed: int
    delivered: int
    seconds: float
    gapless: bool
    queued: int  # what it shared itself meanwhile

    @property
    def complete(self) -> bool:
        """Whether nothing was lost."""
        return self.gapless and self.missed > 0 and self.missed == self.delivered


@dataclass(slots=True)
class Report:
    """Gathered step by step; what a step has not set counts against it."""

    members: int
    handles: list[str] = field(default_factory=list)
    tally: Tally | None = None
    refused: int = 0
    objects_per_s: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    samples: int = 0
    samples_due: int = 0
    catch_up: CatchUp | None = None
    warnings: Warnings = field(default_factory=Warnings)
    safeguards: Safeguards = field(default_factory=Safeguards)
    desk: Desk = field(default_factory=Desk)
    console: Console = field(default_factory=Console)
    fsck: str = "not run"
    histories_agree: bool = False
    outsiders: list[str] = field(default_factory=list)
    outsider_leaks: int | None = None
    insider_finds: int = 0
    seconds: float = 0.0

    def shortfalls(self) -> list[str]:
        """Everything that is not as it must be, in words; empty: all is well."""
        tally, back = self.tally, self.catch_up
        checks = (
            (tally is not None and tally.shared > 0, "nothing was shared"),
            (tally is not None and tally.complete, "not everything was delivered and receipted"),
            (0 < self.samples_due == self.samples, "receipts of the paced series are missing"),
            (back is not None and back.complete, "the member that was cut off did not catch up without a gap"),
            (
                self.warnings.complete(self.members),
                "a warning, its answers, its silence or a recall did not go through",
            ),
            (
                self.safeguards.complete,
                "something passed the gate that must not, or two members differ on what was given",
            ),
            (
                self.desk.complete(self.members),
                "no story of several outlets and fewer origins became a draft and a warning that reached the others",
            ),
            (self.console.complete, "the console did not let its duty officer in once, or did not show a page"),
            (self.fsck == "ok", f"fsck: {self.fsck}"),
            (self.histories_agree, "the members do not hold the same histories"),
            (self.outsider_leaks == 0, "a member outside a channel holds something of it, or was not examined"),
            (self.insider_finds > 0, "the search finds nothing at a member that must hold it: it proves nothing"),
        )
        return [text for good, text in checks if not good]

    def json(self) -> dict[str, Any]:
        """The object that --json prints."""
        tally, back, short = self.tally, self.catch_up, self.shortfalls()
        return {
            "ok": not short,
            "members": self.members,
            "handles": self.handles,
            "shared": tally.shared if tally else 0,
            "due": tally.due if tally else 0,
            "delivered": tally.delivered if tally else 0,
            "receipted": tally.receipted if tally else 0,
            "refused": self.refused,
            "objects_per_s": round(self.objects_per_s, 1),
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "samples": self.samples,
            "catch_up": _catch_up(back),
            "warnings": self.warnings.json(),
            "safeguards": self.safeguards.json(),
            "desk": self.desk.json(),
            "console": self.console.json(),
            "fsck": self.fsck,
            "histories_agree": self.histories_agree,
            "outsiders": self.outsiders,
            "outsider_leaks": self.outsider_leaks,
            "insider_finds": self.insider_finds,
            "seconds": round(self.seconds, 1),
            "shortfalls": short,
        }


def _catch_up(back: CatchUp | None) -> dict[str, Any] | None:
    if back is None:
        return None
    return {
        "member": back.member,
        "missed": back.missed,
        "delivered": back.delivered,
        "seconds": round(back.seconds, 3),
        "gapless": back.gapless,
        "queued": back.queued,
    }
