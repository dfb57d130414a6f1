"""What a page says above after something was done: the address carries the name of a sentence, never the sentence."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.edge.console.words import N_

TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "signed-out": N_("You are signed out."),
        "acknowledged": N_("The warning is acknowledged."),
        "answered": N_("The answer is on its way to the giver of the warning."),
        "escalated": N_("The next level is paged."),
        "look": N_("Your choice is kept."),
        "session-ended": N_("The session is ended."),
        "passkey-added": N_("The passkey is registered."),
        "passkey-removed": N_("The passkey is removed."),
        "device-added": N_("You are told on this device from now on, until you remove it here or sign out on it."),
        "device-removed": N_("The device is told nothing any more."),
        "note-kept": N_("The note is kept here. Nobody outside this node is told of it."),
        "note-removed": N_("The note is removed."),
        "said": N_("It is signed and on its way."),
        "roles": N_("The roles are changed and in force."),
        "person-removed": N_("The account is closed and its sessions are ended."),
        "share-undone": N_("It is taken back. Nothing was sealed."),
        "share-approved": N_("You have approved it. It is being sealed."),
        "share-declined": N_("You have declined it. Its author sees why."),
        "draft-discarded": N_("The draft is thrown away."),
        "recalled": N_("It is recalled. Who has confirmed stands below; load the page again for those who will."),
        "corrected": N_("The new version is shared where the earlier ones went."),
        "story-kept": N_("It is kept here. Nobody outside this node is told of it."),
        "story-merged": N_("The two stories are one. This decision wins over the machine."),
        "model-answered": N_("The model has answered. Nobody has reviewed what it says."),
        "story-split": N_("The ticked articles are a story of their own. This decision wins over the machine."),
        "proposal-declined": N_("It is not followed here. Nobody outside this node is told of that."),
        "interest-added": N_("It is looked for from now on. Nobody outside this node is told of it."),
        "interest-removed": N_("It is looked for no longer."),
        "source-added": N_("The source is added and will be asked shortly."),
        "source-changed": N_("The source is changed."),
        "source-pulled": N_("The source was asked; how it stands is shown below."),
        "source-removed": N_("The source is asked no more. What came of it stays."),
        "token-removed": N_("The token is void from now on."),
    }
)
