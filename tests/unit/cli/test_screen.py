"""What reaches a terminal or a program."""

import json

import pytest

from tocsin.cli.control import AnsweredError
from tocsin.cli.screen import Screen, amount, explain, moment, plain
from tocsin.errors import ConfigError, PolicyError


def test_control_and_direction_characters_of_others_are_shown_and_not_obeyed():
    assert plain("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"
    assert plain("invoice\u202egnp.exe") == "invoice\\u202egnp.exe"
    assert plain("é — 日本\nnext\tcell") == "é — 日本\nnext\tcell"


def test_an_error_tells_what_why_what_to_do_and_its_code(capsys):
    status = Screen(json=False).fail(PolicyError("policy.unmarked", "the object carries no marking"))
    out, err = capsys.readouterr()
    assert status == 4
    assert out == ""
    for part in ("the object carries no marking", "why:", "do:", "policy.unmarked"):
        assert part in err


def test_with_json_an_error_is_one_object_on_stdout_and_talk_stays_on_stderr(capsys):
    screen = Screen(json=True)
    screen.say("by the way")
    screen.fail(ConfigError("config.no-home", "there is no node here"))
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["schema"] == "tocsin.error/1"
    assert (told["code"], told["exit_status"], told["who"]) == ("config.no-home", 1, "operator")
    assert told["why"]
    assert told["do"]
    assert "by the way" in err


def test_quiet_silences_talk_but_neither_results_nor_errors(capsys):
    screen = Screen(quiet=True)
    screen.say("by the way")
    screen.result("thing", {"a": 1}, ["the thing"])
    screen.fail(ConfigError("config.no-home", "there is no node here"))
    out, err = capsys.readouterr()
    assert out == "the thing\n"
    assert "by the way" not in err
    assert "there is no node here" in err


def test_square_brackets_in_a_result_are_text_and_not_markup(capsys):
    Screen().print("[bold]name[/bold] [link=x]")
    assert capsys.readouterr().out == "[bold]name[/bold] [link=x]\n"


def test_a_table_cell_is_text_and_not_markup(capsys):
    Screen().table(("name",), [("[red]x\x1b[0m",)])
    assert "[red]x\\x1b[0m" in capsys.readouterr().out


def test_an_unknown_code_of_a_newer_node_is_told_with_the_nodes_own_words():
    problem = {"code": "new.code", "detail": "it happened", "why": "because", "do": "this", "exit_status": 4}
    told = explain(AnsweredError(problem))
    assert (told["why"], told["do"], told["exit_status"]) == ("because", "this", 4)


def test_a_code_nobody_knows_still_becomes_an_error():
    assert explain(ConfigError("new.code", "it happened"))["code"] == "new.code"


@pytest.mark.parametrize(
    ("instant", "shown"), [("2026-11-21T20:44:42.123456Z", "2026-11-21 20:44:42.123Z"), ("", "-"), (None, "-")]
)
def test_moments_are_utc_and_say_so(instant, shown):
    assert moment(instant) == shown


def test_amounts_agree_with_their_word():
    assert [amount(0, "object"), amount(1, "object"), amount(2000, "object")] == [
        "0 objects",
        "1 object",
        "2,000 objects",
    ]
