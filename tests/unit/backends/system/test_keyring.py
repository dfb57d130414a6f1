"""Key files: made once, for their owner only, never written over."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from tocsin.backends.system.keyring import KeyFiles, certificate_end, make_keys
from tocsin.errors import ConfigError, FormatError
from tocsin.formats.keys import Role
from tocsin.testing.chance import SeededEntropy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = ["governance.key", "log.key", "receipt.key", "seal.key", "transport.crt", "transport.key"]


@pytest.fixture
def folder(tmp_path):
    make_keys(tmp_path / "keys", "ma-cert", SeededEntropy(1), NOW)
    return tmp_path / "keys"


def test_one_key_for_each_role(folder):
    assert sorted(one.name for one in folder.iterdir()) == FILES
    keys = KeyFiles(folder)
    seeds = {keys.signing(role).seed for role in (Role.GOVERNANCE, Role.LOG, Role.RECEIPT)}
    assert len(seeds) == 3
    assert keys.signing(Role.LOG) is keys.signing(Role.LOG)
    assert keys.sealing() is keys.sealing()
    again = KeyFiles(folder)
    assert again.signing(Role.LOG) == keys.signing(Role.LOG)
    assert again.sealing().seed == keys.sealing().seed


def test_for_the_owner_only(folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("left", FILES)
def test_never_written_over(tmp_path, folder, left):
    other = tmp_path / "other"
    other.mkdir()
    (other / left).write_bytes(b"precious")
    with pytest.raises(ConfigError) as caught:
        make_keys(other, "ma-cert", SeededEntropy(2), NOW)
    assert caught.value.code == "config.exists"
    assert (other / left).read_bytes() == b"precious"


def test_the_certificate(folder):
    keys = KeyFiles(folder)
    made = x509.load_der_x509_certificate(keys.certificate_der())
    assert made == x509.load_pem_x509_certificate(keys.certificate.read_bytes())
    assert certificate_end(keys) == NOW + timedelta(days=3650)
    assert made.not_valid_before_utc == NOW - timedelta(days=1)
    assert "ma-cert" in made.subject.rfc4514_string()
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    made.verify_directly_issued_by(made)


def test_missing_or_unreadable(folder):
    for name, ask in (
        ("log.key", lambda: KeyFiles(folder).signing(Role.LOG)),
        ("seal.key", lambda: KeyFiles(folder).sealing()),
    ):
        (folder / name).write_bytes(b"\xff\xfe")
        with pytest.raises(ConfigError) as caught:
            ask()
        assert caught.value.code == "config.key-missing"
        (folder / name).unlink()
        with pytest.raises(ConfigError) as caught:
            ask()
        assert caught.value.code == "config.key-missing"
        (folder / name).write_text("not a key\n")
        with pytest.raises(FormatError) as wrong:
            ask()
        assert wrong.value.code == "format.key"
