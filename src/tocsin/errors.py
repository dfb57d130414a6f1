"""One tree of errors. Each has a stable code, which is also the key in diagnostics and the label of a metric.

An error says what happened (`what`, told where it is raised), why, what to do and who must act (told once, here).
`what` never carries the content of an object: errors travel to diagnostics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Who(StrEnum):
    """Who must act on an error."""

    AUTHOR = "author"  # the person or program that gave us the input
    OPERATOR = "operator"  # whoever runs this node
    PEER = "peer"  # the other member
    COMMUNITY = "community"  # every member: somebody lied, here is the proof
    DEVELOPER = "developer"  # us


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands behind a code: who must act, why it is so, what to do."""

    who: Who
    why: str
    do: str


class TocsinError(Exception):
    """Base of all. `code` is stable and documented in docs/errors.md; `what` is one sentence without object content."""

    exit_status = 1

    def __init__(self, code: str, what: str) -> None:
        super().__init__(f"{code}: {what}")
        self.code = code
        self.what = what

    @property
    def meaning(self) -> Meaning:
        """Who must act, why, and what to do."""
        return MEANINGS[self.code]


class FormatError(TocsinError):
    """Bytes that are not what they claim to be. The only error that leaves a parser."""


class PolicyError(TocsinError):
    """The handling rules forbid it."""

    exit_status = 4


class VerificationError(TocsinError):
    """A peer's or our own stored data does not prove what it must."""

    exit_status = 5


class StoreError(TocsinError):
    """The store refused, or its outcome is unknown."""


class PeerError(TocsinError):
    """The other member cannot be reached or will not talk to us."""

    exit_status = 6


class ConfigError(TocsinError):
    """A setting, a file or a command that cannot be used as it stands."""


class AccessError(TocsinError):
    """The one who asks may not."""

    exit_status = 7


_A, _O, _P, _C, _D = Who.AUTHOR, Who.OPERATOR, Who.PEER, Who.COMMUNITY, Who.DEVELOPER

# fmt: off
MEANINGS: Mapping[str, Meaning] = MappingProxyType({
    # -- formats: JSON --------------------------------------------------------------------------------------------
    "format.json-syntax": Meaning(_A, "The bytes are not JSON as RFC 8259 has it, in UTF-8 without a byte order mark.", "Check the file with a JSON tool and share it again."),
    "format.json-depth": Meaning(_A, "Nesting deeper than 64 exhausts readers that recurse.", "Flatten the object."),
    "format.json-size": Meaning(_A, "An object may be at most 1 MiB and a key at most 256 characters.", "Split the object, or link to the large part."),
    "format.json-duplicate-key": Meaning(_A, "Readers disagree about which of two equal keys counts, so one could be shown and the other obeyed.", "Remove one of the keys."),
    "format.json-number": Meaning(_A, "Integers beyond 2^53-1, NaN and Infinity are read differently by different readers.", "Write the number as a string or within the range."),
    "format.json-string": Meaning(_A, "A lone surrogate or a NUL character cannot be stored and shown everywhere.", "Remove the character."),
    "format.bundle": Meaning(_A, "A file to share is a STIX bundle, a TAXII envelope, a JSON list of objects, or one object per line.", "Check the outermost braces of the file."),
    # -- formats: STIX --------------------------------------------------------------------------------------------
    "format.stix": Meaning(_A, "The object breaks a rule of STIX 2.1; the path and the rule stand in the message.", "Correct the named property. `tocsin share --dry-run` lists every refusal of a file."),
    "format.stix-pattern": Meaning(_A, "The pattern is not STIX patterning, or is larger than 16 KiB or 256 terms.", "Correct or shorten the pattern."),
    "format.stix-time": Meaning(_A, "The timestamp is not an instant in UTC, or two timestamps of the object contradict each other.", "Correct the timestamps."),
    "format.stix-marking": Meaning(_A, "A marking reference or a granular selector does not point to what it must.", "Correct the marking references and selectors."),
    # -- formats: our own -----------------------------------------------------------------------------------------
    "format.note": Meaning(_P, "The text is not a C2SP signed note.", "If it came from a peer, tell its operator; if from a file, fetch it again."),
    "format.checkpoint": Meaning(_P, "The note is not a C2SP tlog checkpoint.", "Tell the operator of the peer it came from."),
    "format.cosignature": Meaning(_P, "The signature line is not a C2SP cosignature/v1.", "Tell the operator of the peer it came from."),
    "format.frontier": Meaning(_P, "The bytes are not the frontier of a log's tree.", "If they came from a peer, tell its operator; if from our own store, run `tocsin fsck`."),
    "format.frame": Meaning(_P, "The bytes are not a frame of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.entry": Meaning(_P, "The bytes are not a log entry of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.message": Meaning(_P, "The bytes are not a message of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.statement": Meaning(_P, "The note does not hold the statement it must (charter, member, channel, epoch key).", "Ask its sender for the original file."),
    "format.key": Meaning(_O, "The text is not a key of the expected kind.", "Restore the key file from its backup; never edit it by hand."),
    "format.handle": Meaning(_A, "A handle is 2 to 32 characters a-z, 0-9 and inner hyphens, e.g. ma-cert.", "Choose another handle."),
    # -- policy ---------------------------------------------------------------------------------------------------
    "format.tlp": Meaning(_A, "A level of the Traffic Light Protocol 2.0 is CLEAR, GREEN, AMBER, AMBER+STRICT or RED.", "Write one of the five, e.g. `--tlp amber+strict`."),
    "policy.unmarked": Meaning(_A, "Nobody said who may read it, and nobody's silence is taken for consent.", "Mark the object, or say `--tlp LEVEL` when sharing."),
    "policy.unknown-marking": Meaning(_A, "A marking that is not understood may forbid exactly this sharing.", "Share the marking-definition along, or mark with TLP 2.0."),
    "policy.tlp-forged": Meaning(_A, "The fixed TLP ids stand for the published objects only: with other content one member would obey what another never saw.", "Leave the object out (the fixed ids are known without it), or use the published one."),
    "policy.above-ceiling": Meaning(_A, "CLEAR and GREEN go anywhere; AMBER to a thematic or bilateral channel, or to the plenary if the charter allows; AMBER+STRICT to a thematic or bilateral one; RED to a bilateral one or a thematic one of named people.", "Choose a narrower channel."),
    "policy.no-roster": Meaning(_O, "Without a roster there is no audience to compute.", "Check the channel: `tocsin channel show`."),
    "policy.not-a-member": Meaning(_A, "Only a member of a channel publishes in it.", "Choose a channel you belong to: `tocsin channel list`."),
    "policy.bilateral-not-two": Meaning(_O, "A bilateral channel has exactly two members; with any other number its roster is in doubt.", "Open the channel anew, or make it a thematic one."),
    "policy.unknown-channel": Meaning(_O, "The rules name the kinds plenary, thematic and bilateral; what another kind may carry is not known.", "Compare the versions of the nodes: `tocsin version`."),
    "policy.release-needed": Meaning(_A, "What another member marked above GREEN is passed on only with that member's signed release.", "Ask the originator for a release."),
    "policy.header-too-loose": Meaning(_P, "An entry may be handled more strictly than its object says, never less.", "Tell the operator of the member it came from."),
    # -- peer -----------------------------------------------------------------------------------------------------
    "peer.unreachable": Meaning(_P, "Nobody answers at the member's endpoint: the node is down, or the way to it is cut.", "Nothing: what is queued goes out when it is back. If it stays away, call its duty desk."),
    "peer.gone": Meaning(_P, "The link ended before the answer came; whether the other end got the last message is not known.", "Nothing: the link is opened again and what was not receipted is sent again."),
    "peer.identity": Meaning(_P, "Whoever answered does not hold the transport key that the charter names for this member.", "Stop and call the member by another way: its key changed without a charter version, or somebody stands between."),
    # -- config ----------------------------------------------------------------------------------------------------
    "config.account-exists": Meaning(_O, "Each account has one name and one token, and a token is shown only once.", "Choose another name, or remove the account first."),
    "config.unknown-account": Meaning(_O, "No account of this node has that name.", "List the accounts of this node."),
    "config.no-sample-data": Meaning(_O, "The demonstration shares real public threat information, which comes with the optional package pymispgalaxies.", "Install it (`pip install tocsin[demo]`), or name a file of your own: `tocsin demo --objects FILE`."),
})
# fmt: on
