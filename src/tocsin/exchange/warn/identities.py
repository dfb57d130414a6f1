"""Which member a STIX identity is, by the key that stands for its id."""

from typing import Final

from tocsin.exchange.members.registry import Members
from tocsin.formats import correction

_NOBODY: Final = ""


class Identities:
    """One per node. An identity that two members have claimed is nobody's."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._version = 0
        self._handles: dict[bytes, str] = {}

    def handle_of(self, key: bytes) -> str:
        """The member whose identity has this key, in any charter so far; empty for a stranger's."""
        if not self._members.has_charter:
            return _NOBODY
        if self._version != self._members.charter.version:
            self._version = self._members.charter.version
            self._handles = self._read()
        return self._handles.get(key, _NOBODY)

    def _read(self) -> dict[bytes, str]:
        out: dict[bytes, str] = {}
        for charter in self._members.history:
            for handle, member in charter.members.items():
                key = correction.key(member.identity)
                out[key] = handle if out.get(key, handle) == handle else _NOBODY
        return out
