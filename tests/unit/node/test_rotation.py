"""Rotation and rejoining on real folders, with the node at rest."""

import asyncio

import pytest

from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.charter import Changes
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.node import ceremony, config, rejoin, rotation
from tocsin.node.making import InitSettings, create


@pytest.fixture
def pair(tmp_path):
    """aa and bb, founded; and the file of their charter."""
    homes = [create(tmp_path / handle, InitSettings(handle)) for handle in ("aa", "bb")]
    file = tmp_path / "charter-1.note"
    ceremony.found(homes[0], "pair", [home.descriptor for home in homes], "green", file)
    ceremony.sign(homes[1], file, [])
    for home in homes:
        asyncio.run(ceremony.adopt(home, file))
    return (*homes, file)


def voted(pair, tmp_path):
    """The next charter, as both have signed it, with what aa proposes of itself."""
    aa, bb, file = pair
    described, signed = descriptor.read(aa.descriptor_next.read_bytes())
    made = charter.successor(charter.read(file.read_bytes()), Changes(describe=(signed.body,)), 0, 5)
    made = descriptor.prove(descriptor.sign(made, "aa", aa.keyring()), described, aa.keyring())
    next_file = tmp_path / "charter-2.note"
    next_file.write_bytes(statement.encode(descriptor.sign(made, "bb", bb.keyring())))
    return next_file


def shown(home):
    return {one["role"]: one for one in asyncio.run(rotation.show(home))["keys"]}


@pytest.mark.slow
@pytest.mark.parametrize("roles", [[Role.LOG], [Role.GOVERNANCE], list(Role)], ids="+".join)
def test_new_keys_wait_and_become_current_with_the_charter(pair, tmp_path, roles):
    aa, before = pair[0], shown(pair[0])
    told = asyncio.run(rotation.rotate(aa, roles))
    assert (told["staged"], told["descriptor"]) == ([str(role) for role in roles], str(aa.descriptor_next))
    waiting = shown(aa)
    for role in Role:
        one = waiting[str(role)]
        assert (one["fingerprint"], one["charter"]) == (before[str(role)]["fingerprint"], "current")
        assert (one["waiting"] is not None) == (role in roles)
    asyncio.run(ceremony.adopt(aa, voted(pair, tmp_path)))
    after = shown(aa)
    for role in Role:
        one = after[str(role)]
        assert (one["charter"], one["waiting"]) == ("current", None)
        assert one["fingerprint"] == waiting[str(role)]["waiting" if role in roles else "fingerprint"]
    assert not aa.descriptor_next.exists()
    assert dict(descriptor.read(aa.descriptor.read_bytes())[0].public) == {r: aa.keyring().current(r) for r in Role}


@pytest.mark.slow
def test_a_role_that_waits_is_refused_and_another_joins_its_descriptor(pair):
    aa = pair[0]
    asyncio.run(rotation.rotate(aa, [Role.SEAL]))
    with pytest.raises(ConfigError) as told:
        asyncio.run(rotation.rotate(aa, [Role.SEAL]))
    assert told.value.code == "config.keys-staged"
    asyncio.run(rotation.rotate(aa, [Role.RECEIPT]))
    described, _ = descriptor.read(aa.descriptor_next.read_bytes())
    assert described.public[Role.SEAL] == aa.keyring().staged(Role.SEAL)
    assert described.public[Role.RECEIPT] == aa.keyring().staged(Role.RECEIPT)
    assert described.public[Role.LOG] == aa.keyring().current(Role.LOG)


@pytest.mark.slow
def test_a_charter_with_other_keys_is_told(pair, tmp_path):
    aa = pair[0]
    asyncio.run(rotation.rotate(aa, [Role.LOG]))
    file = voted(pair, tmp_path)
    for path in aa.keys.glob("*.next"):
        path.unlink()
    with pytest.raises(PolicyError) as told:
        asyncio.run(ceremony.adopt(aa, file))
    assert told.value.code == "policy.charter-foreign"


@pytest.mark.slow
def test_rejoining_with_rotated_keys_needs_the_whole_chain(pair, tmp_path):
    aa, _, first = pair
    asyncio.run(rotation.rotate(aa, list(Role)))
    second = voted(pair, tmp_path)
    asyncio.run(ceremony.adopt(aa, second))
    settings = config.Settings(handle="aa")
    with pytest.raises(PolicyError) as told:
        asyncio.run(rejoin.rejoin(tmp_path / "half", settings, rejoin.Left(aa.keys, (first,))))
    assert told.value.code == "policy.charter-foreign"
    made = asyncio.run(rejoin.rejoin(tmp_path / "again", settings, rejoin.Left(aa.keys, (second, first))))
    assert (made["version"], made["closed"]) == (2, 2)
    again = type(aa)(tmp_path / "again")
    assert all(one["charter"] == "current" for one in shown(again).values())
    assert len(list(again.heads.glob("*.head"))) == 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in again.keys.iterdir())
    assert descriptor.read(again.descriptor.read_bytes())[0].handle == "aa"


@pytest.mark.slow
def test_rejoining_touches_no_folder_in_use(pair, tmp_path):
    with pytest.raises(ConfigError) as told:
        asyncio.run(rejoin.rejoin(pair[0].path, config.Settings(handle="aa"), rejoin.Left(pair[0].keys, (pair[2],))))
    assert told.value.code == "config.exists"
