"""Admin: what is set and where from, our own keys, the provider that is asked who it is, and the tested restore."""

import json
from dataclasses import replace

import pytest

from tocsin.edge.signin.oidc import Client, Provider
from tocsin.errors import AccessError
from tocsin.exchange.members.descriptor import fingerprint
from tocsin.node import config
from tocsin.node.diagnostics import Diagnostics

ISSUER = "https://id.example"
META = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t", "jwks_uri": f"{ISSUER}/k",
    "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
}  # fmt: skip
KEYS = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}


def with_provider(house, **answers):
    asked = []

    async def fetch(url, form, who):
        asked.append((url, form, who))
        found = answers.get(url.rpartition("/")[2], META)
        if isinstance(found, Exception):
            raise found
        return json.dumps(found).encode()

    client = Client(ISSUER, "tocsin-aa", "very secret", "email")
    house.again(provider=Provider(client, fetch, house.door.tickets, house.clock))
    return asked


@pytest.mark.slow
def test_the_provider_is_asked_who_it_is_by_an_administrator_only_and_nobody_is_signed_in(visit):
    async def story(house):
        asked = with_provider(house, k=KEYS)
        browser = await house.enroll("root", "administrator")
        page = await browser.ask("/admin/sign-in")
        assert "tocsin-aa" in page.text
        assert "very secret" not in page.text
        assert "/sign-in/oidc/back" in page.text
        assert asked == []
        told = await browser.post("/admin/sign-in", "/admin/sign-in")
        assert "The provider answers as it must." in told.text
        assert [url for url, _, _ in asked] == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/k"]
        assert all(form is None and who is None for _, form, who in asked), "the secret is not sent to try"
        overseer = await house.enroll("overseer", "oversight")
        shown = await overseer.ask("/admin/sign-in")
        assert "<button>Ask the provider" not in shown.text
        assert (await overseer.post("/me", "/admin/sign-in")).status == 404
        assert len(asked) == 2

    visit(story)


@pytest.mark.slow
def test_what_is_wrong_with_the_provider_is_told(visit):
    async def story(house):
        browser = await house.enroll("root", "administrator")
        wrong = {
            "another name": {"openid-configuration": {**META, "issuer": "https://other.example"}},
            "does not answer": {"openid-configuration": AccessError("access.oidc", "the provider does not answer")},
            "keys cannot be read": {"k": {"keys": [{"kty": "?"}]}},
            "not usable": {"openid-configuration": {"issuer": ISSUER}},
        }
        for words, answers in wrong.items():
            with_provider(house, **{"k": KEYS, **answers})
            told = await browser.post("/admin/sign-in", "/admin/sign-in")
            assert (words in told.text, "access.oidc" in told.text) == (True, True), words
            assert "as it must" not in told.text
        house.again(provider=None)
        assert "No provider is set" in (await browser.post("/admin/sign-in", "/admin/sign-in")).text

    visit(story)


@pytest.mark.slow
def test_settings_say_what_they_are_and_whether_they_are_as_by_default(visit):
    async def story(house):
        settings = {"handle": "aa", "session_minutes": 720, "dial": "larger"}
        house.again(settings=settings, explained=config.explained())
        browser = await house.enroll("root", "administrator")
        told = {one["name"]: one for one in (await browser.ask("/admin/settings.json")).json["settings"]}
        assert [told[name]["is_default"] for name in settings] == [False, True, False]
        assert told["session_minutes"]["meaning"] == "after which people sign in again"

    visit(story)


def test_every_setting_is_explained():
    assert [name for name, (meaning, _) in config.explained().items() if not meaning] == []
    assert config.explained()["desks"][1] == {}
    assert config.explained()["handle"][1] is None


@pytest.mark.slow
def test_our_own_keys_are_shown_with_the_commands_that_change_them(visit):
    async def story(house):
        async def keys():
            made = {
                "role": "log",
                "fingerprint": fingerprint(b"ours"),
                "made": "2026-01-01T00:00:00Z",
                "charter": "current",
                "waiting": fingerprint(b"the next"),
            }
            return {"handle": "aa", "version": 1, "certificate_end": "2027-01-01T00:00:00Z", "keys": [made]}

        house.again(keys=keys)
        page = (await (await house.enroll("root", "administrator")).ask("/admin/keys")).text
        assert fingerprint(b"ours") in page, "as members read it to each other"
        assert fingerprint(b"the next") in page
        assert "2027-01-01" in page
        assert "tocsin keys rotate" in page

    visit(story)


def test_the_page_of_backups_says_when_a_restore_was_proven(visit):
    async def story(house):
        async def noted():
            return {
                "made_at_us": 1,
                "file": "b.tar",
                "tested_at_us": 1_795_327_200_000_000,
                "tested_made_at": "2026-11-20T01:02:03Z",
            }

        house.again(backups=noted)
        page = (await (await house.enroll("root", "administrator")).ask("/admin/backups")).text
        assert "2026-11-22 06:00:00Z" in page
        assert "2026-11-20 01:02:03Z" in page

    visit(story)


@pytest.mark.slow
def test_diagnostics_are_shown_by_code_and_bounded_and_escaped(visit):
    async def story(house):
        noted = Diagnostics("aa", house.clock)
        for number in range(700):
            noted("peer.gone" if number % 2 else "peer.unreachable", "bb", f"<b>{number}</b>")
        house.control = replace(house.control, diagnostics=noted.recent)
        house.again(control=house.control)
        browser = await house.enroll("root", "administrator")
        page = await browser.ask("/admin/diagnostics")
        assert "peer.gone (250)" in page.text
        assert "&lt;b&gt;699&lt;/b&gt;" in page.text
        assert page.text.count("<tr data-row>") == 50
        told = json.loads((await browser.ask("/admin/diagnostics.json?code=peer.gone&from=200")).text)
        assert {one["code"] for one in told["events"]} == {"peer.gone"}
        assert (len(told["events"]), told["next"]) == (50, 0)

    visit(story)


def test_a_refused_account_or_token_stays_in_its_form(visit):
    async def story(house):
        browser = await house.enroll("root", "administrator")
        form = {"name": "root", "role": ["duty", "analyst"]}
        told = (await browser.post("/admin/accounts", "/admin/accounts", **form)).text
        assert 'name="name" value="root" required' in told
        assert [
            one
            for one in ("duty", "analyst", "releaser")
            if f'name="role" value="{one}" checked> ' in told.partition('id="add-title"')[2]
        ] == ["duty", "analyst"]
        told = (await browser.post("/admin/tokens", "/admin/tokens", name="!", channel="plenary")).text
        assert 'name="name" value="!" required' in told
        assert 'name="channel" value="plenary" checked' in told

    visit(story)
