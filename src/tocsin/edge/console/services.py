"""What the console needs of the node."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.edge.console.world import World
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.drafts.sealing import Sealing
from tocsin.edge.signin.door import Door
from tocsin.edge.signin.oidc import Provider
from tocsin.ports.entropy import Entropy
from tocsin.ports.metrics import Meter


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
    pseudo: bool = False  # tests: every translated sentence is marked, so that one that is not stands out
