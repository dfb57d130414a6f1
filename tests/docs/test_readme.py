"""The README's first federation of two machines, command by command, on two homes of this machine."""

import json
import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
STEP = re.compile(r"<!-- (run|start) on (\S+) -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.mark.slow
def test_the_first_federation_of_two_machines_works_as_written(machines):
    steps = STEP.findall(README.read_text(encoding="utf-8"))
    assert len(steps) >= 10
    told = []
    for what, name, commands in steps:
        if what == "start":
            machines[name].start(commands)
        else:
            told.append(machines[name].run(commands))
    everything = "\n".join(told)
    assert "1 object would be shared in plenary" in everything
    assert "1 object shared in plenary, 0 refused" in everything
    assert "Scanner of port controllers" in everything
    assert "1 object: all proven" in everything
    discovery, _, envelope = told[-1].partition("\n")
    assert json.loads(discovery)["title"] == "Tocsin fr-cert"
    assert [one["id"] for one in json.loads(envelope)["objects"]] == ["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]
