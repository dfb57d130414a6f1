"""A generative model that an administrator may name. What it answers is a stranger's text, whoever runs it."""

from typing import Protocol

import msgspec


class Prompt(msgspec.Struct, frozen=True):
    """What is sent, and nothing else: what is to be done, and the texts it is to be done with."""

    instructions: str
    texts: str


class Generator(Protocol):
    """One request at a time."""

    @property
    def name(self) -> str:
        """The model, as the administrator named it; what it calls itself is not believed."""
        ...

    async def complete(self, prompt: Prompt) -> str:
        """The answer, as it came, at most 16,000 characters.

        Raises PeerError("desk.model-busy", "desk.model-failed"), ConfigError("config.file").
        """
        ...
