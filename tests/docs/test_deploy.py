"""deploy/ names commands, options, files and settings that are there, and keeps its promises of hardness."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
from typer.main import get_command

from tocsin.cli.main import build

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def unit():
    """{key: [values]} of the service."""
    out = {}
    for line in (DEPLOY / "tocsin.service").read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            out.setdefault(key, []).append(value)
    return out


def test_the_unit_starts_the_node_and_shuts_it_in():
    told = unit()
    assert told["ExecStart"] == ["/opt/tocsin/.venv/bin/tocsin --home /var/lib/tocsin/node run"]
    assert (told["Type"], told["Restart"], told["KillSignal"]) == (["simple"], ["on-failure"], ["SIGTERM"])
    assert (told["User"], told["StateDirectory"], told["UMask"]) == (["tocsin"], ["tocsin"], ["0077"])
    assert told["ProtectSystem"] == ["strict"]
    assert told["CapabilityBoundingSet"] == [""]
    assert told["LimitCORE"] == ["0"]
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"):
        assert told[key] == ["yes"], key
    assert "ReadWritePaths" not in told


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    if not which("systemd-analyze"):
        pytest.skip("there is no systemd here")
    here = tmp_path / "tocsin.service"
    text = (DEPLOY / "tocsin.service").read_text("utf-8").replace("/opt/tocsin/.venv/bin/tocsin", "/bin/true")
    here.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if here.name in line]
    assert [line for line in told if "Unknown" in line or "Failed to parse" in line or "ignoring" in line] == []


def test_the_image_takes_the_lock_with_hashes_and_runs_as_nobody_special():
    told = (DEPLOY / "Containerfile").read_text("utf-8")
    assert re.findall(r"^(?:ARG BASE=|FROM )(.*)$", told, flags=re.MULTILINE) == [
        "python:3.11-slim",
        "${BASE} AS build",
        "${BASE}",
    ]
    install = told.partition("COPY pyproject.toml")[0]
    assert "--require-hashes --only-binary :all: -r requirements.lock" in install
    assert told.count("pip install") == 2
    assert "--no-deps --no-build-isolation ." in told
    assert told.index("\nUSER 7400:7400") < told.index("\nVOLUME /var/lib/tocsin")
    for name in re.findall(r"^COPY ((?!--)[^\n]+) \./", told, flags=re.MULTILINE):
        assert all((ROOT / one).exists() for one in name.split()), name


def words(group, path=()):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from words(one, (*path, name))
        else:
            yield (*path, name), {opt for parameter in one.params for opt in parameter.opts}


def test_the_steps_use_commands_and_options_that_are_there():
    there = dict(words(get_command(build())))
    text = (DEPLOY / "README.md").read_text("utf-8").replace("\\\n", " ")
    lines = re.findall(r"^(?:node|podman (?:run|exec).*? tocsin) ((?:[a-z]+)(?: [^\n]*)?)$", text, flags=re.MULTILINE)
    lines = [line.removeprefix("tocsin ") for line in lines]
    assert len(lines) >= 6
    for line in lines:
        parts = line.split()
        name = tuple(parts[:2]) if tuple(parts[:2]) in there else tuple(parts[:1])
        assert name in there, line
        assert {one for one in parts if one.startswith("--")} <= there[name], line


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)\)", (DEPLOY / "README.md").read_text("utf-8")):
        assert (DEPLOY / target).exists(), target
