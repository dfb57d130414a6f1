"""The browser code of others is given out only as it was put there; without it the console works."""

import json
from hashlib import sha256

import pytest

from tocsin.edge.console import assets


@pytest.fixture
def folder(tmp_path):
    third = tmp_path / "third-party"
    third.mkdir()
    hashes = {}
    for name in assets.NEEDED:
        (third / name).write_bytes(name.encode())
        hashes[name] = sha256(name.encode()).hexdigest()
    (third / "hashes.json").write_text(json.dumps(hashes))
    (tmp_path / "console.css").write_text("body {}")
    return tmp_path


def test_what_is_whole_is_given_out_under_an_address_that_follows_its_content(folder):
    found = assets.load(folder)
    assert found.faults == assets.faults(folder) == ()
    assert found.has_htmx
    assert found.world == b"world.json"
    before = found.address("console.css")
    (folder / "console.css").write_text("body { margin: 0 }")
    assert assets.load(folder).address("console.css") != before


def test_what_was_changed_or_is_missing_is_named_and_not_given_out(folder):
    (folder / "third-party" / "htmx.min.js").write_bytes(b"alert(1)")
    (folder / "third-party" / "world.json").unlink()
    (folder / "third-party" / "stranger.js").write_bytes(b"alert(1)")
    found = assets.load(folder)
    assert found.faults == ("htmx.min.js", "world.json")
    assert not found.has_htmx
    assert set(found.files) == {"console.css", "hx-sse.min.js"}
    assert found.world == b""


def test_without_the_folder_there_is_no_javascript_of_others(folder, visit, monkeypatch):
    (folder / "third-party" / "hashes.json").unlink()
    found = assets.load(folder)
    assert found.faults == assets.NEEDED

    async def story(house):
        real = assets.load()
        monkeypatch.setattr("tocsin.edge.console.app.assets.load", lambda: assets.Assets(
            {name: one for name, one in real.files.items() if name not in assets.NEEDED}, found.faults, b""))  # fmt: skip
        house.again()
        page = (await house.browser().ask("/sign-in")).text
        assert "htmx" not in page
        assert "console.css" in page
        assert house.federation.nodes["aa"].notes[-1][0] == "doctor.browser-code"
        assert (await house.browser().ask("/static/htmx.min.js")).status == 404

    visit(story)


def test_assets_may_be_kept_for_ever_and_pages_not_at_all(visit):
    async def story(house):
        import gzip

        browser = house.browser()
        plain, packed = (
            await browser.ask("/static/console.css"),
            await browser.ask("/static/console.css", accept_encoding="gzip"),
        )
        assert plain.header("cache-control") == "public, max-age=31536000, immutable"
        assert gzip.decompress(packed.body) == plain.body
        for name in ("../app.py", "%2e%2e%2fapp.py", "third-party", "hashes.json", "world.json"):
            assert (await browser.ask(f"/static/{name}")).status in (303, 404), name

    visit(story)
