"""Real threat information for demonstrations: the MISP galaxies of the installed package as STIX 2.1 objects.

Actors become intrusion sets, families become malware, the rest tools; countries, regions, sectors and struck
organisations become locations and identities; pointers between clusters become relationships.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from types import MappingProxyType
from typing import Final
from uuid import RFC_4122, UUID

from tocsin.cli.demo.clusters import Cluster, Galaxy, read
from tocsin.cli.demo.places import Atlas
from tocsin.cli.demo.relations import pointer, relationship
from tocsin.cli.demo.source import SOURCE_ID, Json, author, definition, derived_id, encode

_ACTORS: Final = ("threat-actor", "microsoft-activity-group")
_SOFTWARE: Final = MappingProxyType(
    {  # galaxy: the STIX type of its clusters and the malware or tool type they have if nothing else is said
        "tool": ("tool", "unknown"),
        "exploit-kit": ("tool", "exploitation"),
        "tds": ("tool", "unknown"),
        "rat": ("malware", "remote-access-trojan"),
        "backdoor": ("malware", "backdoor"),
        "stealer": ("malware", "spyware"),
        "banker": ("malware", "trojan"),
        "botnet": ("malware", "bot"),
        "cryptominers": ("malware", "resource-exploitation"),
        "ransomware": ("malware", "ransomware"),
        "android": ("malware", "unknown"),
        "malpedia": ("malware", "unknown"),
    },
)
_PLACES: Final = ("country", "region", "target-information", "sector")

_TOOL_IS_MALWARE: Final = MappingProxyType(
    {
        "backdoor": "backdoor",
        "webshell": "webshell",
        "rat": "remote-access-trojan",
        "pws": "spyware",
        "spyware": "spyware",
        "dropper": "dropper",
        "loader": "downloader",
        "rootkit": "rootkit",
        "banking": "trojan",
        "miner": "resource-exploitation",
        "worm": "worm",
    },
)
_CALLED_MALWARE: Final = re.compile(
    r"\b(?:malware|trojan|worm|virus|backdoor|ransomware|wiper|rootkit)\b", re.IGNORECASE
)
_SAID_OF_MALWARE: Final = MappingProxyType(
    {
        "ransomware": "ransomware",
        "remote access trojan": "remote-access-trojan",
        "backdoor": "backdoor",
        "keylogg": "keylogger",
        "downloader": "downloader",
        "dropper": "dropper",
        "rootkit": "rootkit",
        "bootkit": "bootkit",
        "wiper": "wiper",
        "worm": "worm",
        "webshell": "webshell",
        "web shell": "webshell",
        "stealer": "spyware",
        "spyware": "spyware",
        "botnet": "bot",
        "ddos": "ddos",
        "adware": "adware",
        "miner": "resource-exploitation",
        "trojan": "trojan",
    },
)
_SAID_OF_TOOLS: Final = MappingProxyType(
    {
        "remote access": "remote-access",
        "remote control": "remote-access",
        "credential": "credential-exploitation",
        "password": "credential-exploitation",
        "scanner": "vulnerability-scanning",
        "sniff": "network-capture",
        "reconnaissance": "information-gathering",
        "exploit": "exploitation",
        "denial of service": "denial-of-service",
    },
)
_MOTIVATION: Final = MappingProxyType(
    {
        "Financial Theft": "personal-gain",
        "Extortion": "personal-gain",
        "Business Email Compromise": "personal-gain",
        "Cybercrime": "personal-gain",
        "Financially motivated": "personal-gain",
        "Hacktivists-Nationalists": "ideology",
        "Defacement": "ideology",
        "Sabotage": "dominance",
    },
)
_URL: Final = re.compile(
    r"https?://([A-Za-z0-9.-]+)(?::\d+)?(?:[/?#](?:[\w\-.~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?", re.ASCII
)
_SPONSOR_UNKNOWN: Final = "unknown"


def objects(*, limit: int | None = None) -> Iterator[bytes]:
    """Canonical JSON of valid STIX 2.1 objects: definitions first, then relationships between them.

    At most `limit` of them; both ends of each relationship are always among the objects. The same installation gives the same bytes. `ConfigError` at once if the package is not installed.
    """
    collection = _Collection(read(*_ACTORS, *_SOFTWARE, *_PLACES))
    things = collection.all() if limit is None else collection.first(limit)
    return map(encode, things)


def canary_objects(label: str, canary: str, level: str, count: int) -> Iterator[bytes]:
    """`count` objects whose name and description contain `canary`: indicators, and a report on them as the last.

    `level` is the id of the marking definition they carry; `label` tells several sets apart.
    """
    indicators: list[str] = []
    for number in range(count):
        report = number > 0 and number == count - 1
        kind = "report" if report else "indicator"
        made = definition(
            kind,
            derived_id(kind, "canary", label, canary, str(number)),
            0,
            name=f"{label} {number}: {canary}",
            description=f"For the members of one channel only ({label}): {canary}",
        )
        made["object_marking_refs"] = [level]
        made |= _report_body(indicators, made["created"]) if report else _indicator_body(made["id"], made["created"])
        indicators.append(made["id"])
        yield encode(made)


def _report_body(about: Sequence[str], published: str) -> Json:
    return {"report_types": ["indicator"], "published": published, "object_refs": list(about)}


def _indicator_body(stix_id: str, valid_from: str) -> Json:
    return {
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = '{stix_id[-12:]}.canary.example']",
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": valid_from,
    }


class _Collection:
    """The galaxies with every pointer resolved; definitions are made when they are asked for."""

    def __init__(self, galaxies: Mapping[str, Galaxy]) -> None:
        self._galaxies = galaxies
        self._atlas = Atlas(galaxies["country"], galaxies["region"], galaxies["target-information"])
        self._sponsors: dict[str, Json] = {}
        self._relationships: dict[str, Json] = {}
        self._ids = {c.uuid: _cluster_id(name, c) for name in (*_ACTORS, *_SOFTWARE) for c in galaxies[name].values}
        self._sector_names = {cluster.uuid: cluster.value for cluster in galaxies["sector"].values}
        for name in (*_ACTORS, *_SOFTWARE):
            for cluster in galaxies[name].values:
                self._relate(cluster, galaxies[name].version)

    def all(self) -> Iterator[Json]:
        return chain(self._definitions(), self._relationships.values())

    def first(self, limit: int) -> Iterator[Json]:
        """Related objects before solitary ones, so that even a small part is a connected picture."""
        needed = {SOURCE_ID}
        relationships: list[Json] = []
        for made in self._relationships.values():
            ends = {made["source_ref"], made["target_ref"]} - needed
            if len(needed) + len(ends) + len(relationships) < limit:
                needed |= ends
                relationships.append(made)
        definitions = self._chosen(needed, limit - len(needed) - len(relationships))
        return islice(chain(definitions, relationships), limit)

    def _chosen(self, needed: AbstractSet[str], spare: int) -> Iterator[Json]:
        for made in self._definitions():
            if made["id"] in needed:
                yield made
            elif spare > 0:
                spare -= 1
                yield made

    def _definitions(self) -> Iterator[Json]:
        yield author()
        yield from self._atlas.objects()
        yield from sorted(self._sponsors.values(), key=lambda thing: str(thing["name"]))
        for name in _ACTORS:
            for cluster in self._galaxies[name].values:
                yield _intrusion_set(self._ids[cluster.uuid], cluster, self._galaxies[name].version)
        for name in _SOFTWARE:
            for cluster in self._galaxies[name].values:
                yield _software(self._ids[cluster.uuid], name, cluster, self._galaxies[name].version)

    def _relate(self, cluster: Cluster, version: int) -> None:
        stix_id = self._ids[cluster.uuid]
        for said in cluster.related:
            target = self._ids.get(said.target) or self._place_or_sector(said.target)
            if target is not None and target != stix_id:
                self._add(pointer(said.type, stix_id, target, version, said.tags))
        struck = chain(
            map(self._atlas.victim, cluster.meta.victims),
            map(self._atlas.sector, (*cluster.meta.categories, *cluster.meta.sectors)),
        )
        for target in filter(None, struck):
            self._add(relationship("targets", stix_id, target, version))
        self._attribute(stix_id, cluster, version)

    def _attribute(self, stix_id: str, cluster: Cluster, version: int) -> None:
        confidence = int(cluster.meta.confidence) if cluster.meta.confidence.isdecimal() else None
        for name in (cluster.meta.country, cluster.meta.sponsor):
            origin = self._atlas.country(name)
            if origin is not None:
                self._add(relationship("originates-from", stix_id, origin, version, confidence))
        sponsor = self._sponsor(cluster.meta.sponsor, version)
        if sponsor is not None and stix_id.startswith("intrusion-set--"):
            self._add(relationship("attributed-to", stix_id, sponsor, version, confidence))

    def _sponsor(self, name: str, version: int) -> str | None:
        home = self._atlas.country(name)
        if home is None:
            return None
        stix_id = derived_id("threat-actor", "state", home)
        if stix_id not in self._sponsors:
            country = next(thing["name"] for thing in self._atlas.objects() if thing["id"] == home)
            self._sponsors[stix_id] = definition(
                "threat-actor",
                stix_id,
                version,
                name=f"Suspected state sponsor: {country}",
                threat_actor_types=["nation-state"],
                resource_level="government",
            )
            self._add(relationship("located-at", stix_id, home, version))
        return stix_id

    def _place_or_sector(self, uuid: str) -> str | None:
        if uuid in self._sector_names:
            return self._atlas.sector(self._sector_names[uuid])
        return self._atlas.country_of_cluster(uuid)

    def _add(self, made: Json) -> None:
        self._relationships.setdefault(made["id"], made)


def _cluster_id(galaxy: str, cluster: Cluster) -> str:
    kind = "intrusion-set" if galaxy in _ACTORS else _software_kind(galaxy, cluster)[0]
    try:
        uuid = UUID(cluster.uuid)
    except ValueError:
        return derived_id(kind, galaxy, cluster.value)
    if uuid.variant != RFC_4122 or uuid.version not in {1, 3, 4, 5}:
        return derived_id(kind, galaxy, cluster.value)
    return f"{kind}--{uuid}"


def _software_kind(galaxy: str, cluster: Cluster) -> tuple[str, str]:
    if galaxy == "tool":  # that galaxy holds both: what its maintainers call malware is not a STIX tool
        for word in cluster.meta.kinds:
            if word.lower() in _TOOL_IS_MALWARE:
                return "malware", _TOOL_IS_MALWARE[word.lower()]
        if _CALLED_MALWARE.search(f"{cluster.value} {cluster.description}"):
            return "malware", "unknown"
    return _SOFTWARE[galaxy]


def _software(stix_id: str, galaxy: str, cluster: Cluster, version: int) -> Json:
    kind, certain = _software_kind(galaxy, cluster)
    words = _SAID_OF_MALWARE if kind == "malware" else _SAID_OF_TOOLS
    said = cluster.description.lower()
    types = {found for word, found in words.items() if word in said} | {certain}
    if len(types) > 1:
        types.discard("unknown")
    made = _described(kind, stix_id, cluster, version)
    made[f"{kind}_types"] = sorted(types)
    if kind == "malware":
        made["is_family"] = True
    return made


def _intrusion_set(stix_id: str, cluster: Cluster, version: int) -> Json:
    meta = cluster.meta
    incidents = [meta.incident] if isinstance(meta.incident, str) else meta.incident
    motives = (_MOTIVATION.get(word) for word in (*incidents, meta.motive, meta.sector))
    made = _described("intrusion-set", stix_id, cluster, version)
    if goals := list(filter(None, incidents)):
        made["goals"] = goals
    if motive := next(filter(None, motives), None):
        made["primary_motivation"] = motive
    if meta.sponsor and meta.sponsor.lower() != _SPONSOR_UNKNOWN:
        made["resource_level"] = "government"
    return made


def _described(kind: str, stix_id: str, cluster: Cluster, version: int) -> Json:
    name = cluster.value.strip()
    names = dict.fromkeys(synonym.strip() for synonym in cluster.meta.synonyms)
    return definition(
        kind,
        stix_id,
        version,
        name=name,
        description=cluster.description.replace("\r\n", "\n").strip(),
        aliases=[alias for alias in names if alias and alias != name],
        external_references=[_reference(ref) for ref in dict.fromkeys(map(str.strip, cluster.meta.refs)) if ref],
    )


def _reference(ref: str) -> Json:
    url = _URL.fullmatch(ref)
    if url is None:
        return {"source_name": "misp-galaxy", "description": ref}
    return {"source_name": url[1].lower(), "url": ref}
