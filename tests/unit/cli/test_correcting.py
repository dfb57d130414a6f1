"""What people read of recalls, corrections and feedback, and how the commands end."""

from types import SimpleNamespace

import pytest
import typer

from tocsin.cli import control, correcting, reading
from tocsin.cli.correcting import Opinion, Recall
from tocsin.cli.screen import Screen

ID = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
AT = "2026-11-20T08:00:00.000000Z"
HELD = {
    "object_id": ID,
    "version": AT,
    "action": "recalled",
    "reason": "wrong",
    "added": AT,
    "channels": ["ports"],
    "due": 3,
    "confirmed": 1,
    "open": 2,
    "confirmations": [{"member": "bb", "done_at": AT}],
    "missing": [
        {"member": "cc", "code": "left", "why": "has left", "do": "open a channel", "last_receipt": AT},
        {"member": "dd", "code": "unreached", "why": "has not signed", "do": "nothing", "last_receipt": AT},
    ],
    "shared_by_others": ["bb"],
}


@pytest.fixture
def told(monkeypatch, capsys):
    """told(command, answer, *arguments): what a person reads, and the exit status."""

    def call(function, answer, *arguments):
        asked = []

        class Control:
            def __getattr__(self, _name):
                return lambda *words, **_: asked.append(words)

        def ask(_home, work):
            work(Control())
            return answer

        monkeypatch.setattr(control, "ask", ask)
        hands = SimpleNamespace(home=None, screen=Screen(json=False, quiet=True))
        status = function(hands, *arguments)
        return capsys.readouterr().out, status, asked

    return call


def recalled(**more):
    base = {"object_id": ID, "dry_run": False, "original": True, "done_before": False, "entries": 2, "told": []}
    where = [{"channel": "ports", "marking": "TLP:GREEN"}]
    return base | {"channels": where, "holders": [{"member": "bb", "last_receipt": AT}]} | more


def test_a_recall_says_who_holds_it_and_where_it_was_told(told):
    done = {"channel": "ports", "code": "", "what": ""}
    out, status, asked = told(correcting.recall, recalled(told=[done]), Recall(ID, "wrong", ["ports"]))
    assert status == 0
    assert "held by bb" in out
    assert "ports  recalled" in out
    assert asked[0][0] == "/recalls"
    assert (asked[0][1]["channels"], asked[0][1]["reason"], asked[0][1]["dry_run"]) == (["ports"], "wrong", False)


def test_a_recall_that_is_refused_somewhere_ends_with_4(told):
    refused = {"channel": "ports", "code": "policy.channel-left", "what": "gone"}
    out, status, _ = told(correcting.recall, recalled(told=[refused], original=False), Recall(ID, "wrong"))
    assert (status, "not done: policy.channel-left: gone" in out) == (4, True)
    assert "only this node's own copies" in out


def test_a_dry_run_and_a_second_recall_do_nothing(told):
    out, status, _ = told(correcting.recall, recalled(dry_run=True, holders=[]), Recall(ID, "x", None, 7, True))
    assert (status, "held by nobody" in out, "2 earlier versions would be erased" in out) == (0, True, True)
    assert "recalled before" in told(correcting.recall, recalled(done_before=True), Recall(ID, "x"))[0]


def test_the_count_is_honest(told):
    out, _, _ = told(correcting.show, HELD, ID)
    assert "1 of 3 confirm, 2 open" in out
    assert "cc  open: has left; open a channel" in out
    assert "bb  confirmed" in out
    assert "shared by bb too" in out


def test_the_list_tells_what_is_ours_to_recall(told):
    other = {"object_id": ID, "version": AT, "member": "ee", "action": "corrected", "original": True, "added": AT}
    duty = {"object_id": ID, "owner": "ee", "action": "recalled", "channels": ["plenary"]}
    answer = {
        "ours": [HELD, HELD | {"object_id": "", "reason": "", "channels": []}],
        "others": [other | {"confirmed": True}, other | {"confirmed": False}],
        "duties": [duty],
        "totals": {},
    }
    out, _, _ = told(correcting.list_, answer)
    assert "1 of 3" in out
    assert "(erased)" in out
    assert "not yet" in out
    assert "recalled by ee, re-shared by us in plenary" in out.replace("\n", " ")


@pytest.mark.parametrize("wish", [Opinion(ID), Opinion(ID, used=True, agree=True)])
def test_feedback_is_exactly_one_word(told, wish):
    with pytest.raises(typer.BadParameter, match="exactly one"):
        told(correcting.feedback, {}, wish)


def test_feedback_says_whom_it_told(told):
    answer = {"object_id": ID, "kind": "sighted", "channel": "ports", "giver": "bb", "marking": "TLP:RED"}
    wish = Opinion(ID, sighted=True, count=3, at="1970-01-01T00:00:01")
    out, _, asked = told(correcting.feedback, answer | {"audience": ["aa", "bb"]}, wish)
    assert "told bb in ports as TLP:RED" in out
    assert (asked[0][1]["kind"], asked[0][1]["count"], asked[0][1]["seen_at"]) == ("sighted", 3, 1_000_000)
    with pytest.raises(typer.BadParameter, match="no time"):
        told(correcting.feedback, {}, Opinion(ID, sighted=True, at="noon"))


def test_who_says_what_stands_side_by_side(told):
    claim = {"version": AT, "marking": "TLP:GREEN", "channels": ["ports"], "action": None}
    word = {
        "opinion": "strongly-disagree",
        "type": "opinion",
        "count": 0,
        "id": "x",
        "version": AT,
        "marking": "",
        "channel": "",
    }
    voices = {
        "owner": "aa",
        "says": [
            claim | {"member": "aa", "owner": True, "differs": False},
            claim | {"member": "bb", "owner": False, "differs": True, "action": "revoked"},
            claim | {"member": "cc", "owner": False, "differs": False},
        ],
        "words": [
            word | {"member": "bb", "kind": "false-positive", "text": "a resolver"},
            word | {"member": "cc", "kind": "sighted", "count": 2, "text": ""},
        ],
        "disagree": ["bb"],
        "agree": [],
    }
    verdict = {"word": "contested", "confidence": 70, "says": ["bb"], "against": ["cc"]}
    out, _, _ = told(
        reading.show, {"id": ID, "audience": ["aa"], "versions": [], "voices": voices, "verdict": verdict}, ID
    )
    assert "CONTESTED  confidence 70  said by bb  against it cc" in out
    assert "whose it is: aa" in out
    assert f"bb says version {AT}  another version  revoked" in out
    assert "cc says version" in out
    assert "bb says false-positive  a resolver" in out
    assert "cc says sighted 2 times" in out
    assert "who disagrees: bb" in out
    assert "who agrees: -" in out
