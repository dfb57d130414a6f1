"""Which endpoints a node may ask, and that every message looks alike."""

import json

import pytest

from tocsin.formats import push

LISTED = ("fcm.googleapis.com", "*.push.apple.com", "127.0.0.1:8443", "push.eg.example:444")


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", "fcm.googleapis.com"),
        ("https://web.push.apple.com/QAbc", "*.push.apple.com"),
        ("http://127.0.0.1:8443/x", "127.0.0.1:8443"),
        ("https://push.eg.example:444/x", "push.eg.example:444"),
        # Not over TLS, not at that port, not that host.
        ("http://fcm.googleapis.com/x", ""),
        ("https://fcm.googleapis.com:8443/x", ""),
        ("http://127.0.0.1/x", ""),
        ("http://127.0.0.1:22/x", ""),
        ("https://push.eg.example/x", ""),
        ("https://push.apple.com/x", ""),
        ("https://evilpush.apple.com.example/x", ""),
        ("https://xpush.apple.com/x", ""),
        ("https://fcm.googleapis.com.evil.example/x", ""),
        ("https://evil.example/fcm.googleapis.com", ""),
        # Where two readers of an address may differ about its host.
        ("https://fcm.googleapis.com@evil.example/x", ""),
        ("https://evil.example@fcm.googleapis.com/x", ""),
        ("https://evil.example\\@fcm.googleapis.com/x", ""),
        ("https://evil.example#@fcm.googleapis.com/x", ""),
        ("https://fcm.googleapis.com/x#y", ""),
        ("https://fcm.googleapis.com:x/", ""),
        ("https://[fcm.googleapis.com/x", ""),
        ("https://fcm.googleapis.com/ x", ""),
        ("https://fcm.googleapis.com/\r\nx: y", ""),
        ("https://fcm.googleapis.com/é", ""),
        ("file:///etc/passwd", ""),
        ("gopher://fcm.googleapis.com/", ""),
        ("//fcm.googleapis.com/x", ""),
        ("", ""),
        ("https://fcm.googleapis.com/" + "x" * push.MAX_ENDPOINT, ""),
    ],
)
def test_only_what_is_listed_is_a_service(endpoint, service):
    assert push.service_of(endpoint, LISTED) == service
    assert push.service_of(endpoint, ()) == ""


@pytest.mark.parametrize("text", ["*", "*.", "https://x", "x/y", "x:0", "x:123456", "", "X.example", "*.*.x", "a b", 1])
def test_what_is_no_host_is_no_service(text):
    assert not push.is_service(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("mailto:a@b.example", True),
        ("https://eg.example/duty", True),
        ("http://eg.example", False),
        ("a@b", False),
        ("", False),
    ],
)
def test_a_contact_is_a_mailbox_or_a_page(text, good):
    assert push.is_contact(text) == good


def test_every_message_has_one_length_and_four_words():
    longest = "report--00000000-0000-4000-8000-000000000000"
    made = [
        push.message(longest, urgency, language, "f" * 32)
        for urgency in ("flash", "immediate", "priority", "routine")
        for language in ("en", "ar")
    ]
    assert {len(one) for one in made} == {push.SIZE}
    assert all(set(json.loads(one)) == {"schema", "path", "urgency", "language", "tag"} for one in made)


def test_an_origin_is_scheme_host_and_port():
    assert push.origin_of("https://web.push.apple.com/QAbc?x") == "https://web.push.apple.com"
    assert push.origin_of("http://127.0.0.1:8443/x") == "http://127.0.0.1:8443"
