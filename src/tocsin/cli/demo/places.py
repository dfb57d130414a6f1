"""Who is struck, and where: names of countries, regions, sectors and organisations as locations and identities."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tocsin.cli.demo.clusters import Cluster, Galaxy
from tocsin.cli.demo.source import Json, definition, derived_id

_NOT_A_VICTIM: Final = frozenset({"", "unknown", "other", "global", "country", "services", "multi-sector"})
_WITHDRAWN_CODES: Final = frozenset({"AN", "CS"})  # no longer in ISO 3166-1

_MORE_COUNTRY_NAMES: Final = MappingProxyType(
    {
        "iran (islamic republic of)": "IR",
        "korea (democratic people's republic of)": "KP",
        "korea (republic of)": "KR",
        "republic of korea": "KR",
        "people's republic of china": "CN",
        "palestine": "PS",
        "gaza": "PS",
        "lebonon": "LB",
        "the philippines": "PH",
        "czech republic": "CZ",
        "russian federation": "RU",
    },
)

# UN M49 names of the data, everyday names, and the values of STIX region-ov
_REGION_NAMES: Final = MappingProxyType(
    {
        "middle east": "western-asia",
        "the middle east": "western-asia",
        "east asia": "eastern-asia",
        "south asia": "southern-asia",
        "southeast asia": "south-eastern-asia",
        "southeast asian": "south-eastern-asia",
        "north america": "northern-america",
        "northeast africa": "eastern-africa",
        "channel islands": "northern-europe",
        "latin america and the caribbean": "latin-america-caribbean",
        "australia and new zealand": "australia-new-zealand",
        "sub-saharan africa": "africa",
    },
)
_REGIONS: Final = frozenset(
    [
        "africa",
        "eastern-africa",
        "middle-africa",
        "northern-africa",
        "southern-africa",
        "western-africa",
        "americas",
        "caribbean",
        "central-america",
        "latin-america-caribbean",
        "northern-america",
        "south-america",
        "asia",
        "central-asia",
        "eastern-asia",
        "southern-asia",
        "south-eastern-asia",
        "western-asia",
        "europe",
        "eastern-europe",
        "northern-europe",
        "southern-europe",
        "western-europe",
        "oceania",
        "antarctica",
        "australia-new-zealand",
        "melanesia",
        "micronesia",
        "polynesia",
    ],
)

# STIX industry-sector-ov value: the names under which the data speak of it
_SECTOR_NAMES: Final = MappingProxyType(
    {
        "aerospace": "aerospace|space|satellite navigation|civil aviation",
        "agriculture": "agriculture|food|food and agriculture",
        "automotive": "automotive",
        "chemical": "chemical|petrochemical",
        "commercial": "private sector|business|trade|ecommerce|marketing|advertising",
        "communications": "media|media and entertainment|news - media|television broadcast|communication equipment",
        "construction": "construction|civil engineering|engineering",
        "defense": "defense|military|defense industrial base|defense contractor",
        "education": "education|universities|academia - university|higher education|scientific research"
        "|research - innovation",
        "energy": "energy|petroleum|energy company|electric|oil|gas",
        "entertainment": "entertainment|gaming|game|gambling companies|gambling websites|casino|sport",
        "financial-services": "finance|financial|financial services|bank|payment|investment|cryptocurrency",
        "government": "government|government, administration|government administration|intelligence"
        "|government agencies and services|government institutions|diplomacy|justice|intergovernmental",
        "emergency-services": "police - law enforcement",
        "healthcare": "healthcare|health|medical|biomedical|life science|covid-19 research organizations",
        "hospitality-leisure": "hospitality|hotels|restaurant|travel|tourism",
        "infrastructure": "infrastructure|digital infrastructure",
        "insurance": "insurance",
        "manufacturing": "manufacturing|critical manufacturing|electronics manufacturers|industrial|electronic"
        "|semiconductor industry|semi-conductors|electronic|metal|steel",
        "mining": "mining",
        "non-profit": "ngos|ngo|non-profit organisation|civil society|religious organization|religious organizations"
        "|pro-democracy and human rights political organizations|think tanks",
        "pharmaceuticals": "pharmaceuticals|pharmacy",
        "retail": "retail",
        "technology": "technology|high-tech|high tech|information technology|it|digital services|it - security",
        "telecommunications": "telecommunications|telecoms|telecomms|it - isp",
        "transportation": "transportation|transportation systems|transport|rail|railway|logistics|logistic|aviation"
        "|maritime|shipping",
        "water": "water",
    },
)
_SECTORS: Final = MappingProxyType({alias: ov for ov, names in _SECTOR_NAMES.items() for alias in names.split("|")})
_SINGULAR: Final = MappingProxyType({"dissident": "dissidents", "journalist": "journalists"})
_PLURAL_VICTIMS: Final = frozenset(
    {
        "cryptocurrency exchanges in south korea",
        "ethnic minorities in china",
        "iranian internet activists",
        "kurdistan",
        "uighurs",
    },
)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


class Atlas:
    """Turns names into ids of locations and identities, and remembers which ones were asked for.

    Each place and each victim exists once, however often and under however many names it is mentioned.
    """

    def __init__(self, countries: Galaxy, regions: Galaxy, targets: Galaxy) -> None:
        self._version = countries.version + regions.version + targets.version
        self._countries: Mapping[str, Cluster] = {
            cluster.meta.iso: cluster for cluster in countries.values if cluster.meta.iso not in _WITHDRAWN_CODES
        }
        self._codes = dict(self._code_names(targets.values))
        self._region_of: Mapping[str, str] = {c.uuid: _region(c.value.partition(" - ")[2]) for c in regions.values}
        self._named_by_uuid = {c.uuid: c.meta.iso for c in countries.values} | {
            c.uuid: next(iter(c.meta.iso_codes), "") for c in targets.values
        }
        self._asked: dict[str, Json] = {}

    def objects(self) -> Iterator[Json]:
        """What was asked for so far: locations first, then identities."""
        return iter(sorted(self._asked.values(), key=lambda thing: (thing["type"] != "location", thing["name"])))

    def country(self, name: str) -> str | None:
        """The location id of a country by its code or any of its names."""
        code = self._codes.get(_folded(name))
        return None if code is None else self._country(code)

    def country_of_cluster(self, uuid: str) -> str | None:
        """The location id of a country by the id of its cluster."""
        code = self._named_by_uuid.get(uuid)
        return self._country(code) if code is not None and code in self._countries else None

    def victim(self, name: str) -> str | None:
        """The id of a struck country, region, organisation or group; None for names that say nothing."""
        if _folded(name) in _NOT_A_VICTIM:
            return None
        return self.country(name) or self._location_of_region(name) or self._struck(name)

    def sector(self, name: str) -> str | None:
        """The id of the class of organisations of a sector; None for names that say nothing."""
        folded = _folded(name)
        if folded in _NOT_A_VICTIM:
            return None
        sector = _SECTORS.get(folded)
        if sector is None:
            return self._identity(_SINGULAR.get(folded, folded).capitalize(), "class", [])
        return self._identity(f"{sector.replace('-', ' ').capitalize()} sector", "class", [sector])

    def _code_names(self, targets: Iterable[Cluster]) -> Iterator[tuple[str, str]]:
        # later pairs win: synonyms first, official names after them
        for target in targets:
            code = next(iter(target.meta.iso_codes), "")
            if code in self._countries:
                yield from ((_folded(name), code) for name in (*target.meta.synonyms, target.value))
        yield from _MORE_COUNTRY_NAMES.items()
        for code, cluster in self._countries.items():
            yield from ((_folded(name), code) for name in (code, cluster.value, cluster.description))

    def _country(self, code: str) -> str:
        cluster = self._countries[code]
        stix_id = f"location--{cluster.uuid}"
        regions = (self._region_of.get(related.target) for related in cluster.related)
        region = next(filter(None, regions), None)
        return self._remember("location", stix_id, name=cluster.description.strip(), country=code, region=region)

    def _location_of_region(self, name: str) -> str | None:
        region = _region(name)
        if not region:
            return None
        return self._remember("location", derived_id("location", region), name=_title(region), region=region)

    def _struck(self, name: str) -> str:
        plural = _folded(name) in _PLURAL_VICTIMS or "sector" in name
        return self._identity(name.strip(), "class" if plural else "organization", [])

    def _identity(self, name: str, identity_class: str, sectors: list[str]) -> str:
        stix_id = derived_id("identity", identity_class, _folded(name))
        return self._remember("identity", stix_id, name=name, identity_class=identity_class, sectors=sectors)

    def _remember(self, kind: str, stix_id: str, **properties: object) -> str:
        if stix_id not in self._asked:
            self._asked[stix_id] = definition(kind, stix_id, self._version, **properties)
        return stix_id


def _region(name: str) -> str:
    folded = _folded(name)
    region = _REGION_NAMES.get(folded, folded.replace(" ", "-"))
    return region if region in _REGIONS else ""


def _title(region: str) -> str:
    return "Middle East" if region == "western-asia" else region.replace("-", " ").title()
