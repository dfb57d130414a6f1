"""The link of a demonstration: straight in, once, from this machine; on every other node it opens nothing, as if it were any word."""

from dataclasses import replace

import pytest

from tocsin.edge.signin.demonstration import NAME, Demonstration
from tocsin.errors import ConfigError
from tocsin.node.config import Settings
from tocsin.node.people import PeoplesDoor

HERE = "127.0.0.1"


def opened(house):
    made = Demonstration(house.people, house.door.sessions, house.core.world.entropy)
    house.again(door=replace(house.door, demonstration=made))
    return made


@pytest.mark.slow
def test_it_leads_straight_in_and_only_once(visit):
    async def story(house):
        link = f"/in/{await opened(house).invite()}"
        browser = house.browser(HERE)
        reply = await browser.ask(link)
        assert (reply.status, reply.header("location")) == (303, "/")
        for path in ("/threats", "/admin", "/brief"):
            assert NAME in (await browser.ask(path)).text
        again = house.browser(HERE)
        assert (await again.ask(link)).status == 410
        assert (await again.ask("/threats")).status == 303
        person = await house.people.find(NAME)
        assert (person.password, person.totp) == ("", "")

    visit(story)


def test_from_another_machine_it_opens_nothing_and_is_not_used_up(visit):
    async def story(house):
        link = f"/in/{await opened(house).invite()}"
        for address in ("192.0.2.1", "", "127.0.0.1.example", "::2"):
            far = house.browser(address)
            assert (await far.ask(link)).status == 410, address
            assert (await far.ask("/threats")).status == 303
        assert (await house.browser(HERE).ask(link)).status == 303

    visit(story)


@pytest.mark.slow
def test_a_node_that_is_no_demonstration_knows_no_such_link(visit):
    async def story(house):
        link = f"/in/{await opened(house).invite()}"
        house.again(door=replace(house.door, demonstration=None))
        browser = house.browser(HERE)
        assert (await browser.ask(link)).status == 410
        assert (await browser.ask("/threats")).status == 303

    visit(story)


def test_where_people_have_accounts_there_is_no_demonstration(visit):
    async def story(house):
        await house.people.add("amira", ["administrator"])
        made = opened(house)
        with pytest.raises(ConfigError) as caught:
            await made.invite()
        assert caught.value.code == "config.person-exists"
        assert (await house.browser(HERE).ask("/in/")).status in (303, 404)
        assert await made.enter("", HERE) is None

    visit(story)


@pytest.mark.parametrize(
    "more",
    [
        {"people_url": "https://tocsin.example"},
        {"people_listen": "0.0.0.0:0", "people_certificate": "c.pem", "people_key": "k.pem"},
        {"people_certificate": "c.pem", "people_key": "k.pem"},
    ],
)
def test_it_is_never_open_beyond_this_machine(visit, more):
    async def story(house):
        settings = Settings(handle="aa", **{"people_listen": "127.0.0.1:0", **more})
        door = PeoplesDoor(None, settings, house.core, demonstration=True)
        with pytest.raises(ConfigError) as caught:
            await door.open(house.control, None, None)
        assert caught.value.code == "config.people-listen"
        assert await door.way_in() == {}

    visit(story)
