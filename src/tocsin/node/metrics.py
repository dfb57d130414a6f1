"""What the node tells a monitoring system: counters kept while it runs, gauges read when asked (docs/metrics.md)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tocsin.desk.shown import Figures
from tocsin.desk.sources import State
from tocsin.edge.control.waiting import SILENT_S
from tocsin.errors import MEANINGS
from tocsin.exchange.deliver.receipts import Stored
from tocsin.exchange.match import blocking
from tocsin.exchange.members import votes
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.tlog.logs import Log
from tocsin.exchange.warn import duties, standing, views
from tocsin.node.core import Core
from tocsin.node.supervisor import Note

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
OTHER: Final = "other"
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One name, as it is exposed."""

    kind: str
    help: str
    labels: Labels = ()


# fmt: off
CATALOGUE: Final[Mapping[str, Metric]] = MappingProxyType({
    "process_start_time_seconds": Metric(GAUGE, "When the node was started, in seconds since 1970."),
    "tocsin_build_info": Metric(GAUGE, "Always 1; the label names the version that runs.", ("software",)),
    "tocsin_charter_version": Metric(GAUGE, "Version of the charter in force."),
    "tocsin_link_up": Metric(GAUGE, "1 while a link to the member stands, else 0.", ("peer",)),
    "tocsin_link_skew_seconds": Metric(GAUGE, "The member's clock less ours, as it greeted; only while a link stands.", ("peer",)),
    "tocsin_frames_in_flight": Metric(GAUGE, "Frames on their way to the member without a receipt yet.", ("peer",)),
    "tocsin_logs_refused": Metric(GAUGE, "Logs of ours that the member has refused on this link.", ("peer",)),
    "tocsin_lag_entries": Metric(GAUGE, "Entries of ours in the channel that the member has not receipted.", ("peer", "channel")),
    "tocsin_log_behind": Metric(GAUGE, "1 if our log in the channel may not be signed (tlog.behind), else 0.", ("channel",)),
    "tocsin_logs_unasked": Metric(GAUGE, "Logs of ours of which no member has told what it holds since the start."),
    "tocsin_logs_relayed": Metric(GAUGE, "Logs of the member, ours included, that come by another than their origin.", ("peer",)),
    "tocsin_logs_withheld": Metric(GAUGE, "Logs of which others hold more than the member, their origin, sends to us.", ("peer",)),
    "tocsin_logs_silent": Metric(GAUGE, "Logs of which the member, their origin, has said nothing for 30 seconds.", ("peer",)),
    "tocsin_recalls": Metric(GAUGE, "Objects of ours that were revoked or recalled."),
    "tocsin_recalls_confirmed": Metric(GAUGE, "Confirmations by members that held such an object, over all of them."),
    "tocsin_recalls_open": Metric(GAUGE, "Members that held such an object and have not confirmed, over all of them."),
    "tocsin_evidence": Metric(GAUGE, "Proofs held here that the member has contradicted itself.", ("peer",)),
    "tocsin_votes_waiting": Metric(GAUGE, "Proposals that wait for this member's vote."),
    "tocsin_duties_open": Metric(GAUGE, "Members that are concerned by what we gave others and were not told, object by object."),
    "tocsin_duties_oldest_seconds": Metric(GAUGE, "Age of the oldest of these; 0 for none."),
    "tocsin_shared_entries_total": Metric(COUNTER, "Entries of our logs, all restarts together.", ("channel",)),
    "tocsin_received_entries_total": Metric(COUNTER, "Entries held of the member's logs, all restarts together.", ("peer",)),
    "tocsin_gate_listed_total": Metric(COUNTER, "Indicators of ours, tried ones included, that the gate found on the deny-list.", ("list",)),
    "tocsin_export_held_back_total": Metric(COUNTER, "Values that blocklists did not tell because the deny-list has them.", ("list",)),
    "tocsin_denylists_missing": Metric(GAUGE, "1 if the deny-lists are not loaded, so that nothing is exported for blocking, else 0."),
    "tocsin_origins_blocked": Metric(GAUGE, "Members of which nothing is shown or exported here, by a decision of our own."),
    "tocsin_held_back_entries_total": Metric(COUNTER, "Entries kept but shown to nobody, all restarts together."),
    "tocsin_journal_position": Metric(GAUGE, "The newest position of the journal."),
    "tocsin_search_lag_rows": Metric(GAUGE, "Rows of the journal that search has not followed yet."),
    "tocsin_receipts_received_total": Metric(COUNTER, "New receipts of the member for our logs, checked and stored.", ("peer",)),
    "tocsin_receipts_given_total": Metric(COUNTER, "Frames of the member that were stored and receipted.", ("peer",)),
    "tocsin_refused_total": Metric(COUNTER, "What the member sent and we refused, by code.", ("peer", "code")),
    "tocsin_refused_by_peer_total": Metric(COUNTER, "Frames of ours that the member refused, by code.", ("peer", "code")),
    "tocsin_peer_over_quota_total": Metric(COUNTER, "Messages of the member that came when its quota was used up.", ("peer",)),
    "tocsin_peer_waiting_seconds_total": Metric(COUNTER, "How long messages of the member have waited for their turns, in all.", ("peer",)),
    "tocsin_events_total": Metric(COUNTER, "Lines of the diagnostics, by code.", ("code",)),
    "tocsin_warnings_raised_total": Metric(COUNTER, "Warnings of ours, all restarts together."),
    "tocsin_warnings_asked_total": Metric(COUNTER, "Recipients whom they ask; the next three count up to this."),
    "tocsin_warnings_stored_total": Metric(COUNTER, "Of these: those that have signed for storing it."),
    "tocsin_warnings_acknowledged_total": Metric(COUNTER, "Of these: those where a person has said a word."),
    "tocsin_warnings_answered_total": Metric(COUNTER, "Of these: those that have answered."),
    "tocsin_warnings_escalated_total": Metric(COUNTER, "Levels paged here because a recipient of a warning of ours was silent."),
    "tocsin_warnings_overdue": Metric(GAUGE, "Answers that are late: to us (given), from us (asked).", ("side",)),
    "tocsin_warnings_due": Metric(GAUGE, "Warnings that wait for our answer, late or not."),
    "tocsin_notifications_total": Metric(COUNTER, "Pages told, by target (email, webhook, push, channel) and outcome (sent, nobody, failed; retried counts tries).", ("target", "outcome")),
    "tocsin_console_csp_reports_total": Metric(COUNTER, "Reports of browsers that the console's content policy stopped something."),
    "tocsin_desk_documents": Metric(GAUGE, "Documents that the desk has stored."),
    "tocsin_desk_stories": Metric(GAUGE, "Stories that they make."),
    "tocsin_desk_live_documents": Metric(GAUGE, "Documents of the window, in memory, that new ones are compared with."),
    "tocsin_desk_sources": Metric(GAUGE, "Sources, by how they stand (new, ok, failing, withdrawn, paused).", ("state",)),
    "tocsin_desk_overdue_seconds": Metric(GAUGE, "Since when the source that waits longest should have been asked; 0 for none."),
    "tocsin_verify_seconds": Metric(HISTOGRAM, "Verifying one frame, up to the commit."),
    "tocsin_commit_seconds": Metric(HISTOGRAM, "One commit of the store with its fsync, whatever its outcome."),
    "tocsin_commit_jobs_total": Metric(COUNTER, "Units of work in those commits; divided by their count: the group's size."),
})
# fmt: on


class Counters:
    """ports.metrics.Meter: remembers. A name or a label that the catalogue has not is our own mistake (KeyError)."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Labels], int] = {}
        self._spans: dict[tuple[str, Labels], list[float]] = {}

    def count(self, name: str, value: int = 1, **labels: str) -> None:
        """See ports.metrics."""
        key = (name, _values(name, labels))
        self._counts[key] = self._counts.get(key, 0) + value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """See ports.metrics."""
        key = (name, _values(name, labels))
        span = self._spans.get(key)
        if span is None:
            span = self._spans[key] = [0.0] * (len(BUCKETS) + 2)  # a place for each bucket, one for more, the sum
        span[bisect_left(BUCKETS, seconds)] += 1
        span[-1] += seconds

    def receipted(self, stored: Stored) -> None:
        """For Receipts.on_stored()."""
        self.count("tocsin_receipts_received_total", peer=stored.member)

    def noting(self, note: Note) -> Note:
        """The diagnostics, counted."""

        def counted(code: str, peer: str, what: str) -> None:
            self.count("tocsin_events_total", code=code)
            note(code, peer, what)

        return counted

    def samples(self, name: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
        """(suffix, labels, value) of everything counted or observed under a name."""
        labels = CATALOGUE[name].labels
        for values, count in sorted((key[1], one) for key, one in self._counts.items() if key[0] == name):
            yield "", dict(zip(labels, values, strict=True)), count
        for values, span in sorted((key[1], one) for key, one in self._spans.items() if key[0] == name):
            yield from _histogram(dict(zip(labels, values, strict=True)), span)


def _desk(told: Figures) -> dict[str, list[tuple[dict[str, str], float]]]:
    out: dict[str, list[tuple[dict[str, str], float]]] = {
        "tocsin_desk_documents": [({}, float(told.documents))],
        "tocsin_desk_stories": [({}, float(told.stories))],
        "tocsin_desk_live_documents": [({}, float(told.live))],
        "tocsin_desk_overdue_seconds": [({}, told.overdue_s)],
    }
    out["tocsin_desk_sources"] = [({"state": one.value}, float(told.sources.get(one.value, 0))) for one in State]
    return out


def _values(name: str, labels: Mapping[str, str]) -> Labels:
    # A refusal's code comes from the peer, who could invent one a message: what we do not know is one series.
    return tuple(labels[one] if one != "code" or labels[one] in MEANINGS else OTHER for one in CATALOGUE[name].labels)


def _histogram(labels: Mapping[str, str], span: Sequence[float]) -> Iterator[tuple[str, Mapping[str, str], float]]:
    below = 0.0
    for border, count in zip((*map(_number, BUCKETS), "+Inf"), span[:-1], strict=True):
        below += count
        yield "_bucket", {**labels, "le": border}, below
    yield "_sum", labels, span[-1]
    yield "_count", labels, below


class Metrics:
    """The page. Reading it costs memory look-ups, and one question to the store for what came since the last reading."""

    def __init__(
        self, core: Core, counters: Counters, started_us: int, desk: Callable[[], Awaitable[Figures]] | None = None
    ) -> None:
        self._core = core
        self._counters = counters
        self._started_us = started_us
        self._desk = desk

    async def page(self) -> bytes:
        """Everything, in the text format 0.0.4. Raises StoreError."""
        held_back = await self._core.journal.held_back()
        gauges = self._gauges()
        gauges["tocsin_held_back_entries_total"] = [({}, float(held_back))]
        gauges |= await self._warnings()
        if self._desk is not None:
            gauges |= _desk(await self._desk())
        counts, oldest = await self._core.journal.database.read(duties.counted)
        now_us = self._core.world.clock.now_us()
        gauges["tocsin_duties_open"] = [({}, float(counts[duties.OPEN]))]
        gauges["tocsin_duties_oldest_seconds"] = [({}, (now_us - oldest) / 1e6 if oldest else 0.0)]
        proofs = await self._core.proofs.counts()
        gauges["tocsin_evidence"] = [({"peer": one}, float(proofs.get(one, 0))) for one in self._others(proofs)]
        members = self._core.members
        totals = await self._core.journal.database.read(lambda db: standing.totals(db, members))
        for name, key in (
            ("tocsin_recalls", "recalled"),
            ("tocsin_recalls_confirmed", "confirmed"),
            ("tocsin_recalls_open", "open"),
        ):
            gauges[name] = [({}, float(totals[key]))]
        blocked = await self._core.journal.database.read(blocking.blocked)
        gauges["tocsin_origins_blocked"] = [({}, float(len(blocked)))]
        lines: list[str] = []
        for name, metric in CATALOGUE.items():
            lines += (f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}")
            lines += (_line(name, labels, value) for labels, value in gauges.get(name, ()))
            lines += (_line(name + suffix, labels, value) for suffix, labels, value in self._counters.samples(name))
        return ("\n".join(lines) + "\n").encode()

    def _gauges(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        core = self._core
        out: dict[str, list[tuple[dict[str, str], float]]] = {}
        head = core.journal.head
        for name, value in (
            ("process_start_time_seconds", self._started_us / 1e6),
            ("tocsin_charter_version", core.members.charter.version),
            ("tocsin_journal_position", head),
            ("tocsin_search_lag_rows", max(0, head - core.search.position)),
            ("tocsin_denylists_missing", core.denylist.fault is not None),
            ("tocsin_logs_unasked", self._unasked()),
            ("tocsin_votes_waiting", len(votes.waiting(core.members))),
        ):
            out[name] = [({}, float(value))]
        out["tocsin_build_info"] = [({"software": core.world.software}, 1.0)]
        for name, labels, value in (*self._links(), *self._logs(), *self._received(), *self._detours()):
            out.setdefault(name, []).append((labels, value))
        return out

    async def _warnings(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        core, now = self._core, self._core.world.clock.now_us()
        found = await core.world.database.read(lambda db: views.counts(db, core.me, now))
        told = (
            ("tocsin_warnings_raised_total", found.raised),
            ("tocsin_warnings_asked_total", found.asked),
            ("tocsin_warnings_stored_total", found.stored),
            ("tocsin_warnings_acknowledged_total", found.acknowledged),
            ("tocsin_warnings_answered_total", found.answered),
            ("tocsin_warnings_escalated_total", found.escalated),
            ("tocsin_warnings_due", found.due_from_us),
        )
        out: dict[str, list[tuple[dict[str, str], float]]] = {name: [({}, float(count))] for name, count in told}
        late = (("given", found.overdue), ("asked", found.late_from_us))
        out["tocsin_warnings_overdue"] = [({"side": side}, float(count)) for side, count in late]
        return out

    def _links(self) -> Iterator[tuple[str, dict[str, str], float]]:
        for peer, one in sorted(self._core.links.standing.items()) if self._core.links else ():
            labels = {"peer": peer}
            sender = one.session.sender if one.session else None
            yield "tocsin_link_up", labels, one.state == "up"
            yield "tocsin_frames_in_flight", labels, sender.waiting() if sender else 0
            yield "tocsin_logs_refused", labels, len(sender.stopped()) if sender else 0
            told = self._core.turns.told(peer)
            yield "tocsin_peer_over_quota_total", labels, told.over
            yield "tocsin_peer_waiting_seconds_total", labels, told.waited_s
            if one.session is not None and sender is not None:
                yield "tocsin_link_skew_seconds", labels, one.session.skew_s

    def _logs(self) -> Iterator[tuple[str, dict[str, str], float]]:
        behind = self._core.signer.behind()
        for channel, log in self._own():
            labels = {"channel": channel.name}
            yield "tocsin_log_behind", labels, log.slot in behind
            yield "tocsin_shared_entries_total", labels, log.released
            for peer in sorted(channel.roster - {self._core.me}):
                lag = max(0, log.released - self._core.receipts.size(log, peer))
                yield "tocsin_lag_entries", {"peer": peer, **labels}, lag

    def _received(self) -> Iterator[tuple[str, dict[str, str], float]]:
        held = dict.fromkeys(self._core.members.peers(), 0)
        for log in self._core.logs:
            if log.origin in held:
                held[log.origin] += log.released
        for peer, size in sorted(held.items()):
            yield "tocsin_received_entries_total", {"peer": peer}, size

    def _detours(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Logs that do not come as they should, by their origin."""
        core = self._core
        for name, slots in (
            ("tocsin_logs_relayed", set(core.catchup.asked())),
            ("tocsin_logs_withheld", core.catchup.withheld()),
            ("tocsin_logs_silent", {slot for _, slot in core.gossip.silent(SILENT_S)}),
        ):
            places = [core.members.origin(slot) for slot in slots]
            counted = Counter(one.origin for one in places if one is not None)
            for peer in self._others(counted):
                yield name, {"peer": peer}, counted[peer]

    def _others(self, found: Iterable[str]) -> list[str]:
        return sorted({*self._core.members.peers(), *found})

    def _unasked(self) -> int:
        core = self._core
        logs = [core.logs.get(slots[core.me]) for one in self._current() for slots in (one.slots, one.urgent)]
        return sum(log is not None and not core.signer.asked(log) for log in logs)

    def _current(self) -> list[Channel]:
        return [one for one in self._core.members.channels() if one.is_current]

    def _own(self) -> Iterator[tuple[Channel, Log]]:
        for channel in self._core.members.channels():
            log = self._core.logs.get(channel.slots[self._core.me])
            if log is not None:
                yield channel, log


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {_number(value)}" if shown else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
