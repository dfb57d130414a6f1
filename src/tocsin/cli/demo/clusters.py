"""The galaxy clusters of the installed package pymispgalaxies, read from its data files.

The package itself is not imported: that takes more than a second, for a validator which is not needed here.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from tocsin.errors import ConfigError

_CLUSTERS: Final = Path("data", "misp-galaxy", "clusters")
_META_NAMES: Final = MappingProxyType(
    {
        "iso": "ISO",
        "iso_codes": "iso-code",
        "kinds": "type",
        "victims": "cfr-suspected-victims",
        "categories": "cfr-target-category",
        "incident": "cfr-type-of-incident",
        "sponsor": "cfr-suspected-state-sponsor",
        "sectors": "targeted-sector",
        "confidence": "attribution-confidence",
    },
)


class Meta(msgspec.Struct, frozen=True, rename=_META_NAMES.get):
    """The free-form part of a cluster, as far as the demonstration uses it."""

    refs: list[str] = []
    synonyms: list[str] = []
    kinds: list[str] = []
    country: str = ""
    sponsor: str = ""
    confidence: str = ""
    victims: list[str] = []
    categories: list[str] = []
    sectors: list[str] = []
    incident: str | list[str] = ""
    motive: str = ""
    sector: str = ""
    iso: str = ""
    iso_codes: list[str] = []


class Related(msgspec.Struct, frozen=True, rename={"target": "dest-uuid"}.get):
    """A pointer from one cluster to another, perhaps in another galaxy."""

    target: str
    type: str
    tags: list[str] = []


class Cluster(msgspec.Struct, frozen=True):
    """One actor, tool, malware family, country, ..."""

    uuid: str
    value: str
    description: str = ""
    meta: Meta = Meta()
    related: list[Related] = []


class Galaxy(msgspec.Struct, frozen=True):
    """One data file: clusters of one kind, with the version of the collection."""

    type: str
    version: int
    values: list[Cluster]


def read(*names: str) -> Mapping[str, Galaxy]:
    """The named galaxies. `ConfigError` if the package or one of its files is missing or damaged."""
    spec = find_spec("pymispgalaxies")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("config.no-sample-data", "The package pymispgalaxies is not installed.")
    folder = Path(spec.submodule_search_locations[0]) / _CLUSTERS
    decoder = msgspec.json.Decoder(Galaxy)
    found = {}
    for name in names:
        try:
            found[name] = decoder.decode((folder / f"{name}.json").read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError("config.no-sample-data", f"The galaxy {name} cannot be read.") from error
    return found
