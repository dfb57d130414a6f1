"""Deterministic identifiers: SCOs as STIX 2.1 section 2.9 has them, our own generated objects in our own namespace."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from tocsin.formats import canonical
from tocsin.formats.stix.catalogue import TYPES

SCO_NAMESPACE = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace the standard fixes for SCO ids."""

TOCSIN_NAMESPACE = UUID("5b3c5d6e-0c7d-5f0b-9c3a-6f1f6c1d8a42")
"""The namespace of objects Tocsin generates; another one, as the standard asks for all that are not SCOs."""

_HASHES_IN_ORDER = ("MD5", "SHA-1", "SHA-256", "SHA-512")


def observable_id(value: Mapping[str, Any]) -> str:
    """The deterministic id of an SCO that `check` accepts, from its `type` and its id-contributing properties.

    Empty if none of these is there: the standard then asks for a random id, which the caller draws. Two objects with
    the same id are the same thing seen; a file known by MD5 keeps that id when other hashes are added.
    """
    name = value["type"]
    described = TYPES.get(name)
    contributing = {key: value[key] for key in described.contributing if key in value} if described else {}
    if not contributing:
        return ""
    if "hashes" in contributing:
        contributing["hashes"] = _one_hash(contributing["hashes"])
    return f"{name}--{_uuid5(SCO_NAMESPACE, contributing)}"


def sdo_id(type_name: str, *parts: str) -> str:
    """The id of an object Tocsin generates: the same parts give the same id, on every node and in every run."""
    return f"{type_name}--{_uuid5(TOCSIN_NAMESPACE, [type_name, *parts])}"


def _one_hash(hashes: Mapping[str, str]) -> dict[str, str]:
    best = next((name for name in _HASHES_IN_ORDER if name in hashes), None) or min(hashes)
    return {best: hashes[best]}


def _uuid5(namespace: UUID, name: Any) -> UUID:
    return uuid5(namespace, canonical.encode(name).decode())
