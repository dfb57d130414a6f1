"""A node's folder: made once, for its owner only, never over anything; opened by everything else."""

import pytest

from tocsin.backends.sqlite.database import connect, require_schema
from tocsin.errors import MEANINGS, ConfigError, FormatError
from tocsin.exchange.members import descriptor
from tocsin.formats.keys import Role
from tocsin.node.home import Home, open_home
from tocsin.node.making import InitSettings, create


def refused(code, call, *args, kind=ConfigError):
    with pytest.raises(kind) as caught:
        call(*args)
    assert caught.value.code == code
    assert code in MEANINGS


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    settings = InitSettings(
        "ma-cert", countries=("MA", "DZ"), cidr=("198.51.100.0/24",), endpoint="node.example:7400", blocs=("AU",)
    )
    return create(tmp_path_factory.mktemp("homes") / "ma-cert", settings)


def test_what_init_makes(home):
    assert sorted(one.name for one in home.path.iterdir()) == [
        "descriptor.note",
        "heads",
        "keys",
        "run",
        "store.sqlite",
        "tocsin.toml",
    ]
    assert home.settings().handle == "ma-cert"
    connection = connect(str(home.store))
    require_schema(connection)
    connection.close()
    member, _ = descriptor.read(home.descriptor.read_bytes())
    assert (member.handle, member.countries, member.blocs) == ("ma-cert", ("DZ", "MA"), ("AU",))
    assert member.endpoint == "node.example:7400"
    assert member.constituency["cidr"] == ("198.51.100.0/24",)
    assert member.keys[Role.LOG] == home.keyring().signing(Role.LOG).public
    assert member.certificate == home.keyring().certificate_der()


def test_for_its_owner_only(home):
    for folder in (home.path, home.heads, home.run, home.keys):
        assert folder.stat().st_mode & 0o077 == 0, folder.name
    assert home.store.stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_over(home, tmp_path):
    before = {one: one.read_bytes() for one in home.path.rglob("*") if one.is_file()}
    refused("config.exists", create, home.path, InitSettings("ma-cert"))
    (tmp_path / "precious").write_text("x")
    refused("config.exists", create, tmp_path, InitSettings("ma-cert"))
    refused("config.exists", create, tmp_path / "precious", InitSettings("ma-cert"))
    assert {one: one.read_bytes() for one in home.path.rglob("*") if one.is_file()} == before
    assert [one.name for one in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    ("settings", "code", "kind"),
    [
        (InitSettings("MA"), "format.handle", FormatError),
        (InitSettings("aa", peer_listen="7400"), "config.value", ConfigError),
        (InitSettings("aa", people_listen="x:y"), "config.value", ConfigError),
        (InitSettings("aa", peer_listen="127.0.0.1:0"), "config.value", ConfigError),
        (InitSettings("aa", endpoint="x:1", no_endpoint=True), "config.value", ConfigError),
    ],
)
def test_a_bad_setting_makes_nothing(tmp_path, settings, code, kind):
    refused(code, create, tmp_path / "new", settings, kind=kind)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_will_do(tmp_path):
    assert create(tmp_path, InitSettings("aa")).settings().handle == "aa"


def test_a_node_that_nobody_can_dial_says_so(tmp_path):
    made = create(tmp_path, InitSettings("aa", peer_listen="127.0.0.1:0", no_endpoint=True, dial="larger"))
    assert descriptor.read(made.descriptor.read_bytes())[0].endpoint == ""
    assert made.settings().dial == "larger"


def test_open(home, tmp_path):
    assert open_home(home.path) == home
    refused("config.no-home", open_home, tmp_path)
    refused("config.no-home", open_home, tmp_path / "none")


def test_one_process_at_a_time(home):
    with home.lock():
        refused("config.running", Home(home.path).lock)
    home.lock().close()
    (home.run / "lock").unlink()
    home.run.rmdir()
    home.lock().close()
    assert home.run.stat().st_mode & 0o077 == 0
