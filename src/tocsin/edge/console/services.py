"""What the console needs of the node."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tocsin.edge.console.world import World
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.drafts.sealing import Sealing
from tocsin.edge.signin.door import Door
from tocsin.edge.signin.oidc import Provider
from tocsin.ports.entropy import Entropy
from tocsin.ports.metrics import Meter


class Push(NamedTuple):
    """What the console needs to let people be told on their browsers."""

    services: Sequence[str]  # the setting push_services
    roles: frozenset[str]  # of people whom some desk tells in this way
    key: Callable[[], Awaitable[str]]  # our public one (RFC 8292), base64url


@dataclass(frozen=True, slots=True)
class Services:
    """The node's parts, as the pages see them."""

    control: ControlServices
    door: Door
    provider: Provider | None  # of OpenID Connect
    settings: Mapping[str, Any]  # as in tocsin.toml
    examine: Callable[[], Awaitable[list[dict[str, Any]]]]  # what `tocsin doctor` finds
    backups: Callable[[], Awaitable[Mapping[str, Any] | None]]  # the newest one noted
    public_url: Callable[[], str]
    loopback: bool  # whether the listener is reached from this machine only
    meter: Meter
    entropy: Entropy
    sealing: Sealing
    world: World | None = None  # the map with the borders this node chose; None: none was built
    explained: Mapping[str, tuple[str, Any]] = field(default_factory=dict)  # what each setting means, and its default
    keys: Callable[[], Awaitable[dict[str, Any]]] | None = None  # our own: role, fingerprint, made, charter, waiting
    push: Push | None = None  # None: the administrator allows no push
    pseudo: bool = False  # tests: every translated sentence is marked, so that one that is not stands out
