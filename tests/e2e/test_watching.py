"""A real node is watched as a monitoring system does it, over its listener and its socket."""

import json
import re
import socket
import subprocess
import sys

import pytest
import requests


def tocsin(home, *words):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "--home", str(home), *map(str, words)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout


@pytest.fixture
def node(tmp_path):
    """(home, address of the listener) of a running founder whose peer is away."""
    home, other, note = tmp_path / "a", tmp_path / "b", tmp_path / "charter.note"
    for one, handle, port in ((home, "eg-cert", 7400), (other, "fr-cert", 1)):  # nobody listens there
        listen = ("--peer-listen", "127.0.0.1:0", "--people-listen", "127.0.0.1:0", "--endpoint", f"127.0.0.1:{port}")
        tocsin(one, "init", handle, *listen)
    tocsin(home, "charter", "found", "HW", home / "descriptor.note", other / "descriptor.note", "--out", note)
    tocsin(other, "charter", "sign", note)
    tocsin(home, "charter", "adopt", note)
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "--home", str(home), "run", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    yield home, json.loads(process.stdout.readline())["people_url"]
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()


def over_the_socket(home, path):
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(home / "run" / "control.sock"))
        door.sendall(f"GET {path} HTTP/1.0\r\nHost: node\r\n\r\n".encode())
        return b"".join(iter(lambda: door.recv(65536), b"")).decode()


def names(page):
    return set(re.findall(r"^# TYPE ([a-z_]+)", page, flags=re.MULTILINE))


def test_health_readiness_and_metrics_of_a_real_node(node):
    home, url = node
    assert requests.get(f"{url}/healthz", timeout=10).text == "ok\n"
    ready = requests.get(f"{url}/readyz", timeout=10)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": []})
    assert requests.get(f"{url}/metrics", timeout=10).status_code == 401
    token = json.loads(tocsin(home, "account", "add", "monitoring", "--json"))["token"]
    sent = {"Authorization": f"Bearer {token}"}
    told = requests.get(f"{url}/metrics", headers=sent, timeout=10)
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert '\ntocsin_link_up{peer="fr-cert"} 0\n' in told.text
    assert '\ntocsin_log_behind{channel="plenary"} 0\n' in told.text
    commits = int(re.search(r"^tocsin_commit_seconds_count (\d+)$", told.text, flags=re.MULTILINE)[1])
    assert commits >= 1, "the account itself was a commit"
    assert re.search(r"^tocsin_events_total\{code=\"peer\.[a-z-]+\"\} [1-9]", told.text, flags=re.MULTILINE)
    assert requests.get(f"{url}/taxii2/", headers=sent, timeout=10).status_code == 200
    page = over_the_socket(home, "/metrics")
    assert "200 OK" in page.partition("\r\n")[0]
    assert names(page) == names(told.text)
