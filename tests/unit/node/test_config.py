"""The settings file: what is misspelt or of the wrong kind is refused, and what init writes is read again."""

from dataclasses import fields

import pytest

from tocsin.errors import MEANINGS, ConfigError
from tocsin.node import config
from tocsin.node.config import Settings


def refused(code, call, *args):
    with pytest.raises(ConfigError) as caught:
        call(*args)
    assert caught.value.code == code
    assert code in MEANINGS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tocsin.toml"


def test_only_the_handle_must_be_there(path):
    path.write_text('handle = "ma-cert"\n')
    assert config.read(path) == Settings("ma-cert")


def test_write_and_read(path):
    one = Settings("ma-cert", "[::1]:1", "0.0.0.0:65535", 'https://x/"\\', "a", "b", compress=False, dial="larger")
    config.write(path, one)
    assert config.read(path) == one
    other = Settings("ma-cert", quota_bytes_per_s=1, quota_objects_per_s=2, quota_cpu_share=1)
    config.write(path, other)
    assert config.read(path) == other
    desks = {"duty-officer": ["mailto:a@eg.example", "https://p.eg.example/?a=\\"], "x": ["http://127.0.0.1:8/"]}
    third = Settings("ma-cert", desks=desks, smtp_server="h:25", smtp_sender="a@b.example", smtp_starttls=False)
    config.write(path, third)
    assert config.read(path) == third
    for url in ("https://10.0.0.1:8443/v1", "http://127.0.0.1:8000/v1/", "https://model.house.example/v1"):
        fourth = Settings("ma-cert", desk_model_url=url, desk_model="small:8b", desk_model_key_file="/k")
        config.write(path, fourth)
        assert config.read(path) == fourth
    desks = {"duty-officer": ["push:duty", "push:analyst"]}
    services = ["fcm.googleapis.com", "*.push.apple.com", "127.0.0.1:8443"]
    fourth = Settings("ma-cert", desks=desks, push_services=services, push_contact="mailto:a@b.example")
    config.write(path, fourth)
    assert config.read(path) == fourth
    config.write(path, one)
    assert all(field.name in path.read_text() for field in fields(Settings))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('handle = "aa"\nhandel = "bb"\n', "config.unknown-key"),
        ('handle = "aa"\n[peer]\nlisten = "x:1"\n', "config.unknown-key"),
        ("", "config.value"),
        ('peer_listen = "x:1"\n', "config.value"),
        ("handle = 1\n", "config.value"),
        ('handle = "aa"\ncompress = "yes"\n', "config.value"),
        ('handle = "aa"\ncompress = 1\n', "config.value"),
        ('handle = "aa"\ndial = "smaller"\n', "config.value"),
        ('handle = "aa"\ndial = true\n', "config.value"),
        # Push needs services, somebody to write to, and roles that read warnings.
        ('handle = "aa"\npush_services = ["fcm.googleapis.com"]\n', "config.value"),
        (
            'handle = "aa"\npush_services = ["https://fcm.googleapis.com"]\npush_contact = "mailto:a@b.example"\n',
            "config.value",
        ),
        ('handle = "aa"\npush_services = [1]\npush_contact = "mailto:a@b.example"\n', "config.value"),
        ('handle = "aa"\npush_contact = "amira"\n', "config.value"),
        ('handle = "aa"\n[desks]\nduty-officer = ["push:duty"]\n', "config.value"),
        (
            'handle = "aa"\npush_services = ["a.b"]\npush_contact = "mailto:a@b.c"\n[desks]\nx = ["push:administrator"]\n',
            "config.value",
        ),
        ('handle = "aa"\npeer_listen = true\n', "config.value"),
        ('handle = "aa"\npeer_listen = "7400"\n', "config.value"),
        ('handle = "aa"\npeople_listen = "x:"\n', "config.value"),
        ('handle = "aa"\npeople_listen = ":1"\n', "config.value"),
        ('handle = "aa"\npeople_listen = "x:65536"\n', "config.value"),
        ('handle = "aa"\npeople_listen = "x:-1"\n', "config.value"),
        ('handle = "aa"\nquota_bytes_per_s = 0\n', "config.value"),
        ('handle = "aa"\nquota_objects_per_s = -1\n', "config.value"),
        ('handle = "aa"\nquota_objects_per_s = 1.5\n', "config.value"),
        ('handle = "aa"\nquota_objects_per_s = true\n', "config.value"),
        ('handle = "aa"\nquota_cpu_share = 1.01\n', "config.value"),
        ('handle = "aa"\nquota_cpu_share = nan\n', "config.value"),
        ('handle = "aa"\nquota_cpu_share = inf\n', "config.value"),
        ('handle = "aa"\nquota_cpu_share = "0.1"\n', "config.value"),
        ('handle = "aa"\ndesks = []\n', "config.value"),
        ('handle = "aa"\ndesks = {"Frau Meier" = []}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = "https://x.example/"}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["x.example"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["http://x.example/"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["file:///etc/passwd"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["https://"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["https://x.example/\\n"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["https://[x/"]}\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = [1]}\n', "config.value"),
        ('handle = "aa"\nsmtp_server = "h:25"\nsmtp_sender = "a@b"\ndesks = {x = ["mailto:a,b@c"]}\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\n', "config.value"),
        ('handle = "aa"\ndesk_model_url = "https://m.example/v1"\n', "config.value"),
        ('handle = "aa"\ndesk_model_key_file = "key"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "m.example/v1"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "http://m.example/v1"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "http://10.0.0.1/v1"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "file:///etc/passwd"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "mailto:a@m.example"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "push:duty"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "https://a:b@m.example/v1"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "https://m.example/v1?key=x"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "m"\ndesk_model_url = "https://m.example/v1#x"\n', "config.value"),
        ('handle = "aa"\ndesk_model = "a\\nb"\ndesk_model_url = "https://m.example/v1"\n', "config.value"),
        ('handle = "aa"\ndesks = {duty-officer = ["mailto:a@b.example"]}\n', "config.value"),
        ('handle = "aa"\nsmtp_sender = "a@b.example"\n', "config.value"),
        ('handle = "aa"\nsmtp_server = "mail"\nsmtp_sender = "a@b.example"\n', "config.value"),
        ('handle = "aa"\nsmtp_server = "h:25"\nsmtp_sender = "a@b"\nsmtp_user = "x"\n', "config.value"),
        ("handle = \n", "config.file"),
        ('handle = "a\nb"\n', "config.file"),
        ("\0", "config.file"),
    ],
)
def test_what_is_refused(path, text, code):
    path.write_text(text)
    refused(code, config.read, path)


def test_no_file_and_no_text(path):
    refused("config.file", config.read, path)
    path.write_bytes(b"handle = '\xff'\n")
    refused("config.file", config.read, path)


@pytest.mark.parametrize(
    ("listen", "address"),
    [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:7400", ("::1", 7400)), ("node.example:1", ("node.example", 1))],
)
def test_addresses(listen, address):
    assert config.address(listen) == address
