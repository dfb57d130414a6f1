"""The brief: how the watch stands, on two pages, for people who will read nothing else. Facts first, then their words.

It is marked by the strictest thing in it. What two members gave one another is theirs alone, so that a brief with those rows is
at least TLP:AMBER+STRICT (docs/decisions/0037).
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.edge.audit import Seen
from tocsin.edge.console import assets
from tocsin.edge.console.words import LANGUAGES, N_, Words, words
from tocsin.edge.control import reading
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError
from tocsin.exchange.fairness.balance import Period
from tocsin.exchange.journal import search
from tocsin.exchange.warn import review, views
from tocsin.exchange.warn.views import Warned
from tocsin.exporters import paper
from tocsin.exporters.paper import Column, Figure, Paper, Section
from tocsin.formats.text import instant
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Reading

HOURS: Final = 24
MOST_HOURS: Final = 92 * 24
_HOUR_US: Final = 3_600_000_000
_GIVEN_HOURS: Final = 90 * 24
_ROWS: Final[Mapping[str, int]] = MappingProxyType(
    {"late": 8, "due": 8, "topics": 7, "raised": 9, "changes": 8, "slow": 6, "links": 6, "logs": 5, "given": 7}
)
_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "terrorism": N_("Terrorism"),
        "cyber": N_("Cyber"),
        "infrastructure": N_("Infrastructure"),
        "organised-crime": N_("Organised crime"),
        "cross-border-crime": N_("Cross-border crime"),
        "public-safety": N_("Public safety"),
        "other": N_("Other"),
    }
)
_URGENCIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flash": N_("Flash"),
        "immediate": N_("Immediate"),
        "priority": N_("Priority"),
        "routine": N_("Routine"),
    }
)
_ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "recalled": N_("recalled"),
        "revoked": N_("revoked"),
        "corrected": N_("corrected"),
        "downgraded": N_("under another marking"),
    }
)
_LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {"no-way": N_("no way to it"), "paused": N_("paused"), "connecting": N_("not linked"), "down": N_("not linked")}
)
_LOGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "withheld": N_("sends less of its log than others hold"),
        "silent": N_("has said nothing for long of its log"),
        "evidence": N_("has contradicted its own signature"),
        "behind": N_("our log is behind its checkpoint file"),
        "relayed": N_("its log comes by another member"),
    }
)


class Wish(NamedTuple):
    """What is asked for: how far it looks back, and whether it says what we and each member gave one another."""

    language: str
    hours: int = HOURS
    relations: bool = True


class Made(NamedTuple):
    """A brief. `seen`: what stands in it, for the audit trail."""

    facts: Mapping[str, Any]
    pdf: bytes
    seen: tuple[Seen, ...]


async def make(services: Services, wish: Wish) -> Made:
    """Raises ConfigError("config.value", "config.brief-font")."""
    if wish.language not in LANGUAGES:
        raise ConfigError("config.value", f"a brief is in one of {', '.join(LANGUAGES)}")
    fonts = assets.fonts()
    facts, seen = await gather(services, wish)
    made = paper_of(facts, words(wish.language))
    pdf = await asyncio.get_running_loop().run_in_executor(None, paper.write, made, fonts)
    return Made(facts, pdf, seen)


async def asked(services: Services, language: str, hours: int, relations: bool) -> Made:
    """The same, for the operator's command."""
    return await make(services, Wish(language, hours, relations))


# -- facts --------------------------------------------------------------------------------------------------------


async def gather(services: Services, wish: Wish) -> tuple[dict[str, Any], tuple[Seen, ...]]:
    """What stands in it, in codes and instants; and which objects those are. Raises ConfigError("config.value")."""
    await services.synced()
    now = services.clock.now_us()
    if not 1 <= wish.hours <= MOST_HOURS:
        raise ConfigError("config.value", f"a brief looks back 1 to {MOST_HOURS} hours")
    since = now - wish.hours * _HOUR_US
    found = await services.journal.database.read(partial(_asked, services, wish, since, now))
    status = await reading.status(services)
    parts = ("late", "due", "raised", "changes")
    seen = tuple(Seen(one["id"], one.pop("level")) for part in parts for one in found[part]["rows"])
    least = Tlp.AMBER_STRICT if wish.relations and found["given"]["rows"] else Tlp.GREEN
    return {
        "node": services.members.me,
        "federation": services.members.charter.name,
        "version": services.members.charter.version,
        "language": wish.language,
        "made": instant(now),
        "made_us": now,
        "since": instant(since),
        "marking": Tlp(max([least, *(one.marking for one in seen)])).label,
        **found,
        **_standing(services, status),
    }, seen


def _asked(services: Services, wish: Wish, since: int, now: int, db: Reading) -> dict[str, Any]:
    me = services.members.me

    def told(found: tuple[list[Warned], int]) -> dict[str, Any]:
        rows, many = found
        return {"rows": [_warning(services, db, one) for one in rows], "more": many - len(rows), "all": many}

    topics = review.topics(db, me, now)
    slow, how_many = review.latest(db, me, since, now, _ROWS["slow"])
    changes, changed = review.changes(db, search.added_at(db, since), _ROWS["changes"])
    return {
        "counts": views.counts(db, me, now)._asdict(),
        "late": told(review.awaited(db, me, now, _ROWS["late"], late=True)),
        "due": told(review.awaited(db, me, now, _ROWS["due"], late=False)),
        "topics": {"rows": [one._asdict() for one in topics[: _ROWS["topics"]]], "more": 0, "all": len(topics)},
        "raised": told(review.raised(db, since, now, _ROWS["raised"])),
        "slow": {"rows": [one._asdict() for one in slow], "more": how_many - len(slow), "all": how_many},
        "changes": {
            "rows": [
                {"id": one.object_id, "member": one.member, "action": one.action, "added": instant(one.added_us),
                 "marking": Tlp(one.marking).label, "level": one.marking}
                for one in changes
            ],
            "more": changed - len(changes),
            "all": changed,
        },
        "given": _given(services, db, now) if wish.relations else {"rows": [], "more": 0, "all": 0},
    }  # fmt: skip


def _warning(services: Services, db: Reading, one: Warned) -> dict[str, Any]:
    said = views.text(db, one)
    asked = views.recipients(db, one.id)
    number = services.logs.numbered(one.log).channel
    return {
        "id": one.id,
        "giver": one.giver,
        "channel": next((each.name for each in services.members.generations() if each.number == number), ""),
        "topic": one.topic,
        "urgency": one.urgency,
        "marking": Tlp(one.marking).label,
        "level": one.marking,
        "headline": said.headline if said else None,
        "added": instant(one.added),
        "answer_by": instant(one.answer_by),
        "asked": len(asked),
        "answered": sum(each.answered is not None for each in asked),
    }


def _given(services: Services, db: Reading, now: int) -> dict[str, Any]:
    """The members with whom most was exchanged in the last 90 days, each row as both sides see it."""
    me = services.members.me
    snapshot = services.fairness.snapshot(db, Period(now, now - _GIVEN_HOURS * _HOUR_US))
    rows = []
    for other in services.members.peers():
        total = snapshot.row(snapshot.common(other), me, other)["total"]
        gave, got = total["gave"], total["got"]
        if gave["given"] or got["given"]:
            rows.append(
                {"member": other, "gave": gave["given"], "got": got["given"], "gave_useful": gave["useful"],
                 "got_useful": got["useful"], "answer_ms": gave["answer_ms"]}
            )  # fmt: skip
    rows.sort(key=lambda one: (-one["gave"] - one["got"], one["member"]))
    kept = rows[: _ROWS["given"]]
    return {"rows": kept, "more": len(rows) - len(kept), "all": len(rows)}


def _standing(services: Services, status: Mapping[str, Any]) -> dict[str, Any]:
    """Links that are not up, and logs that do not come as they should."""
    links = [one for one in status["links"] if one["state"] != "up"]
    logs = [{"member": one["accused"], "channel": "", "why": "evidence"} for one in status["evidence"]]
    for why in ("withheld", "silent", "relayed"):
        pairs = sorted({(one["origin"], one["channel"]) for one in status[why]})
        logs += [{"member": member, "channel": channel, "why": why} for member, channel in pairs]
    logs += [{"member": services.members.me, "channel": "", "why": "behind"} for _ in status["behind"][:1]]
    shown = [{"member": one["peer"], "state": one["state"], "since": one["since"]} for one in links]
    return {
        "peers": {"up": len(status["links"]) - len(links), "all": len(status["links"])},
        "position": status["position"],
        "links": {"rows": shown[: _ROWS["links"]], "more": max(0, len(shown) - _ROWS["links"]), "all": len(shown)},
        "logs": {"rows": logs[: _ROWS["logs"]], "more": max(0, len(logs) - _ROWS["logs"]), "all": len(logs)},
    }


# -- words --------------------------------------------------------------------------------------------------------


def paper_of(facts: Mapping[str, Any], said: Words) -> Paper:
    """The facts in a language, as they stand on the paper."""
    made = _Wording(facts, said)
    values = {"since": _moment(facts["since"]), "made": _moment(facts["made"])}
    return Paper(
        language=said.language,
        is_right_to_left=said.direction == "rtl",
        title=made.say(N_("Brief of %(node)s"), node=facts["node"]),
        subtitle=made.say(
            N_("%(federation)s · as of %(made)s · looks back to %(since)s"), federation=facts["federation"], **values
        ),
        marking=facts["marking"],
        made_us=facts["made_us"],
        figures=made.figures(),
        pages=((made.late(), made.due(), made.topics(), made.raised()), made.second_page()),
        notes=(
            made.say(N_("Made by this node from what it holds: what has not reached it is not in it.")),
            made.say(N_("The marking is that of the strictest item. Do not pass it on beyond what the marking allows.")),
        ),
        foot=made.say(N_("Times are UTC. A machine made this from signed records; check before you act.")),
        page_of=said.one(N_("page %(page)s of %(pages)s")),
    )  # fmt: skip


class _Wording:
    def __init__(self, facts: Mapping[str, Any], said: Words) -> None:
        self._facts = facts
        self._said = said

    def say(self, text: str, **values: object) -> str:
        told = {name: paper.isolated(one) for name, one in values.items()}
        return self._said.one(text) % told if told else self._said.one(text)

    def _section(self, part: str, heading: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Section:
        more = self._facts[part]["more"]
        return Section(
            self.say(heading),
            [Column(self.say(one.label), one.share, one.is_number) for one in columns],
            rows,
            self.say(N_("and %(count)s more"), count=f"{more:,}") if more else "",
            self.say(N_("None.")),
        )

    def figures(self) -> list[Figure]:
        facts, counts = self._facts, self._facts["counts"]
        due = facts["due"]["rows"]
        return [
            Figure(self.say(N_("Overdue")), f"{facts['late']['all']:,}", is_late=facts["late"]["all"] > 0),
            Figure(self.say(N_("Answers we owe")), f"{counts['due_from_us']:,}"),
            Figure(self.say(N_("Next answer due")), due[0]["answer_by"][11:16] + "Z" if due else "–"),
            Figure(self.say(N_("New warnings")), f"{facts['raised']['all']:,}"),
            Figure(self.say(N_("Links up")), f"{facts['peers']['up']:,}/{facts['peers']['all']:,}"),
        ]

    def _headline(self, one: Mapping[str, Any]) -> str:
        return one["headline"] or self.say(N_("(its content is gone)"))

    def _kind(self, one: Mapping[str, Any]) -> str:
        urgency, topic = _URGENCIES.get(one["urgency"], ""), _TOPICS.get(one["topic"], "")
        return f"{self.say(urgency)} · {self.say(topic)}"

    def _awaited(self, part: str, heading: str) -> Section:
        columns = (
            Column(N_("Answer by"), 17), Column(N_("Kind"), 27), Column(N_("Warning"), 58), Column(N_("From"), 15),
            Column(N_("Answered"), 12, is_number=True), Column(N_("Marking"), 23),
        )  # fmt: skip
        rows = [
            (_moment(one["answer_by"], brief=True), self._kind(one), self._headline(one), one["giver"],
             f"{one['answered']}/{one['asked']}", one["marking"])
            for one in self._facts[part]["rows"]
        ]  # fmt: skip
        return self._section(part, heading, columns, rows)

    def late(self) -> Section:
        return self._awaited("late", N_("Overdue"))

    def due(self) -> Section:
        return self._awaited("due", N_("Due next"))

    def topics(self) -> Section:
        columns = (
            Column(N_("Topic"), 40), Column(N_("Answers we owe"), 20, is_number=True),
            Column(N_("Answers owed to us"), 20, is_number=True), Column(N_("of these late"), 20, is_number=True),
        )  # fmt: skip
        rows = [
            (
                self.say(_TOPICS.get(one["topic"], N_("Other"))),
                f"{one['from_us']:,}",
                f"{one['to_us']:,}",
                f"{one['late']:,}",
            )
            for one in self._facts["topics"]["rows"]
        ]
        return self._section("topics", N_("Open by topic"), columns, rows)

    def raised(self) -> Section:
        columns = (
            Column(N_("Raised"), 17), Column(N_("Kind"), 27), Column(N_("Warning"), 58), Column(N_("From"), 15),
            Column(N_("Answered"), 12, is_number=True), Column(N_("Marking"), 23),
        )  # fmt: skip
        rows = [
            (_moment(one["added"], brief=True), self._kind(one), self._headline(one), one["giver"],
             f"{one['answered']}/{one['asked']}", one["marking"])
            for one in self._facts["raised"]["rows"]
        ]  # fmt: skip
        return self._section("raised", N_("New warnings"), columns, rows)

    def second_page(self) -> list[Section]:
        return [self._changes(), self._slow(), self._links(), self._logs(), self._given()]

    def _changes(self) -> Section:
        columns = (
            Column(N_("When"), 17), Column(N_("Member"), 20), Column(N_("What was done"), 30), Column(N_("Object"), 62),
            Column(N_("Marking"), 23),
        )  # fmt: skip
        rows = [
            (_moment(one["added"], brief=True), one["member"], self.say(_ACTIONS.get(one["action"], one["action"])),
             one["id"], one["marking"])
            for one in self._facts["changes"]["rows"]
        ]  # fmt: skip
        return self._section("changes", N_("Recalls and corrections"), columns, rows)

    def _slow(self) -> Section:
        columns = (
            Column(N_("Member"), 40), Column(N_("Answers missing"), 20, is_number=True),
            Column(N_("Answered late"), 20, is_number=True), Column(N_("Longest wait past the hour"), 30, is_number=True),
        )  # fmt: skip
        rows = [
            (one["member"], f"{one['missing']:,}", f"{one['given_late']:,}", _span(one["longest_us"]))
            for one in self._facts["slow"]["rows"]
        ]
        return self._section("slow", N_("Who was late to answer us"), columns, rows)

    def _links(self) -> Section:
        columns = (Column(N_("Member"), 40), Column(N_("Link"), 40), Column(N_("Since"), 40))
        rows = [
            (one["member"], self.say(_LINKS.get(one["state"], N_("not linked"))), _moment(one["since"]))
            for one in self._facts["links"]["rows"]
        ]
        return self._section("links", N_("Members without a link"), columns, rows)

    def _logs(self) -> Section:
        columns = (Column(N_("Member"), 30), Column(N_("Channel"), 30), Column(N_("What is seen"), 60))
        rows = [(one["member"], one["channel"], self.say(_LOGS[one["why"]])) for one in self._facts["logs"]["rows"]]
        return self._section("logs", N_("Logs that need a look"), columns, rows)

    def _given(self) -> Section:
        columns = (
            Column(N_("Member"), 30), Column(N_("We gave"), 18, is_number=True), Column(N_("of use to it"), 18, is_number=True),
            Column(N_("We got"), 18, is_number=True), Column(N_("of use to us"), 18, is_number=True),
        )  # fmt: skip
        rows = [
            (one["member"], *(f"{one[key]:,}" for key in ("gave", "gave_useful", "got", "got_useful")))
            for one in self._facts["given"]["rows"]
        ]
        return self._section("given", N_("What we gave and got in 90 days"), columns, rows)


def _moment(at: str | None, *, brief: bool = False) -> str:
    """An instant in UTC with its Z; short: without the year."""
    if not at:
        return "–"
    return f"{at[5:10]} {at[11:16]}Z" if brief else f"{at[:10]} {at[11:16]}Z"


def _span(us: int) -> str:
    minutes = max(0, us) // 60_000_000
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours:02}:{minutes % 60:02}" if days else f"{hours:02}:{minutes % 60:02}"
