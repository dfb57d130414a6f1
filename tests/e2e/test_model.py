"""A real node whose administrator named a model: the command asks it, what was said stands apart, its key is nowhere to be read."""

import asyncio
from dataclasses import replace

import pytest
from tests.e2e.commands import answers
from tests.e2e.test_desk import page, running
from tests.unit.backends.outside.test_generator import served
from tests.unit.desk.layouts import ENGLISH

from tocsin.cli.demo.nodes import Federation
from tocsin.node import config

KEY = "sk-CANARY-0123456789"
QUESTION = "CANARY-QUESTION: who was arrested?"

pytestmark = pytest.mark.slow


async def whole(folder, server):
    key = folder / "key"
    key.write_text(KEY + "\n")
    file = folder / "page.html"
    file.write_text(page(ENGLISH[0], "Harbour Gazette"))
    async with Federation(folder, 2) as federation:
        await federation.init()
        await federation.found()
        home = federation.nodes[0].home
        named = {
            "desk_model_url": f"http://127.0.0.1:{server.server_port}/v1",
            "desk_model": "small-model",
            "desk_model_key_file": str(key),
        }
        config.write(home.config_file, replace(home.settings(), **named))
        async with running(home):
            status, (told,) = await answers(home, "desk", "import", file, "--url", "https://gazette.example/1")
            (story,) = told["captures"][0]["stories"]
            status, (told,) = await answers(home, "desk", "ask", story[:8], "Who was arrested?")
            assert (status, told["schema"]) == (0, "tocsin.desk-answer/1")
            assert "Four people were arrested" in " ".join(one["text"] for one in told["quotes"])
            assert server.asked == []
            status, (told,) = await answers(home, "desk", "ask", story[:8], QUESTION, "--model")
            assert (status, told["schema"], told["reviewed"]) == (0, "tocsin.desk-generated/1", False)
            assert (told["model"], told["said"][0]["text"], told["given"]) == ("small-model", "It is so.", 1)
            assert server.asked[0][2]["Authorization"] == f"Bearer {KEY}"
            status, (told,) = await answers(home, "desk", "ask", story[:8])
            assert (status, told["code"]) == (1, "config.value")
            server.manner = "refusing"
            status, (told,) = await answers(home, "desk", "ask", story[:8], QUESTION, "--model")
            assert told["code"] == "desk.model-failed"
            assert status != 0
            status, (report,) = await answers(home, "doctor")
            assert KEY not in repr(report)
        # The key is in no file of the node; the question is in its store alone, where the answer is kept.
        holding = {path.name for path in home.path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()}
        assert holding == set()
        asked = {
            path.name for path in home.path.rglob("*") if path.is_file() and b"CANARY-QUESTION" in path.read_bytes()
        }
        assert all(name.startswith("store.sqlite") for name in asked)


def test_a_model_is_asked_by_the_command_and_its_key_stays_in_its_file(tmp_path):
    with served() as server:
        asyncio.run(whole(tmp_path, server))
