"""Who may open what: one row for each route, and a route without a row does not start. Reading is GET, acting is POST."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.edge.signin.roles import Role

_D, _A, _R, _M, _O = Role.DUTY, Role.ANALYST, Role.RELEASER, Role.ADMINISTRATOR, Role.OVERSIGHT
EVERYONE: Final = frozenset(Role)  # who is signed in
NOBODY: Final[frozenset[Role]] = frozenset()  # nobody in particular: also who is not signed in
DUTY: Final = frozenset({_D})
THREATS: Final = frozenset({_D, _A, _R, _O})
SHARERS: Final = frozenset({_D, _A, _R})  # who may mean something to be sealed
SPEAKERS: Final = frozenset({_D, _A, _R})
ANALYST: Final = frozenset({_A})
RETRACTORS: Final = frozenset({_D, _A, _R})  # who finds a mistake of ours takes it back, at any hour
ADMIN: Final = frozenset({_M, _O})
ADMINISTRATOR: Final = frozenset({_M})
SOURCES: Final = frozenset({_A, _M})  # who says what the desk asks

# fmt: off
TABLE: Final[Mapping[tuple[str, str], frozenset[Role]]] = MappingProxyType({
    # -- coming in ------------------------------------------------------------------------------------------------
    ("GET",  "/static/{name}"): NOBODY,
    ("POST", "/csp-report"): NOBODY,
    ("GET",  "/manifest.webmanifest"): NOBODY,
    ("GET",  "/service-worker.js"): NOBODY,
    ("GET",  "/offline"): NOBODY,
    ("GET",  "/sign-in"): NOBODY,
    ("POST", "/sign-in"): NOBODY,
    ("POST", "/sign-in/passkey"): NOBODY,
    ("POST", "/sign-in/passkey/offer"): NOBODY,
    ("POST", "/sign-in/oidc"): NOBODY,
    ("GET",  "/sign-in/oidc/back"): NOBODY,
    ("GET",  "/in/{token}"): NOBODY,
    ("POST", "/in/{token}"): NOBODY,
    ("POST", "/in/{token}/passkey"): NOBODY,
    ("POST", "/in/{token}/passkey/offer"): NOBODY,
    # -- everybody who is signed in -------------------------------------------------------------------------------
    ("GET",  "/"): EVERYONE,
    ("POST", "/sign-out"): EVERYONE,
    ("GET",  "/me"): EVERYONE,
    ("POST", "/me/look"): EVERYONE,
    ("POST", "/me/sessions/end"): EVERYONE,
    ("POST", "/me/passkeys"): EVERYONE,
    ("POST", "/me/passkeys/offer"): EVERYONE,
    ("POST", "/me/passkeys/remove"): EVERYONE,
    ("POST", "/me/devices"): THREATS,
    ("POST", "/me/devices/remove"): EVERYONE,
    ("GET",  "/members"): EVERYONE,
    ("GET",  "/members/{handle}"): EVERYONE,
    ("GET",  "/channels/{name}"): EVERYONE,
    # -- watch ----------------------------------------------------------------------------------------------------
    ("GET",  "/events"): THREATS,
    ("GET",  "/warnings"): THREATS,
    ("POST", "/w/{warning}/answers"): DUTY,
    ("POST", "/w/{warning}/escalations"): DUTY,
    # -- threats --------------------------------------------------------------------------------------------------
    ("GET",  "/where"): THREATS,
    ("GET",  "/w/{warning}"): THREATS,
    ("POST", "/w/{warning}/recall"): frozenset({_D, _R}),
    ("GET",  "/threats"): THREATS,
    ("GET",  "/o/{object_id}"): THREATS,
    ("GET",  "/o/{object_id}/relations"): THREATS,
    # -- sharing --------------------------------------------------------------------------------------------------
    ("GET",  "/share/new"): SHARERS,
    ("POST", "/share/new"): SHARERS,
    ("POST", "/share/upload"): SHARERS,
    ("GET",  "/share/approvals"): frozenset({_R, _O}),
    ("GET",  "/share/d/{draft}"): SHARERS,
    ("GET",  "/share/d/{draft}/course"): SHARERS,
    ("POST", "/share/d/{draft}/handling"): SHARERS,
    ("POST", "/share/d/{draft}/seal"): SHARERS,
    ("POST", "/share/d/{draft}/undo"): SHARERS,
    ("POST", "/share/d/{draft}/discard"): SHARERS,
    ("GET",  "/share/approvals/{draft}"): frozenset({_R, _O}),
    ("POST", "/share/approvals/{draft}/approve"): frozenset({_R}),
    ("POST", "/share/approvals/{draft}/decline"): frozenset({_R}),
    ("GET",  "/o/{object_id}/proof"): THREATS,
    ("POST", "/o/{object_id}/notes"): SPEAKERS,
    ("POST", "/o/{object_id}/notes/change"): SPEAKERS,
    ("POST", "/o/{object_id}/say"): SPEAKERS,
    ("POST", "/o/{object_id}/say/seal"): SPEAKERS,
    ("GET",  "/brief"): THREATS,
    ("GET",  "/brief.pdf"): THREATS,
    # -- what we have shared --------------------------------------------------------------------------------------
    ("GET",  "/fairness"): THREATS,
    ("POST", "/fairness/verification"): RETRACTORS,
    ("GET",  "/share/outbox"): THREATS,
    ("GET",  "/share/outbox/{share}"): THREATS,
    ("GET",  "/share/outbox/changes"): THREATS,
    ("GET",  "/share/outbox/changes/{object_id}"): THREATS,
    ("GET",  "/share/outbox/recall/{object_id}"): RETRACTORS,
    ("POST", "/share/outbox/recall/{object_id}"): RETRACTORS,
    ("GET",  "/share/outbox/correct/{object_id}"): RETRACTORS,
    ("POST", "/share/outbox/correct/{object_id}"): RETRACTORS,
    # -- the desk -------------------------------------------------------------------------------------------------
    ("GET",  "/desk"): THREATS,
    ("GET",  "/desk/s/{story}"): THREATS,
    ("POST", "/desk/s/{story}/state"): ANALYST,
    ("POST", "/desk/s/{story}/indicators"): ANALYST,
    ("POST", "/desk/s/{story}/merge"): ANALYST,
    ("POST", "/desk/s/{story}/split"): ANALYST,
    ("POST", "/desk/s/{story}/draft"): ANALYST,
    ("POST", "/desk/s/{story}/model"): ANALYST,
    ("POST", "/desk/s/{story}/decisions"): ANALYST,
    ("POST", "/desk/s/{story}/proposals"): ANALYST,
    ("POST", "/desk/s/{story}/notes"): SPEAKERS,
    ("POST", "/desk/s/{story}/notes/change"): SPEAKERS,
    ("GET",  "/desk/d/{document}"): THREATS,
    ("GET",  "/desk/import"): ANALYST,
    ("POST", "/desk/import"): ANALYST,
    ("GET",  "/desk/d/{document}/beside"): THREATS,
    ("GET",  "/desk/interests"): THREATS,
    ("POST", "/desk/interests"): ANALYST,
    ("POST", "/desk/interests/remove"): ANALYST,
    ("GET",  "/desk/sources"): EVERYONE,
    ("POST", "/desk/sources"): SOURCES,
    ("POST", "/desk/sources/change"): SOURCES,
    ("POST", "/desk/sources/test"): SOURCES,
    ("POST", "/desk/sources/pull"): SOURCES,
    ("POST", "/desk/sources/remove"): SOURCES,
    # -- the node -------------------------------------------------------------------------------------------------
    ("GET",  "/admin"): ADMIN,
    ("GET",  "/admin/accounts"): ADMIN,
    ("POST", "/admin/accounts"): ADMINISTRATOR,
    ("POST", "/admin/accounts/roles"): ADMINISTRATOR,
    ("POST", "/admin/accounts/reset"): ADMINISTRATOR,
    ("POST", "/admin/accounts/remove"): ADMINISTRATOR,
    ("GET",  "/admin/devices"): ADMIN,
    ("POST", "/admin/devices/remove"): ADMINISTRATOR,
    ("GET",  "/admin/tokens"): ADMIN,
    ("POST", "/admin/tokens"): ADMINISTRATOR,
    ("POST", "/admin/tokens/remove"): ADMINISTRATOR,
    ("GET",  "/admin/peers"): ADMIN,
    ("GET",  "/admin/diagnostics"): ADMIN,
    ("GET",  "/admin/audit"): ADMIN,
    ("GET",  "/admin/backups"): ADMIN,
    ("GET",  "/admin/settings"): ADMIN,
    ("GET",  "/admin/keys"): ADMIN,
    ("GET",  "/admin/sign-in"): ADMIN,
    ("POST", "/admin/sign-in"): ADMINISTRATOR,
})
# fmt: on


def may(method: str, path: str, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles may open the route."""
    allowed = TABLE[(method, path)]
    return allowed == NOBODY or not roles.isdisjoint(allowed)
