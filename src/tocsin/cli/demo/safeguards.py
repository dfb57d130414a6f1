"""What must not pass does not, and two members agree on what each gave: played on the running nodes."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from tocsin.cli.demo import acts
from tocsin.cli.demo.nodes import Node
from tocsin.cli.demo.source import derived_id, instant
from tocsin.cli.demo.stage import Stage
from tocsin.formats import canonical
from tocsin.formats.tlp import Tlp, marking_id

_EXPECTED: Final = ("person.undeclared", "policy.deny-listed")


@dataclass(slots=True)
class Safeguards:
    """What the act has shown, for the report."""

    refused: int = 0  # a public resolver to be blocked, a person without safeguards
    fairness: str = "not run"  # what the other side says of a member's statement: equal

    def json(self) -> dict[str, Any]:
        """Both by their names."""
        return asdict(self)

    @property
    def complete(self) -> bool:
        """Whether both were refused and the statement is what the other side computes."""
        return (self.refused, self.fairness) == (len(_EXPECTED), "equal")


def _objects() -> Iterator[bytes]:
    common: dict[str, Any] = {"spec_version": "2.1", "created": instant(0), "modified": instant(0)}
    common |= {"object_marking_refs": [marking_id(Tlp.AMBER)]}
    pattern = {"pattern_type": "stix", "pattern_version": "2.1", "valid_from": instant(0)}
    for name, address in (("resolver", "8.8.8.8"), ("good", "198.18.111.111")):
        one = {"type": "indicator", "id": derived_id("indicator", f"safe-{name}"), "name": name, **pattern, **common}
        yield canonical.encode({**one, "pattern": f"[ipv4-addr:value = '{address}']"})
    person = {"type": "identity", "id": derived_id("identity", "safe-person"), "identity_class": "individual"}
    yield canonical.encode({**person, "name": "Somebody", **common})


async def play(giver: Node, other: Node, channel: str, stage: Stage) -> Safeguards:
    """Share three objects of which two must be refused; then a statement of what was given, verified by the other."""
    outcome = await acts.share(giver, channel, acts.lines(_objects()))
    codes = sorted({one.partition(":")[0] for one in outcome.reasons})
    found = Safeguards(refused=outcome.refused if tuple(codes) == _EXPECTED else 0)
    stage.did(
        f"{giver.handle} → {channel}  1 of 3 objects passes the gate; refused: {', '.join(codes)}",
        well=bool(found.refused),
    )
    stated = await giver.control.get("/fairness/statement", member=other.handle)
    verified = await other.control.post("/fairness/verification", {"file": stated["file"]})
    found.fairness = str(verified["verdict"])
    stage.did(
        f"what {giver.handle} says it gave and got, {other.handle} computes from its own logs: {found.fairness}",
        well=found.fairness == "equal",
    )
    return found
