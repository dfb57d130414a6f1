"""New keys take the place of old ones: cut off at any step, the next start finds what the charter in force names."""

import os
from datetime import UTC, datetime

import pytest

from tocsin.backends.system import keyring
from tocsin.backends.system.keyring import KeyFiles, make_keys, stage_keys
from tocsin.errors import ConfigError
from tocsin.formats.keys import Role
from tocsin.testing.chance import SeededEntropy

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Cut(BaseException):
    """The power is gone."""


class World:
    """`os` as keyring.py sees it, until the power goes before step `at`. Renames not yet synced may be lost then."""

    def __init__(self, at):
        self.left = at
        self.unsynced = []

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in ("link", "rename", "unlink", "fsync"):
            return real

        def step(*args):
            if self.left == 0:
                raise Cut
            self.left -= 1
            real(*args)
            if name == "rename":
                self.unsynced.append(args)
            elif name == "fsync":
                self.unsynced.clear()

        return step


def new_keys(folder):
    make_keys(folder, "aa", SeededEntropy(1), NOW)
    keys = KeyFiles(folder)
    return keys, {role: keys.current(role) for role in Role}


def staged_keys(folder, roles=Role):
    stage_keys(folder, roles, "aa", SeededEntropy(2), NOW)
    return {role: KeyFiles(folder).staged(role) for role in roles}


def assert_usable(folder, public):
    keys = KeyFiles(folder)
    assert {role: keys.current(role) for role in Role} == public
    assert [keys.signing(role).public.raw for role in (Role.GOVERNANCE, Role.LOG, Role.RECEIPT)] == [
        public[Role.GOVERNANCE],
        public[Role.LOG],
        public[Role.RECEIPT],
    ]
    assert keys.sealing().public == public[Role.SEAL]
    assert keys.foreign(public) == ()


def matching(folder):
    """Whether the transport key is that of the certificate: TLS would refuse the pair otherwise."""
    import ssl

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / "transport.crt", folder / "transport.key")
    return True


@pytest.mark.parametrize("roles", [*((role,) for role in Role), tuple(Role)], ids="+".join)
def test_what_a_charter_names_becomes_current_and_the_old_is_gone(tmp_path, roles):
    folder = tmp_path / "keys"
    keys, before = new_keys(folder)
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    waiting = staged_keys(folder, roles)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert not keys.promote(before), "nothing changes before a charter names the new keys"
    assert_usable(folder, before)
    assert keys.promote({**before, **waiting})
    assert_usable(folder, {**before, **waiting})
    assert matching(folder)
    assert sorted(old) == sorted(path.name for path in folder.iterdir())
    changed = {name for name, data in old.items() if (folder / name).read_bytes() != data}
    assert changed == {f"{role}.key" for role in roles} | ({"transport.crt"} if Role.TRANSPORT in roles else set())
    assert not keys.promote({**before, **waiting})


def test_a_running_keyring_hands_out_the_new_keys_at_once(tmp_path):
    keys, before = new_keys(tmp_path / "keys")
    assert keys.signing(Role.LOG).public.raw == before[Role.LOG]
    assert keys.sealing().public == before[Role.SEAL]
    waiting = staged_keys(tmp_path / "keys")
    assert keys.promote(waiting)
    assert keys.signing(Role.LOG).public.raw == waiting[Role.LOG]
    assert keys.sealing().public == waiting[Role.SEAL]


@pytest.mark.slow
@pytest.mark.parametrize("forgets", [False, True])
def test_cut_off_anywhere_the_next_start_completes_it(tmp_path, monkeypatch, forgets):
    for at in range(200):
        folder = tmp_path / str(at) / "keys"
        folder.parent.mkdir()
        keys, before = new_keys(folder)
        public = staged_keys(folder)
        world = World(at)
        monkeypatch.setattr(keyring, "os", world)
        try:
            keys.promote(public)
        except Cut:
            monkeypatch.setattr(keyring, "os", os)
        else:
            break
        if forgets:
            for old, new in reversed(world.unsynced):
                new.rename(old)
                left = new.with_name(new.name + ".old")
                if left.exists():
                    left.rename(new)
        found = KeyFiles(folder)
        assert all({found.current(role), found.staged(role)} & {public[role]} for role in Role)
        assert found.foreign(public) == ()
        found.promote(public)
        assert_usable(folder, public)
        assert matching(folder)
        assert not list(folder.glob("*.old"))
        assert not list(folder.glob("*.next"))
        assert before != public
    assert at > 20, "the promotion has fewer steps than it must"


def test_a_key_that_waits_is_not_replaced(tmp_path):
    folder = tmp_path / "keys"
    new_keys(folder)
    waiting = staged_keys(folder, [Role.LOG])
    with pytest.raises(ConfigError) as told:
        stage_keys(folder, [Role.SEAL, Role.LOG], "aa", SeededEntropy(3), NOW)
    assert told.value.code == "config.keys-staged"
    assert KeyFiles(folder).staged(Role.LOG) == waiting[Role.LOG]
    assert KeyFiles(folder).staged(Role.SEAL) is None


def test_a_lost_governance_key_is_not_foreign_and_any_other_is(tmp_path):
    folder = tmp_path / "keys"
    keys, public = new_keys(folder)
    (folder / "governance.key").unlink()
    assert keys.foreign(public) == ()
    assert keys.foreign({**public, Role.LOG: bytes(32)}) == (Role.LOG,)
    (folder / "seal.key").unlink()
    assert keys.foreign(public) == (Role.SEAL,)
    waiting = staged_keys(folder, [Role.GOVERNANCE])
    assert keys.proving(waiting[Role.GOVERNANCE]).public.raw == waiting[Role.GOVERNANCE]
    assert keys.proving(public[Role.GOVERNANCE]) is None
