"""Passkeys: WebAuthn, with the check done by a kept library. Nothing of a ceremony is stored here."""

from typing import Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    exceptions,
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
    structs,
)

from tocsin.edge.signin.people import Passkey
from tocsin.edge.signin.tickets import Tickets
from tocsin.errors import AccessError
from tocsin.ports.clock import Clock

_SECONDS: Final = 300.0
_MOST: Final = 64 * 1024
_FAULTS: Final = (exceptions.WebAuthnException, ValueError, KeyError, TypeError)


class Passkeys:
    """Ceremonies with a browser. A challenge is a ticket: ours, good for five minutes, taken once."""

    def __init__(self, tickets: Tickets, clock: Clock, title: str) -> None:
        self._tickets = tickets
        self._clock = clock
        self._title = title

    def offer_registration(self, person: str, shown: str, origin: str) -> str:
        """What the browser needs to make a passkey, as JSON. Raises AccessError("access.passkey")."""
        options = webauthn.generate_registration_options(
            rp_id=party(origin),
            rp_name=self._title,
            user_name=shown,
            user_id=self._tickets.tag("user", person.encode()),
            challenge=self._tickets.make("register " + person, _SECONDS),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
        )
        return options_to_json(options)

    def registered(self, person: str, brought: str, origin: str) -> Passkey:
        """The new passkey, checked. Raises AccessError("access.passkey")."""
        try:
            credential = parse_registration_credential_json(brought[:_MOST])
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
            self._ours("register " + person, challenge)
            found = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party(origin),
                expected_origin=origin,
                require_user_verification=True,
            )
        except _FAULTS as error:
            raise AccessError("access.passkey", "the browser's answer does not prove a passkey") from error
        now = self._clock.now_us()
        return Passkey(found.credential_id, person, found.credential_public_key, found.sign_count, now)

    def offer_sign_in(self, origin: str) -> str:
        """What the browser needs to sign in with any passkey of this node, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=party(origin),
            challenge=self._tickets.make("passkey", _SECONDS),
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def claimed(self, brought: str) -> bytes:
        """The credential id that the browser names. Raises AccessError("access.passkey")."""
        try:
            return parse_authentication_credential_json(brought[:_MOST]).raw_id
        except _FAULTS as error:
            raise AccessError("access.passkey", "the browser's answer does not prove a passkey") from error

    def answered(self, key: Passkey | None, brought: str, origin: str) -> int:
        """The authenticator's count of signatures, once the answer is proven. Raises AccessError("access.passkey")."""
        if key is None:
            raise AccessError("access.passkey", "nobody here has this passkey")
        try:
            credential = parse_authentication_credential_json(brought[:_MOST])
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
            self._ours("passkey", challenge)
            found = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party(origin),
                expected_origin=origin,
                credential_public_key=key.key,
                credential_current_sign_count=key.count,
                require_user_verification=True,
            )
        except _FAULTS as error:
            raise AccessError("access.passkey", "the browser's answer does not prove this passkey") from error
        return found.new_sign_count

    def _ours(self, purpose: str, challenge: bytes) -> None:
        if not self._tickets.take(purpose, challenge):
            raise AccessError("access.passkey", "the challenge has ended or was answered already; try again")


def party(origin: str) -> str:
    """The name that passkeys of this address belong to. Raises AccessError("access.passkey") where there can be none."""
    host = urlsplit(origin).hostname or ""
    if not possible(origin):
        raise AccessError("access.passkey", "passkeys need a host name, over TLS or on localhost")
    return host


def possible(origin: str) -> bool:
    """Whether browsers make passkeys for this address: a name, not a number, and not in the clear but for localhost."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    numeric = ":" in host or host.replace(".", "").isdecimal()
    return bool(host) and not numeric and (parts.scheme == "https" or host == "localhost")
