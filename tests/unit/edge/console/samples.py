"""One line for each route of the console: what stands in its address and form, and who may see what of that.

A new route needs a line here, or test_table.py fails (docs/console.md, "How a page is made"). A line says

- `of`: what kind of thing the one part of the address in braces is (`{thing}` of the form too), a key of `World.things`
  in test_table.py. Each kind has one thing for each relation that somebody can have to it: "there" and what is hidden
  from us by one reason or another, or never was. Nothing but what `shown` names may be told from "absent".
- `form`: what a POST sends. `{fresh}` is a name that no other sample has.
- `answers`: what somebody who may is answered about "there".
- `signed_out`: what somebody who is not signed in is answered, for routes that are for nobody in particular.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    of: str = ""
    form: dict = field(default_factory=dict)
    shown: tuple = ("there",)
    answers: tuple = (200, 303)
    signed_out: tuple = ()


SAMPLES = {
    # -- coming in
    ("GET", "/static/{name}"): Sample("asset", signed_out=(200,)),
    ("POST", "/csp-report"): Sample(signed_out=(204,)),
    ("GET", "/manifest.webmanifest"): Sample(signed_out=(200,)),
    ("GET", "/service-worker.js"): Sample(signed_out=(200,)),
    ("GET", "/offline"): Sample(signed_out=(200,)),
    ("GET", "/sign-in"): Sample(signed_out=(200,)),
    ("POST", "/sign-in"): Sample(form={"name": "x", "password": "x", "code": "x"}, signed_out=(401,)),
    ("POST", "/sign-in/passkey"): Sample(signed_out=(403,)),
    ("POST", "/sign-in/passkey/offer"): Sample(signed_out=(403,)),
    ("POST", "/sign-in/oidc"): Sample(signed_out=(400, 404)),
    ("GET", "/sign-in/oidc/back"): Sample(signed_out=(400, 401, 404)),
    ("GET", "/in/{token}"): Sample("token", signed_out=(200,)),
    ("POST", "/in/{token}"): Sample("token", signed_out=(403,)),
    ("POST", "/in/{token}/passkey"): Sample("token", signed_out=(403,)),
    ("POST", "/in/{token}/passkey/offer"): Sample("token", signed_out=(403,)),
    # -- everybody who is signed in
    ("GET", "/"): Sample(),
    ("POST", "/sign-out"): Sample(),
    ("GET", "/me"): Sample(),
    ("POST", "/me/look"): Sample(form={"language": "fr", "theme": "dark"}),
    ("POST", "/me/sessions/end"): Sample(form={"key": "x"}),
    ("POST", "/me/passkeys"): Sample(answers=(403,)),  # not possible on 127.0.0.1
    ("POST", "/me/passkeys/offer"): Sample(answers=(403,)),
    ("POST", "/me/passkeys/remove"): Sample(form={"key": "x"}),
    ("POST", "/me/devices"): Sample(answers=(403,)),  # this house allows no push
    ("POST", "/me/devices/remove"): Sample(form={"id": "x"}),
    ("GET", "/members"): Sample(),
    ("GET", "/members/{handle}"): Sample("member"),
    ("GET", "/channels/{name}"): Sample("channel"),
    # -- watch
    ("GET", "/events"): Sample(),
    ("GET", "/warnings"): Sample(),
    # Our own warning is no secret from us: it asks others, and says so (403).
    ("POST", "/w/{warning}/answers"): Sample(
        "warning", form={"answer": "not-us"}, shown=("there", "ours"), answers=(303, 403)
    ),
    # The one that asks us was answered by the line above: nobody is paged for it any more (403).
    ("POST", "/w/{warning}/escalations"): Sample("warning", shown=("there", "ours"), answers=(303, 403)),
    ("GET", "/where"): Sample(),
    ("GET", "/w/{warning}"): Sample("warning", shown=("there", "recalled", "ours")),
    ("POST", "/w/{warning}/recall"): Sample(
        "warning", form={"reason": "test", "understood": "yes"}, shown=("ours",), answers=(303,)
    ),
    # -- threats
    ("GET", "/threats"): Sample(),
    # -- sharing
    ("GET", "/share/new"): Sample(),
    ("POST", "/share/new"): Sample(form={"kind": "report", "title": "x", "topic": "cyber", "tlp": "TLP:GREEN"}),
    ("POST", "/share/upload"): Sample(form={"title": "x", "topic": "cyber", "text": "198.51.100[.]7"}),
    ("GET", "/share/d/{draft}"): Sample("draft", shown=()),
    ("GET", "/share/d/{draft}/course"): Sample("draft", shown=()),
    ("POST", "/share/d/{draft}/handling"): Sample("draft", form={"channel": "plenary", "tlp": "TLP:GREEN"}, shown=()),
    ("POST", "/share/d/{draft}/seal"): Sample("draft", form={"digest": "x"}, shown=()),
    ("POST", "/share/d/{draft}/undo"): Sample("draft", shown=()),
    ("POST", "/share/d/{draft}/discard"): Sample("draft", shown=()),
    ("GET", "/share/approvals"): Sample(),
    ("GET", "/share/approvals/{draft}"): Sample("draft", shown=("waits for a second person",)),
    ("POST", "/share/approvals/{draft}/decline"): Sample(
        "draft", form={"reason": "x"}, shown=("waits for a second person",), answers=(400,)
    ),
    ("POST", "/share/approvals/{draft}/approve"): Sample(
        "draft", form={"digest": "x"}, shown=("waits for a second person",), answers=(403,)
    ),
    # That its owner took it back is told, as long as the withdrawal is held; nothing of what it said.
    ("GET", "/o/{object_id}"): Sample("object", shown=("there", "recalled")),
    ("GET", "/o/{object_id}/proof"): Sample("object"),
    ("GET", "/o/{object_id}/relations"): Sample("object"),
    ("POST", "/o/{object_id}/notes"): Sample("object", form={"text": "ours"}),
    ("POST", "/o/{object_id}/notes/change"): Sample("object", form={"note": "{fresh}", "text": "x"}, answers=(404,)),
    ("POST", "/o/{object_id}/say"): Sample("object", form={"kind": "note", "text": "x"}),
    ("POST", "/o/{object_id}/say/seal"): Sample(
        "object", form={"kind": "note", "text": "x", "seal": ""}, answers=(409,)
    ),
    ("GET", "/brief"): Sample(),
    ("GET", "/brief.pdf"): Sample(answers=(200, 503)),  # 503: a checkout without npm has no font
    # -- what we have shared
    ("GET", "/fairness"): Sample(),
    ("POST", "/fairness/verification"): Sample(form={"file": "x"}, answers=(400,)),
    ("GET", "/share/outbox"): Sample(),
    ("GET", "/share/outbox/{share}"): Sample("share"),
    ("GET", "/share/outbox/changes"): Sample(),
    ("GET", "/share/outbox/changes/{object_id}"): Sample("changed"),
    ("GET", "/share/outbox/recall/{object_id}"): Sample("ours"),
    ("POST", "/share/outbox/recall/{object_id}"): Sample("ours", {"reason": "x", "days": "7"}, answers=(409,)),
    ("GET", "/share/outbox/correct/{object_id}"): Sample("ours"),
    ("POST", "/share/outbox/correct/{object_id}"): Sample("ours", {"way": "json", "json": "x"}, answers=(409,)),
    # -- the desk
    ("GET", "/desk"): Sample(),
    ("GET", "/desk/s/{story}"): Sample("story"),
    ("POST", "/desk/s/{story}/state"): Sample("story", form={"state": "followed"}),
    ("POST", "/desk/s/{story}/indicators"): Sample("story", form={"value": "45.155.205.99", "verdict": "accept"}),
    ("POST", "/desk/s/{story}/merge"): Sample("story", form={"other": "{thing}"}, answers=(400,)),
    ("POST", "/desk/s/{story}/split"): Sample("story", form={"document": "x"}, answers=(400,)),
    ("POST", "/desk/s/{story}/draft"): Sample("story"),
    ("POST", "/desk/s/{story}/model"): Sample("story", answers=(400,)),
    ("POST", "/desk/s/{story}/decisions"): Sample("story", form={"decision": "999"}, answers=(404,)),
    ("POST", "/desk/s/{story}/proposals"): Sample("story", form={"note": "{fresh}"}, answers=(404,)),
    ("POST", "/desk/s/{story}/notes"): Sample("story", form={"text": "ours"}),
    ("POST", "/desk/s/{story}/notes/change"): Sample("story", form={"note": "{fresh}", "text": "x"}, answers=(404,)),
    ("GET", "/desk/d/{document}"): Sample("document"),
    ("GET", "/desk/import"): Sample(),
    ("POST", "/desk/import"): Sample(
        form={"text": "Two ships were searched in the port of Piraeus on Monday.", "outlet": "{fresh}"}
    ),
    # The only article of its story has none beside it.
    ("GET", "/desk/d/{document}/beside"): Sample("document", shown=(), answers=(404,)),
    ("GET", "/desk/interests"): Sample(),
    ("POST", "/desk/interests"): Sample(form={"kind": "word", "text": "{fresh}"}),
    ("POST", "/desk/interests/remove"): Sample(form={"interest": "{fresh}"}, answers=(400,)),
    ("GET", "/desk/sources"): Sample(),
    ("POST", "/desk/sources"): Sample(
        form={
            "name": "{fresh}",
            "kind": "page",
            "url": "https://news.example/",
            "every_min": "60",
            "letter": "B",
            "follow": "5",
        }
    ),
    ("POST", "/desk/sources/change"): Sample(form={"name": "wire", "paused": "yes"}),
    ("POST", "/desk/sources/test"): Sample(form={"name": "wire"}),
    ("POST", "/desk/sources/pull"): Sample(form={"name": "wire"}),
    ("POST", "/desk/sources/remove"): Sample(form={"name": "{fresh}"}, answers=(403,)),
    # -- the node
    ("GET", "/admin"): Sample(),
    ("GET", "/admin/accounts"): Sample(),
    ("POST", "/admin/accounts"): Sample(form={"name": "{fresh}", "role": "duty"}),
    ("POST", "/admin/accounts/roles"): Sample(form={"name": "target", "role": "duty"}),
    ("POST", "/admin/accounts/reset"): Sample(form={"name": "target"}),
    ("POST", "/admin/accounts/remove"): Sample(form={"name": "target"}),
    ("GET", "/admin/devices"): Sample(),
    ("POST", "/admin/devices/remove"): Sample(form={"id": "x"}),
    ("GET", "/admin/tokens"): Sample(),
    ("POST", "/admin/tokens"): Sample(form={"name": "{fresh}"}),
    ("POST", "/admin/tokens/remove"): Sample(form={"name": "program"}),
    ("GET", "/admin/peers"): Sample(),
    ("GET", "/admin/diagnostics"): Sample(),
    ("GET", "/admin/audit"): Sample(),
    ("GET", "/admin/backups"): Sample(),
    ("GET", "/admin/settings"): Sample(),
    ("GET", "/admin/keys"): Sample(),
    ("GET", "/admin/sign-in"): Sample(),
    ("POST", "/admin/sign-in"): Sample(),
}

# What stands for the part in braces where it does not matter which: of a house whose objects are those of conftest.piece.
PARTS = {
    "{handle}": "bb",
    "{name}": "plenary",
    "{share}": "0",
    "{object_id}": "indicator--00000001-0000-4000-8000-000000000000",
    "{warning}": "report--00000001-0000-4000-8000-000000000000",
    "{token}": "x" * 43,
    "{draft}": "0" * 32,
    "{story}": "no-such-story",
    "{document}": "no-such-document",
}


def concrete(path, **parts):
    """An address of a route: `parts` by name, the others as in PARTS."""
    for part, value in {**PARTS, **{f"{{{name}}}": value for name, value in parts.items()}}.items():
        path = path.replace(part, value)
    return path
