"""What the demonstration claims must be able to be false."""

from base64 import b64encode
from types import SimpleNamespace

import pytest

from tocsin.cli.demo import outsider, pace, proofs
from tocsin.cli.demo.alarm import Warnings
from tocsin.cli.demo.consoles import Console
from tocsin.cli.demo.newsroom import Desk
from tocsin.cli.demo.report import CatchUp, Report
from tocsin.cli.demo.safeguards import Safeguards
from tocsin.cli.demo.tally import Standing, Tally

SECRET = "canary-0123456789abcdef"
WANTED = outsider.needles(SECRET)


@pytest.mark.parametrize(
    "form",
    [
        SECRET.encode(),
        SECRET.encode("utf-16-le"),
        SECRET.encode().hex().encode(),
        b64encode(SECRET.encode() + b" and more"),
        b64encode(b"a" + SECRET.encode() + b" and more"),
        b64encode(b"ab" + SECRET.encode() + b" and more"),
    ],
)
@pytest.mark.parametrize("at", [0, 5, 1024 * 1024 - 10, 1024 * 1024, 3 * 1024 * 1024 - 1])
def test_a_secret_is_found_in_any_form_and_across_blocks(tmp_path, form, at):
    path = tmp_path / "file"
    path.write_bytes(bytes(at) + form + bytes(100))
    assert outsider.count_in([path], WANTED) == 1


def test_each_occurrence_counts_once(tmp_path):
    path = tmp_path / "file"
    path.write_bytes((SECRET.encode() + b".") * 3 + bytes(2 * 1024 * 1024) + SECRET.encode())
    assert outsider.count_in([path], WANTED) == 4


def test_other_bytes_hold_nothing(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"canary-0123456789abcdeX" * 1000)
    assert outsider.count_in([path, tmp_path / "file"], WANTED) == 0


HANDED = [(1, 1_000), (2, 2_000), (3, 3_000)]


def test_a_wait_ends_with_the_first_receipt_that_covers_the_object():
    receipts = [("fr", 1, 5_000), ("fr", 3, 9_000), ("eg", 2, 2_500)]
    assert pace.times(HANDED, receipts, ["fr", "eg"]) == {"fr": [4.0, 7.0, 6.0], "eg": [1.5, 0.5]}


def test_a_member_without_receipts_has_no_waits():
    assert pace.times(HANDED, [], ["fr"]) == {"fr": []}


def test_percentiles_are_of_all_recipients_by_nearest_rank():
    values = {"a": [float(n) for n in range(1, 51)], "b": [float(n) for n in range(51, 101)]}
    assert (pace.percentile(values, 0.5), pace.percentile(values, 0.99), pace.percentile({}, 0.5)) == (50.0, 99.0, None)


def rows(*pairs):
    return [{"channel": "plenary", "member": member, "seq": seq} for member, seq in pairs]


def test_entries_are_gapless_when_each_log_continues_where_it_was():
    arrived = rows(("a", 4), ("b", 0), ("a", 5))
    assert proofs.gapless(arrived, {("plenary", "a"): (4, 6), ("plenary", "b"): (0, 1)})


@pytest.mark.parametrize(
    "arrived",
    [
        rows(("a", 4)),
        rows(("a", 4), ("a", 6)),
        rows(("a", 5), ("a", 4)),
        rows(("a", 4), ("a", 5), ("a", 5)),
        rows(("a", 4), ("a", 5), ("c", 0)),
    ],
)
def test_a_hole_a_repetition_a_swap_or_a_stranger_is_a_gap(arrived):
    assert not proofs.gapless(arrived, {("plenary", "a"): (4, 6)})


def held(*logs):
    return {"logs": [{"slot": slot, "size": size, "root": root} for slot, size, root in logs]}


def test_histories_agree_when_every_copy_is_the_same():
    assert proofs.agree([held(("s", 3, "r"), ("t", 0, "e")), held(("s", 3, "r"), ("t", 0, "e"))])


@pytest.mark.parametrize(
    "found",
    [[], [held(("s", 3, "r")), held(("s", 3, "x"))], [held(("s", 3, "r")), held(("s", 2, "r"))], [held(("s", 3, "r"))]],
)
def test_a_fork_a_shorter_copy_or_a_log_nobody_else_holds_is_no_agreement(found):
    assert not proofs.agree(found)


def test_the_verdict_names_who_and_what():
    nodes = [SimpleNamespace(handle="a"), SimpleNamespace(handle="b"), SimpleNamespace(handle="c")]
    bad = {"ok": False, "problems": [{"code": "fsck.root"}, {"code": "fsck.root"}]}
    found = [{"ok": True, "problems": []}, bad, {"ok": False, "problems": [], "code": "config.no-home"}]
    assert proofs.verdict(nodes, found) == "b: fsck.root; c: config.no-home"
    assert proofs.verdict(nodes[:1], found[:1]) == "ok"


def good():
    return Report(
        members=3,
        tally=Tally(10, (Standing("a", 10, 10, 10), Standing("b", 10, 10, 10))),
        p50_ms=1.0,
        p99_ms=2.0,
        samples=4,
        samples_due=4,
        catch_up=CatchUp("b", 5, 5, 0.1, gapless=True, queued=1),
        warnings=Warnings(1, 2, 1, 1, 1, 1, 2, 1),
        safeguards=Safeguards(2, "equal"),
        desk=Desk(7, 2, 6, 2, 1, 2, 1),
        console=Console("http://127.0.0.1:1", 7, signed_in=True),
        fsck="ok",
        histories_agree=True,
        outsider_leaks=0,
        insider_finds=2,
    )


def test_a_report_in_which_all_is_well_has_no_shortfalls():
    told = good().json()
    assert (told["ok"], told["shortfalls"]) == (True, [])
    assert (told["shared"], told["due"], told["delivered"], told["receipted"]) == (10, 20, 20, 20)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tally", None),
        ("tally", Tally(0, ())),
        ("tally", Tally(10, (Standing("a", 10, 9, 10),))),
        ("tally", Tally(10, (Standing("a", 10, 10, 9),))),
        ("tally", Tally(10, (Standing("a", 10, 11, 10), Standing("b", 10, 9, 10)))),
        ("samples", 3),
        ("samples_due", 0),
        ("catch_up", None),
        ("catch_up", CatchUp("b", 5, 5, 0.1, gapless=False, queued=1)),
        ("catch_up", CatchUp("b", 5, 4, 0.1, gapless=True, queued=1)),
        ("catch_up", CatchUp("b", 0, 0, 0.1, gapless=True, queued=1)),
        ("warnings", Warnings()),
        ("warnings", Warnings(1, 1, 1, 1, 1, 1, 2, 1)),
        ("warnings", Warnings(1, 2, 1, 1, 0, 1, 2, 1)),
        ("warnings", Warnings(1, 2, 1, 1, 1, 1, 1, 1)),
        ("warnings", Warnings(1, 2, 1, 1, 1, 1, 2, 0)),
        ("safeguards", Safeguards(1, "equal")),
        ("safeguards", Safeguards(2, "differs")),
        ("desk", Desk()),
        ("desk", Desk(7, 7, 6, 2, 1, 2, 1)),
        ("desk", Desk(7, 2, 6, 6, 1, 2, 1)),
        ("desk", Desk(7, 2, 6, 0, 1, 2, 1)),
        ("desk", Desk(7, 2, 6, 2, 0, 2, 1)),
        ("desk", Desk(7, 2, 6, 2, 1, 1, 1)),
        ("desk", Desk(7, 2, 6, 2, 1, 2, 0)),
        ("console", Console()),
        ("console", Console("", 6, signed_in=True)),
        ("console", Console("", 7, signed_in=True, again=True)),
        ("fsck", "b: fsck.root"),
        ("histories_agree", False),
        ("outsider_leaks", 1),
        ("outsider_leaks", None),
        ("insider_finds", 0),
    ],
)
def test_whatever_falls_short_is_told(name, value):
    report = good()
    setattr(report, name, value)
    assert report.shortfalls()
    assert report.json()["ok"] is False


def test_an_untouched_report_is_not_a_success():
    assert len(Report(3).shortfalls()) == 12
