"""Web Push: the RFC's own vector, a real push service on this machine, and what is never told to it."""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import asynccontextmanager

import http_ece
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk, jwt

from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.notifiers import Desks
from tocsin.backends.system.pushing import KEPT_S, Manner, Push, VapidKey, sealed
from tocsin.errors import ConfigError
from tocsin.formats import push
from tocsin.ports.devices import Device
from tocsin.ports.notifier import Page

CANARY = "canary-7f3a-quarry-explosives"
PAGE = Page("report--1/0/2/17", "report--1", "flash", "cyber", 2, f"[FLASH] {CANARY}", f"{CANARY}\n")


def octets(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_the_vector_of_rfc_8291_appendix_a():
    scalar = int.from_bytes(octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    browser = Device(
        "vector",
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        octets("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        octets("BTBZMqHH6r4Tts7J_aSIgg"),
        "en",
    )
    packed = sealed(
        b"When I grow up, I want to be a watermelon",
        browser,
        octets("DGv6ra1nlYgDCS1FRnbzlw"),
        ec.derive_private_key(scalar, ec.SECP256R1()),
    )
    # The RFC's record: its header (salt, record size 4096, our public key), then the sealed text.
    assert text(packed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


class Browser:
    """A browser's own half of a subscription."""

    def __init__(self, port, name, language="en", host="127.0.0.1"):
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.device = Device(name, f"http://{host}:{port}/push/{name}", point, name.encode().ljust(16, b"-"), language)

    def opened(self, packed):
        return http_ece.decrypt(packed, private_key=self.key, auth_secret=self.device.secret, version="aes128gcm")


class Service:
    """A browser maker's push service: keeps what it was asked, answers as it is told to."""

    def __init__(self):
        self.asked = []
        self.status = {}

    async def take(self, request):
        self.asked.append((request.match_info["name"], dict(request.headers), await request.read()))
        status = self.status.get(request.match_info["name"], 201)
        return web.Response(status=status, headers={"Location": f"http://127.0.0.1:{self.port}/elsewhere"})

    @asynccontextmanager
    async def running(self):
        app = web.Application()
        app.router.add_post("/push/{name}", self.take)
        app.router.add_route("*", "/{name}", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await runner.cleanup()


class Kept:
    """ports.devices in memory."""

    def __init__(self, *browsers, role="duty"):
        self.devices = [one.device for one in browsers]
        self.role = role
        self.noted = []

    async def of_roles(self, roles, key):
        return [one for one in self.devices if self.role in roles]

    async def told(self, ids):
        self.noted += sorted(ids)

    async def drop(self, id_):
        self.devices = [one for one in self.devices if one.id != id_]


def pushing(kept, port, *, services=None, desks=None):
    desks = Desks(desks or {"duty-officer": ["push:duty"], "silent": []})
    manner = Manner(services or [f"127.0.0.1:{port}"], "mailto:duty@eg.example", SystemClock(), SystemEntropy())

    async def secret():
        return bytes(range(32))

    return Push(desks, kept, manner, secret)


def story(work):
    async def inside():
        service = Service()
        async with service.running():
            await work(service)

    asyncio.run(inside())


def test_each_browser_opens_its_own_and_the_service_learns_nothing_but_that():
    async def work(service):
        amira, omar = Browser(service.port, "amira", "ar"), Browser(service.port, "omar", "fr")
        kept = Kept(amira, omar)
        one = pushing(kept, service.port)
        assert await one.notify("duty-officer", PAGE) == 2
        assert kept.noted == ["amira", "omar"]
        by_name = {name: (headers, body) for name, headers, body in service.asked}
        for browser in (amira, omar):
            headers, body = by_name[browser.name]
            said = json.loads(plain := browser.opened(body))
            assert len(plain) == push.SIZE
            assert said == {
                "schema": "tocsin.push/1",
                "path": "/w/report--1",
                "urgency": "flash",
                "language": browser.device.language,
                "tag": said["tag"],
            }
            told = f"{headers}".encode() + body
            assert CANARY.encode() not in plain
            assert not any(word in told for word in (b"report--1", b"flash", b"cyber", CANARY.encode()))
            assert headers["Urgency"] == "high"
            assert headers["TTL"] == str(KEPT_S)
            assert headers["Content-Encoding"] == "aes128gcm"
        with pytest.raises(http_ece.ECEException):
            omar.opened(by_name["amira"][1])
        # A routine one about nothing in particular looks the same from outside.
        await one.notify("duty-officer", Page("k", "report--2", "routine", "", 1, "", ""))
        assert len({len(body) for _, _, body in service.asked}) == 1
        assert {headers["Urgency"] for _, headers, _ in service.asked} == {"high"}

    story(work)


def test_the_token_says_who_we_are_to_that_service_for_half_a_day():
    async def work(service):
        one = pushing(Kept(Browser(service.port, "amira")), service.port)
        await one.notify("duty-officer", PAGE)
        token, key = (part.partition("=")[2] for part in service.asked[0][1]["Authorization"][6:].split(", "))
        assert key == (await one.key()).public == VapidKey(bytes(range(32))).public
        point = octets(key)
        public = jwk.ECKey.import_key(
            {"kty": "EC", "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:])},
        )
        found = jwt.decode(token, public, algorithms=["ES256"])
        assert found.claims["aud"] == f"http://127.0.0.1:{service.port}"
        assert found.claims["sub"] == "mailto:duty@eg.example"
        assert 0 < found.claims["exp"] - SystemClock().now_us() / 1e6 <= 24 * 3600

    story(work)


def test_only_who_failed_is_told_again_and_who_is_gone_is_forgotten():
    async def work(service):
        kept = Kept(*(Browser(service.port, name) for name in ("amira", "gone", "late", "lost")))
        service.status = {"gone": 410, "lost": 404, "late": 503}
        one = pushing(kept, service.port)
        with pytest.raises(ConfigError) as error:
            await one.notify("duty-officer", PAGE)
        assert error.value.code == "config.notifier"
        assert error.value.what == "1 of 4 devices could not be told (503)"
        assert [device.id for device in kept.devices] == ["amira", "late"]
        topics = {headers["Topic"] for name, headers, _ in service.asked if name == "late"}
        service.asked.clear()
        service.status = {}
        assert await one.notify("duty-officer", PAGE) == 2
        assert [name for name, _, _ in service.asked] == ["late"], "who was told is not told twice"
        assert {headers["Topic"] for _, headers, _ in service.asked} == topics, "a repetition replaces the first"

    story(work)


@pytest.mark.parametrize("status", [302, 401, 403, 413, 429, 500])
def test_every_other_answer_is_a_failure_and_keeps_the_device(status):
    async def work(service):
        kept = Kept(Browser(service.port, "amira"))
        service.status = {"amira": status}
        with pytest.raises(ConfigError, match=str(status)):
            await pushing(kept, service.port).notify("duty-officer", PAGE)
        assert kept.devices
        assert [name for name, _, _ in service.asked] == ["amira"], "a redirection was followed"

    story(work)


def test_a_service_that_is_not_on_the_list_is_not_asked():
    async def work(service):
        inside = Browser(service.port, "amira")
        for listed in (["fcm.googleapis.com"], [f"127.0.0.1:{service.port + 1}"], [f"localhost:{service.port}"]):
            assert await pushing(Kept(inside), service.port, services=listed).notify("duty-officer", PAGE) == 0
        assert service.asked == []

    story(work)


def test_nobody_is_told_where_no_desk_says_so():
    async def work(service):
        kept = Kept(Browser(service.port, "amira"))
        assert await pushing(kept, service.port).notify("silent", PAGE) == 0
        assert await pushing(kept, service.port, desks={"duty-officer": ["push:analyst"]}).notify("x", PAGE) == 0
        assert await pushing(kept, service.port).notify("head-of-duty", PAGE) == 1, (
            "an unknown role is the duty officer"
        )
        assert len(service.asked) == 1

    story(work)


def test_a_key_that_is_none_is_forgotten_and_holds_up_nobody():
    async def work(service):
        broken, whole = Browser(service.port, "broken"), Browser(service.port, "whole")
        broken.device = Device("broken", broken.device.endpoint, b"\x04" + bytes(64), bytes(16), "en")
        kept = Kept(broken, whole)
        assert await pushing(kept, service.port).notify("duty-officer", PAGE) == 1
        assert [one.id for one in kept.devices] == ["whole"]

    story(work)


def test_nothing_of_a_device_shows_in_a_repr():
    device = Browser(1, "amira").device
    assert "push/amira" not in repr(device)
    assert repr(device.secret) not in repr(device)
