"""The operator opens accounts at the command line of a real node; the person comes in by the link."""

import json
import re
import subprocess
import sys
from html import unescape

import pyotp
import pytest
import requests


def tocsin(home, *words, status=0):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "--home", str(home), *map(str, words)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def node(tmp_path):
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


def test_a_person_is_let_in_given_other_roles_reset_and_let_go(node):
    home, url = node
    made = json.loads(tocsin(home, "user", "add", "Amira", "--role", "administrator", "--json"))
    assert made["link"].startswith(f"{url}/in/")
    session = requests.Session()
    page = session.get(made["link"], timeout=30).text
    secret = re.search(r"<code[^>]*>([A-Z2-7 ]{32,})</code>", page)[1].replace(" ", "")
    token = unescape(re.search(r'name="form_token" value="([^"]*)"', page)[1])
    words = {
        "form_token": token,
        "password": "a few good words",
        "again": "a few good words",
        "code": pyotp.TOTP(secret).now(),
    }
    assert session.post(made["link"], data=words, timeout=30).status_code == 200
    assert session.get(f"{url}/admin", timeout=30).status_code == 200
    assert session.get(f"{url}/threats", timeout=30).status_code == 404

    tocsin(home, "user", "role", "amira", "--role", "analyst", status=1)  # the last administrator
    tocsin(home, "user", "add", "jean", "--role", "administrator", "--role", "duty")
    tocsin(home, "user", "add", "JEAN", "--role", "duty", status=1)
    tocsin(home, "user", "role", "amira", "--role", "analyst")
    assert session.get(f"{url}/admin", timeout=30).status_code == 404
    assert session.get(f"{url}/threats", timeout=30).status_code == 200
    listed = json.loads(tocsin(home, "user", "list", "--json"))["people"]
    assert [(one["name"], one["roles"], one["has_password"]) for one in listed] == [
        ("Amira", ["analyst"], True),
        ("jean", ["administrator", "duty"], False),
    ]
    assert "administrator duty" in tocsin(home, "user", "list")
    assert json.loads(tocsin(home, "user", "reset", "AMIRA", "--json"))["link"] != made["link"]
    assert session.get(f"{url}/threats", timeout=30, allow_redirects=False).status_code == 303
    tocsin(home, "user", "remove", "amira")
    tocsin(home, "user", "remove", "amira", status=1)
    store = (home / "store.sqlite").read_bytes() + (home / "store.sqlite-wal").read_bytes()
    assert b"a few good words" not in store
    assert made["link"].rpartition("/")[2].encode() not in store
