"""Metrics: the page says what happened, in the text format, and never what was shared."""

import ast
import asyncio
import json
import re
from functools import cache
from pathlib import Path

import pytest

from tocsin.errors import MEANINGS
from tocsin.formats import message
from tocsin.formats.markings import ChannelKind
from tocsin.formats.message import Refusal
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.node.metrics import BUCKETS, CATALOGUE, COUNTER, HISTOGRAM, Counters, Metrics
from tocsin.ports.metrics import SILENT
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

SRC = Path(__file__).parents[3] / "src" / "tocsin"
CANARY = "canary-51c0de"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?[0-9.e+-]+)')


def parsed(page):
    """{(name, labels): value}; every line must be a comment or a sample, and no series comes twice."""
    out, last = {}, ""
    for line in page.decode().splitlines():
        if line.startswith("# "):
            _, kind, last, _ = line.split(" ", 3)
            assert kind in ("HELP", "TYPE")
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert name.startswith(last), "a sample stands under its own comments"
        key = (name, tuple(sorted(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or ""))))
        assert key not in out
        out[key] = float(value)
    return out


def of(found, name, **labels):
    return found[name, tuple(sorted(labels.items()))]


def thing(number, **more):
    value = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": CANARY,
        "object_marking_refs": [marking_id(Tlp.GREEN)],
        **more,
    }
    return json.dumps(value).encode()


def watched(fed):
    for node in fed.nodes.values():
        node.meter = Counters()
    return {handle: node.meter for handle, node in fed.nodes.items()}


def page_of(fed, handle, meters):
    return Metrics(fed.core(handle), meters[handle], 1_790_000_000_500_000)


# -- a federation -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_a_federation_did_stands_on_the_page():
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 5)
        meters = watched(fed)
        await fed.found()
        for handle, meter in meters.items():
            fed.core(handle).receipts.on_stored(meter.receipted)
        await fed.channel("quiet", ChannelKind.BILATERAL, ["aa", "bb"])
        await fed.share("aa", "plenary", [thing(n) for n in range(5)])
        await fed.share("bb", "quiet", [thing(n) for n in range(5, 8)])
        await fed.settled()
        for handle in meters:
            await fed.core(handle).synced()
        metrics = {handle: page_of(fed, handle, meters) for handle in meters}
        first = {handle: parsed(await one.page()) for handle, one in metrics.items()}
        fed.network.crash("cc")
        await fed.share("aa", "plenary", [thing(n) for n in range(20, 24)])
        await fed.until(lambda: fed.core("aa").links.standing["cc"].state == "down")
        raw = await metrics["aa"].page()
        await fed.stop()
        return first, raw

    first, raw = run(main)
    aa, bb = first["aa"], first["bb"]
    assert of(aa, "process_start_time_seconds") == 1_790_000_000.5
    assert of(aa, "tocsin_build_info", software="testing") == 1
    assert of(aa, "tocsin_charter_version") == 1
    assert of(aa, "tocsin_search_lag_rows") == 0
    assert of(aa, "tocsin_journal_position") >= 8
    assert of(aa, "tocsin_held_back_entries_total") == 0
    for peer in ("bb", "cc"):
        assert of(aa, "tocsin_link_up", peer=peer) == 1
        assert of(aa, "tocsin_lag_entries", peer=peer, channel="plenary") == 0
        assert of(aa, "tocsin_frames_in_flight", peer=peer) == 0
        assert of(aa, "tocsin_logs_refused", peer=peer) == 0
        assert of(aa, "tocsin_receipts_received_total", peer=peer) == 1
        assert ("tocsin_link_skew_seconds", (("peer", peer),)) in aa
    assert ("tocsin_lag_entries", (("channel", "quiet"), ("peer", "cc"))) not in aa
    assert of(aa, "tocsin_log_behind", channel="quiet") == 0
    assert of(aa, "tocsin_shared_entries_total", channel="plenary") == 5
    assert of(aa, "tocsin_received_entries_total", peer="bb") == 3
    assert of(aa, "tocsin_received_entries_total", peer="cc") == 0
    assert of(bb, "tocsin_received_entries_total", peer="aa") == 5
    assert of(bb, "tocsin_receipts_given_total", peer="aa") == 1
    assert of(bb, "tocsin_verify_seconds_count") == 1
    assert CANARY.encode() not in raw
    later = parsed(raw)
    assert of(later, "tocsin_link_up", peer="cc") == 0
    assert of(later, "tocsin_lag_entries", peer="cc", channel="plenary") == 4
    assert ("tocsin_link_skew_seconds", (("peer", "cc"),)) not in later


def test_refusals_both_ways_are_counted_by_code():
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 6)
        meters = watched(fed)
        await fed.found()
        frames = []
        fed.network.tap(lambda src, dst, data: frames.append(data) if (src, data[:1]) == ("aa", b"F") else None)
        await fed.share("aa", "plenary", [thing(1)])
        await fed.settled()
        link = fed.core("aa").links.standing["bb"].session._link
        await link.send(frames[0])
        for code in ("receive.not-open", "x.invented", "x.another"):
            await link.send(message.encode(Refusal(bytes(32), code, 0)))
        await fed.network.clock.sleep(5)
        pages = [parsed(await page_of(fed, handle, meters).page()) for handle in ("aa", "bb")]
        await fed.stop()
        return pages

    aa, bb = run(main)
    assert of(bb, "tocsin_refused_total", peer="aa", code="receive.replay") == 1
    assert of(aa, "tocsin_refused_by_peer_total", peer="bb", code="receive.replay") == 1
    assert of(bb, "tocsin_refused_by_peer_total", peer="aa", code="receive.not-open") == 1
    assert of(bb, "tocsin_refused_by_peer_total", peer="aa", code="other") == 2, "a peer cannot make series"


def test_held_back_entries_and_a_log_behind():
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 7)
        meters = watched(fed)
        await fed.found()
        core = fed.core("aa")
        metrics, pages = page_of(fed, "aa", meters), []
        good = core.journal.database.read

        async def slow(work):
            await asyncio.sleep(0)
            return await good(work)

        core.journal.database.read = slow

        def hold_back(tx):
            last = tx.query("SELECT COALESCE(MAX(position), 0) FROM journal_rows")[0][0]
            sql = (
                "INSERT INTO journal_rows (position, added, kind, log, seq, member, held) VALUES (?, ?, 1, 2, ?, ?, ?)"
            )
            for position in (last + 1, last + 2):
                tx.execute(sql, (position, position, position, "bb", "policy.x"))
            return last + 2

        for _ in range(2):
            core.journal.announce(await core.journal.database.write(hold_back))
            await asyncio.gather(metrics.page(), metrics.page())
            pages.append(parsed(await metrics.page()))
        slot = core.members.channel("plenary").slots["aa"]
        core.signer._behind[slot] = "an old copy"
        pages.append(parsed(await metrics.page()))
        await fed.stop()
        return pages

    pages = run(main)
    assert [of(page, "tocsin_held_back_entries_total") for page in pages] == [2, 4, 4]
    assert [of(page, "tocsin_log_behind", channel="plenary") for page in pages] == [0, 0, 1]


# -- the counters -----------------------------------------------------------------------------------------------


def samples(counters, name):
    return [(suffix, dict(labels), value) for suffix, labels, value in counters.samples(name)]


def test_a_histogram_is_cumulative_and_its_borders_belong_to_it():
    counters = Counters()
    for seconds in (0.0, 0.001, 0.0011, 0.5, 10.0, 10.5):
        counters.observe("tocsin_verify_seconds", seconds)
    told = samples(counters, "tocsin_verify_seconds")
    buckets = {labels["le"]: value for suffix, labels, value in told if suffix == "_bucket"}
    assert list(buckets) == [*(str(one).removesuffix(".0") for one in BUCKETS), "+Inf"]
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.25"], buckets["0.5"]) == (2, 3, 3, 4)
    assert (buckets["10"], buckets["+Inf"]) == (5, 6)
    assert [value for suffix, _, value in told if suffix == "_count"] == [6]
    assert [value for suffix, _, value in told if suffix == "_sum"] == [pytest.approx(21.0021)]


def test_counts_add_up_by_their_labels():
    counters = Counters()
    counters.count("tocsin_refused_total", peer="bb", code="receive.gap")
    counters.count("tocsin_refused_total", 3, code="receive.gap", peer="bb")
    counters.count("tocsin_refused_total", peer="aa", code="receive.gap")
    assert samples(counters, "tocsin_refused_total") == [
        ("", {"peer": "aa", "code": "receive.gap"}, 1),
        ("", {"peer": "bb", "code": "receive.gap"}, 4),
    ]
    assert samples(counters, "tocsin_events_total") == []


def test_diagnostics_are_counted_and_still_written():
    counters, lines = Counters(), []
    note = counters.noting(lambda *one: lines.append(one))
    note("store.full", "", "no room")
    note("made.up", "bb", "by a peer")
    assert lines == [("store.full", "", "no room"), ("made.up", "bb", "by a peer")]
    assert samples(counters, "tocsin_events_total") == [("", {"code": "other"}, 1), ("", {"code": "store.full"}, 1)]
    assert "store.full" in MEANINGS


def test_silence_takes_everything():
    SILENT.count("anything", 3, a="b")
    SILENT.observe("anything", 0.1, a="b")


# -- names ------------------------------------------------------------------------------------------------------


@cache
def calls():
    """(name, labels, kind) of every measurement in the house."""
    return tuple(_calls())


def _calls():
    for path in SRC.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if re.search(r"\.(count|observe)\(", text) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if node.func.attr in ("count", "observe") and isinstance(first, ast.Constant):
                    yield first.value, {one.arg for one in node.keywords}, node.func.attr


@pytest.mark.slow
def test_every_measurement_is_of_the_catalogue_with_its_labels():
    found = [one for one in calls() if isinstance(one[0], str) and one[0].startswith("tocsin_")]
    assert len(found) >= 7
    for name, labels, kind in found:
        assert labels == set(CATALOGUE[name].labels), name
        assert (kind == "observe") == (CATALOGUE[name].kind == HISTOGRAM), name
    for name, metric in CATALOGUE.items():
        assert name.endswith("_total") == (metric.kind == COUNTER), name
        known = {"peer", "channel", "code", "list", "software", "side", "target", "outcome", "state"}
        assert set(metric.labels) <= known, name


@pytest.mark.slow
def test_every_name_of_the_catalogue_is_measured():
    told = (SRC / "node" / "metrics.py").read_text("utf-8").partition("class Counters")[2]
    measured = {name for name, _, _ in calls()} | set(re.findall(r'"([a-z_]+)"', told))
    assert CATALOGUE.keys() - measured == set()


def test_the_page_of_the_docs_is_the_catalogue():
    page = (SRC.parents[1] / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| ([a-z]+) \| ([^|]*) \| ([^|]*) \|$", page, flags=re.MULTILINE)
    told = [(name, kind, tuple(re.findall(r"`([a-z]+)`", labels)), what) for name, kind, labels, what in rows]
    assert told == [(name, one.kind, one.labels, one.help) for name, one in CATALOGUE.items()]
