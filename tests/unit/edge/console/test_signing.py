"""Coming in: by link, by password and code, by passkey, by the house's provider; and every way it is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk, jwt

from tocsin.edge.console.pages.signing import local
from tocsin.edge.signin.oidc import Client, Provider
from tocsin.edge.signin.sessions import MINUTE_US
from tocsin.edge.signin.tickets import text, untext
from tocsin.errors import AccessError

LOCALHOST = "http://localhost:7401"


def entering(house, name, /, **changed):
    return {"name": name, "password": house.password, "code": house.code(name), **changed}


@pytest.mark.slow
def test_a_link_works_once_and_then_opens_nothing(visit):
    async def story(house):
        token = await house.people.add("amira", ["duty", "analyst"])
        browser = house.browser()
        first, again = await browser.ask(f"/in/{token}"), await browser.ask(f"/in/{token}")
        assert first.status == 200
        assert first.text == again.text, "looking at a link changes what it offers"
        form = {"form_token": first.field(), "password": house.password, "again": house.password}
        wrong = await browser.ask(f"/in/{token}", {**form, "code": "000000"})
        assert (wrong.status, "access.code" in wrong.text) == (403, True)
        short = await browser.ask(
            f"/in/{token}", {**form, "password": "x" * 11, "again": "x" * 11, "code": house.code(token)}
        )
        assert (short.status, "config.password" in short.text) == (400, True)
        uneven = await browser.ask(f"/in/{token}", {**form, "again": "something else", "code": house.code(token)})
        assert uneven.status == 400
        done = await browser.ask(f"/in/{token}", {**form, "code": house.code(token)})
        assert (done.status, done.header("location")) == (303, "/")
        assert (await browser.ask("/me")).status == 200
        for other in (browser, house.browser()):
            assert (await other.ask(f"/in/{token}")).status == 410
        kept = (await house.people.find("amira")).password
        assert kept.startswith("$argon2id$")
        assert house.password not in kept

    visit(story)


def test_a_link_ends_after_a_day_and_with_the_next_one(visit):
    async def story(house):
        token = await house.people.add("amira", ["duty"])
        newer = await house.people.reset("AMIRA")
        assert (await house.browser().ask(f"/in/{token}")).status == 410
        assert (await house.browser().ask(f"/in/{newer}")).status == 200
        house.clock.offset_s += 86_401
        assert (await house.browser().ask(f"/in/{newer}")).status == 410

    visit(story)


def test_password_and_code_open_a_session_and_any_fault_says_the_same(visit):
    async def story(house):
        await house.enroll("Amira", "duty")
        await house.clock.sleep(60)
        house.secrets["amira"] = house.secrets["Amira"]
        wrong = ({"name": "nobody"}, {"password": "wrong horse"}, {"code": "000000"}, {"code": ""}, {"password": ""})
        forms = [entering(house, "Amira", **changed) for changed in wrong]
        replies = [await house.browser().post("/sign-in", "/sign-in", **form) for form in forms]
        assert {one.status for one in replies} == {401}
        bare = {one.text.replace(one.field(), "") for one in replies}
        assert len(bare) == 1, "a refusal tells which part was wrong"
        browser = house.browser()
        done = await browser.post(
            "/sign-in?to=/members", "/sign-in", **entering(house, "AMIRA", to="/members", code=house.code("Amira"))
        )
        assert (done.status, done.header("location")) == (303, "/members")
        assert (await browser.ask("/me")).status == 200
        assert (await browser.ask("/sign-in")).header("location") == "/"

    visit(story)


def test_a_code_counts_once(visit):
    async def story(house):
        await house.enroll("amira", "duty")
        await house.clock.sleep(60)
        form = entering(house, "amira")
        assert (await house.browser().post("/sign-in", "/sign-in", **form)).status == 303
        assert (await house.browser().post("/sign-in", "/sign-in", **form)).status == 401
        earlier = {**form, "code": house.code("amira", -30)}
        assert (await house.browser().post("/sign-in", "/sign-in", **earlier)).status == 401
        await house.clock.sleep(60)
        assert (await house.browser().post("/sign-in", "/sign-in", **entering(house, "amira"))).status == 303

    visit(story)


@pytest.mark.slow
def test_tries_are_slowed_for_an_account_however_its_name_is_written_and_for_an_address(visit):
    async def story(house):
        await house.enroll("amira", "duty")
        await house.clock.sleep(60)
        for number, name in enumerate(("amira", "AMIRA", " amira ", "\uff41mira", "Amira")):
            form = entering(house, "amira", name=name, password="x")
            assert (await house.browser(f"192.0.2.{number}").post("/sign-in", "/sign-in", **form)).status == 401
        right = await house.browser("192.0.2.99").post("/sign-in", "/sign-in", **entering(house, "amira"))
        assert (right.status, right.header("retry-after") or "access.throttled" in right.text) == (429, True)
        await house.clock.sleep(61)
        assert (
            await house.browser("192.0.2.99").post("/sign-in", "/sign-in", **entering(house, "amira"))
        ).status == 303
        for number in range(20):
            form = entering(house, "amira", name=f"somebody{number}")
            assert (await house.browser("192.0.2.50").post("/sign-in", "/sign-in", **form)).status == 401
        blocked = await house.browser("192.0.2.50").post("/sign-in", "/sign-in", **entering(house, "amira", name="x"))
        assert blocked.status == 429
        assert (
            await house.browser("192.0.2.51").post("/sign-in", "/sign-in", **entering(house, "amira", name="x"))
        ).status == 401

    visit(story)


@pytest.mark.slow
def test_a_session_ends_by_time_by_rest_by_its_owner_and_by_an_administrator(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        for _ in range(11):
            house.clock.offset_s += 3600
            assert (await browser.ask("/me")).status == 200
        house.clock.offset_s += 3601
        assert (await browser.ask("/me")).status == 303, "it outlived its twelve hours"
        await house.people.reset("amira")
        token = await house.people.reset("amira")
        page = await browser.ask(f"/in/{token}")
        form = {
            "form_token": page.field(),
            "password": house.password,
            "again": house.password,
            "code": house.code(token),
        }
        await browser.ask(f"/in/{token}", form)
        house.clock.offset_s += 120 * 60 + 1
        assert (await browser.ask("/me")).status == 303, "it outlived two hours of rest"
        other = await house.enroll("other", "duty")
        assert (await other.post("/me", "/sign-out")).header("location") == "/sign-in?done=signed-out"
        assert other.cookies.keys() == {"tocsin-aa-visit"} or "tocsin-aa" not in other.cookies
        third = await house.enroll("third", "duty")
        await house.people.reset("third")
        assert (await third.ask("/me")).status == 303
        fourth = await house.enroll("fourth", "duty")
        await house.people.remove("fourth")
        assert (await fourth.ask("/me")).status == 303

    visit(story)


def test_signing_out_voids_the_cookie_itself(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        kept = dict(browser.cookies)
        await browser.post("/me", "/sign-out")
        browser.cookies = kept
        assert (await browser.ask("/me")).status == 303
        assert (await browser.ask("/me", {"form_token": "x"}, "POST")).status == 401

    visit(story)


@pytest.mark.slow
def test_roles_changed_are_in_force_with_the_next_request(visit):
    async def story(house):
        browser = await house.enroll("amira", "administrator")
        await house.people.add("other", ["administrator"])
        assert (await browser.ask("/admin")).status == 200
        await house.people.set_roles("amira", ["duty"])
        assert (await browser.ask("/admin")).status == 404
        assert (await browser.ask("/threats")).status == 200

    visit(story)


def test_no_more_than_twenty_sessions_of_one_person(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        for _ in range(20):
            await house.clock.sleep(1)
            await house.door.sessions.open("amira")
        assert (await browser.ask("/me")).status == 303
        held = house.federation.nodes["aa"].query("SELECT digest FROM edge_sessions")
        assert len(held) == 20

    visit(story)


def test_only_paths_of_ours_are_gone_on_to():
    assert local("/o/x?y=1") == "/o/x?y=1"
    for strange in ("", "//evil.example", "/\\evil.example", "https://evil.example", "/a\\b", "/a\nb", "javascript:x"):
        assert local(strange) == "/", strange


# -- passkeys -----------------------------------------------------------------------------------------------------


class Authenticator:
    """A passkey in software."""

    def __init__(self, party="localhost"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = sha256(b"credential").digest()
        self.party = party
        self.count = 0

    def data(self, flags, more=b""):
        self.count += 1
        return sha256(self.party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + more

    def create(self, options, origin, flags=0x45):
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self.data(flags, bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose)
        client = self.client("webauthn.create", options, origin)
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self.told({"clientDataJSON": b64(client), "attestationObject": b64(made)})

    def get(self, options, origin, flags=0x05):
        data, client = self.data(flags), self.client("webauthn.get", options, origin)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self.told({"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)})

    def client(self, kind, options, origin):
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": origin}).encode()

    def told(self, response):
        return json.dumps(
            {
                "id": b64(self.id),
                "rawId": b64(self.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )


def b64(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


async def on_localhost(browser, path, form=None):
    return await browser.ask(path, form, host="localhost:7401", **({"origin": LOCALHOST} if form is not None else {}))


@pytest.mark.slow
def test_a_passkey_is_made_by_a_link_and_opens_sessions(visit):
    async def story(house):
        house.again(public_url=lambda: LOCALHOST)
        token = await house.people.add("amira", ["duty"])
        browser, device = house.browser(), Authenticator()
        page = await on_localhost(browser, f"/in/{token}")
        form = {"form_token": page.field()}
        options = (await on_localhost(browser, f"/in/{token}/passkey/offer", form)).json
        assert options["rp"]["id"] == "localhost"
        for bad in (device.create(options, "https://evil.example"), device.create(options, LOCALHOST, 0x41), "{}", "x"):
            refused = await on_localhost(browser, f"/in/{token}/passkey", {**form, "answer": bad})
            assert (refused.status, "access.passkey" in refused.text) == (403, True)
        options = (await on_localhost(browser, f"/in/{token}/passkey/offer", form)).json
        done = await on_localhost(
            browser, f"/in/{token}/passkey", {**form, "answer": device.create(options, LOCALHOST)}
        )
        assert done.status == 303
        assert (await on_localhost(browser, "/me")).status == 200

        other = house.browser()
        form = {"form_token": (await on_localhost(other, "/sign-in")).field()}
        options = (await on_localhost(other, "/sign-in/passkey/offer", form)).json
        answer = device.get(options, LOCALHOST)
        assert (await on_localhost(other, "/sign-in/passkey", {**form, "answer": answer})).status == 303
        third = house.browser()
        form = {"form_token": (await on_localhost(third, "/sign-in")).field()}
        replayed = await on_localhost(third, "/sign-in/passkey", {**form, "answer": answer})
        assert replayed.status == 403, "an answer counted twice"
        options = (await on_localhost(third, "/sign-in/passkey/offer", form)).json
        await house.clock.sleep(301)
        late = await on_localhost(third, "/sign-in/passkey", {**form, "answer": device.get(options, LOCALHOST)})
        assert late.status == 403, "a challenge outlived its five minutes"
        stranger = Authenticator()
        stranger.id = device.id
        options = (await on_localhost(third, "/sign-in/passkey/offer", form)).json
        forged = await on_localhost(third, "/sign-in/passkey", {**form, "answer": stranger.get(options, LOCALHOST)})
        assert forged.status == 403
        await house.people.remove_passkey("amira", device.id)
        options = (await on_localhost(third, "/sign-in/passkey/offer", form)).json
        gone = await on_localhost(third, "/sign-in/passkey", {**form, "answer": device.get(options, LOCALHOST)})
        assert gone.status == 403

    visit(story)


def test_passkeys_are_offered_where_browsers_make_them(visit):
    async def story(house):
        assert "data-passkey" not in (await house.browser().ask("/sign-in")).text
        assert "data-passkey" in (await on_localhost(house.browser(), "/sign-in")).text
        browser = house.browser()
        form = {"form_token": (await browser.ask("/sign-in")).field()}
        assert (await browser.ask("/sign-in/passkey/offer", form)).status == 403

    visit(story)


# -- OpenID Connect -----------------------------------------------------------------------------------------------


class Provided:
    """A provider: its documents, and the token it gives for the code it expects."""

    issuer = "https://id.example"

    def __init__(self, clock):
        self.clock = clock
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.claims = {}
        self.signs_with = self.key
        self.asked = []

    async def fetch(self, url, form, who):
        self.asked.append((url, form, who))
        if url.endswith("/.well-known/openid-configuration"):
            found = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth"}
            return json.dumps(
                {**found, "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys"}
            ).encode()
        if url.endswith("/keys"):
            return json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        if form["code"] != "good":
            raise AccessError("access.oidc", "the provider answered 400")
        now = self.clock.now_us() // 1_000_000
        claims = {"iss": self.issuer, "aud": "tocsin", "sub": "u-17", "iat": now, "exp": now + 300, **self.claims}
        return json.dumps({"id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with)}).encode()


async def through(house, provider, code="good", **changed):
    browser = house.browser()
    hop = await browser.post("/sign-in", "/sign-in/oidc")
    assert hop.status == 200
    to = urlsplit(hop.text.partition("0;url=")[2].partition('"')[0].replace("&amp;", "&"))
    asked = {key: one[0] for key, one in parse_qs(to.query).items()}
    provider.claims = {"nonce": asked["nonce"], **provider.claims}
    state = changed.get("state", asked["state"])
    if changed.get("forget"):
        browser.cookies.clear()
    back = await browser.ask(f"/sign-in/oidc/back?state={state}&code={code}")
    return asked, back, browser


@pytest.mark.slow
def test_the_houses_provider_lets_in_whom_it_names_and_nobody_else(visit):
    async def story(house):
        given = Provided(house.clock)
        house.again(
            provider=Provider(Client(given.issuer, "tocsin", "s3"), given.fetch, house.door.tickets, house.clock)
        )
        asked, back, browser = await through(house, given)
        assert (back.status, "access.sign-in" in back.text) == (401, True), "nobody has that subject yet"
        await house.people.add("amira", ["duty"], "u-17")
        given.claims = {}
        asked, back, browser = await through(house, given)
        assert (back.status, 'content="0;url=/"' in back.text) == (200, True)
        assert (await browser.ask("/me")).status == 200
        assert asked["code_challenge_method"] == "S256"
        _url, form, who = next(one for one in given.asked[::-1] if one[0].endswith("/token"))
        assert (who, b64(sha256(form["code_verifier"].encode()).digest())) == (
            ("tocsin", "s3"),
            asked["code_challenge"],
        )
        assert asked["redirect_uri"] == form["redirect_uri"] == f"{house.url}/sign-in/oidc/back"

    visit(story)


@pytest.mark.slow
def test_whatever_is_wrong_with_the_providers_word_is_refused(visit):
    async def story(house):
        given = Provided(house.clock)
        house.again(
            provider=Provider(Client(given.issuer, "tocsin", "s3"), given.fetch, house.door.tickets, house.clock)
        )
        await house.people.add("amira", ["duty"], "u-17")
        now = house.clock.now_us() // 1_000_000
        for claims in (
            {"iss": "https://other.example"},
            {"aud": "other"},
            {"exp": now - 100},
            {"nonce": "other"},
            {"sub": ""},
        ):
            given.claims = claims
            _, back, browser = await through(house, given)
            assert (back.status, "access.oidc" in back.text) == (403, True), claims
            assert "tocsin-aa" not in browser.cookies
        given.claims, given.signs_with = {}, jwk.RSAKey.generate_key(2048, {"kid": "one"})
        assert (await through(house, given))[1].status == 403
        given.claims, given.signs_with = {}, given.key
        assert (await through(house, given, code="bad"))[1].status == 403
        for changed in ({"forget": True}, {"state": "x"}, {"state": text(bytes(56))}):
            given.claims = {}
            assert (await through(house, given, **changed))[1].status == 403, changed
        asked, back, browser = await through(house, given)
        assert (await browser.ask(f"/sign-in/oidc/back?state={asked['state']}&code=good")).status == 403, "twice"

    visit(story)


@pytest.mark.slow
def test_without_a_provider_its_addresses_are_absent(visit):
    async def story(house):
        assert (await house.browser().ask("/sign-in/oidc/back?state=x&code=y")).status == 404
        assert "at your organisation" not in (await house.browser().ask("/sign-in")).text

    visit(story)


def test_a_ticket_is_ours_for_its_purpose_in_its_time_and_once(visit):
    async def story(house):
        tickets = house.door.tickets
        one = tickets.make("x", 10)
        assert not tickets.take("y", one)
        assert not tickets.take("x", one[:-1] + bytes([one[-1] ^ 1]))
        assert not tickets.take("x", b"")
        assert tickets.take("x", one)
        assert not tickets.take("x", one)
        other = tickets.make("x", 10)
        await house.clock.sleep(11)
        assert not tickets.take("x", other)
        assert untext("ä") == untext("!") == b""
        assert untext(text(b"abc")) == urlsafe_b64decode("YWJj")

    visit(story)


def test_used_sessions_are_noted_to_the_minute(visit):
    async def story(house):
        browser = await house.enroll("amira", "duty")
        seen = "SELECT seen FROM edge_sessions"
        before = house.federation.nodes["aa"].query(seen)[0][0]
        await house.clock.sleep(59)
        await browser.ask("/me")
        assert house.federation.nodes["aa"].query(seen)[0][0] == before
        await house.clock.sleep(2)
        await browser.ask("/me")
        assert house.federation.nodes["aa"].query(seen)[0][0] - before >= MINUTE_US

    visit(story)
