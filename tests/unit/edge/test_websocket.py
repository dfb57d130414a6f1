"""A link over a WebSocket: whatever happens to the socket, the link just ends."""

import asyncio

import pytest
from aiohttp import ClientConnectionResetError, WSMessage, WSMsgType

from tocsin.edge.peer.websocket import WebSocketLink
from tocsin.errors import PeerError


class Losing:
    """A socket that brings one message and is lost while it answers a ping."""

    def __init__(self):
        self.brought = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.brought:
            raise ClientConnectionResetError("Cannot write to closing transport")
        self.brought = True
        return WSMessage(WSMsgType.BINARY, b"one", None)

    async def send_bytes(self, data):
        raise ClientConnectionResetError("Cannot write to closing transport")

    async def close(self, *, message):
        raise ClientConnectionResetError("Cannot write to closing transport")


def test_a_socket_that_is_lost_ends_its_link():
    async def story():
        released = []

        async def release():
            released.append(True)

        link = WebSocketLink("aa", Losing(), release)
        assert [one async for one in link.messages()] == [b"one"]
        with pytest.raises(PeerError) as raised:
            await link.send(b"two")
        assert raised.value.code == "peer.gone"
        await link.close("peer.gone")
        assert released == [True]

    asyncio.run(story())
