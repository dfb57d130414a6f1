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
    "format.world": Meaning(_O, "The world that the console draws is one file of format 2: shapes of moves and lines, places and views.", "Run `make setup` for the map made at build time; see borders_file in docs/settings.md for one of your own."),
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
    "format.evidence": Meaning(_A, "The file is not evidence as docs/formats/evidence.md has it.", "Ask its sender for the original file."),
    "format.frontier": Meaning(_P, "The bytes are not the frontier of a log's tree.", "If they came from a peer, tell its operator; if from our own store, run `tocsin fsck`."),
    "format.frame": Meaning(_P, "The bytes are not a frame of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.entry": Meaning(_P, "The bytes are not a log entry of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.warning": Meaning(_A, "A warning says all that docs/warnings.md asks for, within its limits, under an id of its own giver.", "Correct what the message names; `tocsin warn --dry-run` checks without sending."),
    "format.policy": Meaning(_A, "A policy has 1 to 8 levels, each later than the one before, with desks and ways to reach them that are known.", "Compare it with docs/warnings.md."),
    "format.answer": Meaning(_A, "An answer names one warning, one of the four words, and for how long it stands.", "See `tocsin ack --help`."),
    "format.escalation": Meaning(_P, "The note does not tell which level of which warning was paged for whom.", "Tell the operator of the member it came from."),
    "format.erasure": Meaning(_P, "The content is not an erase order: entries in order, a short printable reason, two times.", "Tell the operator of the peer; the entry is held back and nothing was erased."),
    "format.confirmation": Meaning(_P, "A confirmation names its giver and 1 to 512 changes: object, version, action and time.", "Tell the operator of the peer; the note is kept and counts for nothing."),
    "format.recall": Meaning(_A, "A recall needs a reason of 1 to 256 printable characters, and an object that has versions: STIX can revoke no other.", "Give a reason; take an observable back with `tocsin erase order`."),
    "format.decision": Meaning(_A, "A decision about news names 1 to 50 articles on each side, by digest, and none on both.", "Share the decision from the page of the story."),
    "format.feedback": Meaning(_A, "Feedback says one of five things of one object; only a sighting has a count and a time; a note has at most 4,096 characters.", "See `tocsin feedback --help`."),
    "format.denylist": Meaning(_O, "A list of the package pymispwarninglists is not of the form it is published in, or its compiled form is damaged.", "Install the package again (`make setup`); `tocsin doctor` names the file."),
    "format.capture": Meaning(_A, "The bytes are damaged, or not of the format that they begin as: a page, a feed, a mail, a PDF.", "Open the source in a browser and capture it again; a feed that defines entities of its own is refused."),
    "format.capture-empty": Meaning(_A, "The file is empty, or holds nothing that is read as text: the desk has no OCR, so that pages that are pictures (a scan, a photograph) say nothing to it.", "Bring the text itself: save the page when it is shown in full, or run OCR over the scan and import the result."),
    "format.capture-size": Meaning(_A, "A capture may be at most 16 MiB, packed and unpacked: more is a bomb or an archive.", "Capture the article itself, or split the file."),
    "format.capture-type": Meaning(_A, "The desk reads HTML, plain text, PDF, mail, RSS, Atom and JSON Feed.", "Save the article as one of these."),
    "format.objection": Meaning(_A, "An objection, an answer or its withdrawal says why, in 1 to 2,000 printable characters.", "Give `--statement` a text of that length."),
    "format.draft": Meaning(_A, "What is to be shared is STIX 2.1, a MISP event, a text in UTF-8, or what is written in the form; within the limits of docs/console.md.", "Correct what the message names; what was given is still in the draft."),
    "format.misp": Meaning(_A, "A MISP event is converted to STIX by misp-stix, within 4 MiB, 5,000 attributes and a minute.", "Export the event as MISP JSON, one event a file, or export it as STIX 2.1."),
    "format.message": Meaning(_P, "The bytes are not a message of this protocol version.", "Compare the versions of both nodes: `tocsin version`."),
    "format.statement": Meaning(_P, "The note does not hold the statement it must (charter, member, channel, epoch key, erase receipt).", "Ask its sender for the original file."),
    "format.key": Meaning(_O, "The text is not a key of the expected kind.", "Restore the key file from its backup; never edit it by hand."),
    "format.handle": Meaning(_A, "A handle is 2 to 32 characters a-z, 0-9 and inner hyphens, e.g. ma-cert.", "Choose another handle."),
    # -- policy ---------------------------------------------------------------------------------------------------
    "format.tlp": Meaning(_A, "A level of the Traffic Light Protocol 2.0 is CLEAR, GREEN, AMBER, AMBER+STRICT or RED.", "Write one of the five, e.g. `--tlp amber+strict`."),
    "policy.not-ours": Meaning(_A, "Only who first shared an object changes it; everyone else's word stands beside it.", "Say what you think of it with `tocsin feedback`."),
    "policy.not-later": Meaning(_A, "A correction is a version whose `modified` is later than all that was shared, of an object that was not taken back.", "Set `modified`, or share a new object under another id."),
    "policy.unmarked": Meaning(_A, "Nobody said who may read it, and nobody's silence is taken for consent.", "Mark the object, or say `--tlp LEVEL` when sharing."),
    "policy.unknown-marking": Meaning(_A, "A marking that is not understood may forbid exactly this sharing.", "Share the marking-definition along, or mark with TLP 2.0."),
    "policy.tlp-forged": Meaning(_A, "The fixed TLP ids stand for the published objects only: with other content one member would obey what another never saw.", "Leave the object out (the fixed ids are known without it), or use the published one."),
    "policy.above-ceiling": Meaning(_A, "CLEAR and GREEN go anywhere; AMBER to a thematic or bilateral channel, or to the plenary if the charter allows; AMBER+STRICT to a thematic or bilateral one; RED to a bilateral one or a thematic one of named people.", "Choose a narrower channel."),
    "policy.no-roster": Meaning(_O, "Without a roster there is no audience to compute.", "Check the channel: `tocsin channel show`."),
    "policy.not-a-member": Meaning(_A, "Only a member of a channel publishes in it.", "Choose a channel you belong to: `tocsin channel list`."),
    "policy.fairness-party": Meaning(_A, "Only the two members of a row hold all that it was computed from, and it concerns nobody else.", "Give the statement to the member it names."),
    "policy.bilateral-not-two": Meaning(_O, "A bilateral channel has exactly two members; with any other number its roster is in doubt.", "Open the channel anew, or make it a thematic one."),
    "policy.unknown-channel": Meaning(_O, "The rules name the kinds plenary, thematic and bilateral; what another kind may carry is not known.", "Compare the versions of the nodes: `tocsin version`."),
    "policy.release-needed": Meaning(_A, "What another member marked above GREEN is passed on only with that member's signed release.", "Ask the originator for a release."),
    "policy.header-too-loose": Meaning(_P, "An entry may be handled more strictly than its object says, never less.", "Tell the operator of the member it came from."),
    # -- peer -----------------------------------------------------------------------------------------------------
    "peer.unreachable": Meaning(_P, "Nobody answers at the member's endpoint: the node is down, or the way to it is cut.", "Nothing: what is queued goes out when it is back. If it stays away, call its duty desk."),
    "peer.gone": Meaning(_P, "The link ended before the answer came; whether the other end got the last message is not known.", "Nothing: the link is opened again and what was not receipted is sent again."),
    "peer.rekeyed": Meaning(_P, "A member whose keys have changed opens its links anew, so that each begins with the charter that names them.", "Nothing: the link is opened again at once."),
    "peer.identity": Meaning(_P, "Whoever answered does not hold the transport key that the charter names for this member.", "Stop and call the member by another way: its key changed without a charter version, or somebody stands between."),
    # -- config ----------------------------------------------------------------------------------------------------
    "config.account-exists": Meaning(_O, "Each account has one name and one token, and a token is shown only once.", "Choose another name, or remove the account first."),
    "config.note": Meaning(_A, "A note of ours has 1 to 4096 characters, and a page 200 of them at most.", "Write a shorter one, or remove one that is no longer needed."),
    "config.unknown-account": Meaning(_O, "No account of this node has that name.", "List the accounts of this node."),
    "config.unconfirmed": Meaning(_A, "What cannot be taken back is asked first, and here is no terminal to ask at.", "Repeat with --yes if it is meant."),
    "access.drafts": Meaning(_A, "Drafts are kept for 30 days, 40 of one person, and take up to 512 MiB of a node.", "Throw some away on the page Share."),
    "access.unknown-warning": Meaning(_A, "No warning here has that id, or more than one begins so.", "`tocsin warnings --all` lists them; give more of the id."),
    "config.notifier": Meaning(_O, "A desk could not be reached by this way; it is tried again, and other ways are not held up.", "Check the mail server, the webhook and the desks in tocsin.toml."),
    "access.unknown-evidence": Meaning(_A, "This node holds no evidence whose id begins so, or more than one.", "`tocsin evidence list` shows what there is; give more of the id."),
    # -- desk -----------------------------------------------------------------------------------------------------
    "desk.refused-address": Meaning(_O, "Sources are fetched from public addresses only, so that no source can make this node ask its own network.", "Check the address. A source inside the house is allowed by naming its host:port in desk_inner (docs/settings.md)."),
    "desk.unreachable": Meaning(_O, "The source does not answer, or not with something whole; it is asked again, ever more slowly.", "Nothing at once. If it stays so: `tocsin desk source test NAME`."),
    "desk.too-large": Meaning(_O, "What a source may send is bounded, packed and unpacked.", "Nothing, unless the source is known to be that large: take a narrower address of it."),
    "desk.robots": Meaning(_O, "The source's robots.txt asks programs like this one not to fetch the page.", "Ask the publisher, or import the page as a file: `tocsin desk import FILE`."),
    "desk.withdrawn": Meaning(_O, "The source has taken away what it gave before: it answers that it is gone, forbidden or for others only.", "Ask the publisher for access. The node looks again once a day."),
    "desk.told-to-wait": Meaning(_O, "The source has more to do than it can: it asks to be left alone for a while (429, 503).", "Nothing: it is asked again when the time that it named is over. If it stays so, ask it less often: `tocsin desk source set NAME --every SECONDS`."),
    "desk.token-refused": Meaning(_O, "The source does not accept our token: it has run out, was taken back, or is not for this address.", "Ask its owner for another: `tocsin desk source set NAME --token-file FILE`. The node looks again once a day."),
    "desk.marked": Meaning(_O, "The desk holds open sources. What is marked above TLP:CLEAR, or in a way that is not understood, is left out and not kept.", "Share it with members as it is marked: `tocsin share FILE --to CHANNEL`. Or ask its owner for a version that is open."),
    "desk.unreadable": Meaning(_O, "The document is none that can be read, broke its reader or took too long; the capture is kept.", "Open the capture by hand. If it is an ordinary page, report it."),
    "desk.no-model": Meaning(_O, "Generative models are asked only where an administrator has named one.", "Leave --model away: passages of the articles answer by default. Or set desk_model_url and desk_model (docs/settings.md)."),
    "desk.nothing-open": Meaning(_A, "Only texts of the open web go to a generative model: none that came by mail, as a file, from a partner, with a token or from inside the house.", "Read the articles, or ask them: passages of theirs answer without a model."),
    "desk.model-busy": Meaning(_A, "A generative model is asked by one person at a time, and left alone for a while after failures.", "Ask again in a minute or two."),
    "desk.model-failed": Meaning(_O, "The model's address did not answer in time, or not with a bounded completion of a chat; redirects are not followed.", "See that the server of desk_model_url runs and knows the model of desk_model. Passages of the articles answer without it."),
    "desk.source-exists": Meaning(_A, "Each source has one name.", "Choose another name, or remove the source first."),
    "desk.unknown-source": Meaning(_A, "No source of this node has that name.", "`tocsin desk source list`."),
    "desk.unknown-story": Meaning(_A, "No story of this node has that id, or it was merged into another.", "`tocsin desk list`."),
    "config.no-sample-data": Meaning(_O, "The demonstration shares real public threat information, which comes with the optional package pymispgalaxies.", "Install it (`pip install tocsin[demo]`), or name a file of your own: `tocsin demo --objects FILE`."),
    # -- policy: charter and channels -----------------------------------------------------------------------------
    "policy.not-asked": Meaning(_A, "Only a member whom a warning asks answers it, only members of its channel can be asked, and only its giver climbs for others.", "`tocsin warnings ID` shows whom it asks; `tocsin channel show NAME` who could be."),
    "policy.warning-over": Meaning(_A, "Whoever has answered is not paged again, and a warning that was withdrawn asks nobody.", "See `tocsin warnings ID`."),
    "policy.warning-exhausted": Meaning(_A, "The policy was frozen when the warning was made, and its last level is paged.", "Reach the member by another way: its telephone."),
    "policy.channel-bilateral": Meaning(_A, "A bilateral channel is exactly its two members for as long as it exists.", "Make a thematic channel for three or more: `tocsin channel create`."),
    "policy.channel-exists": Meaning(_A, "A channel is exactly its audience and its name: two of one name, or two bilaterals of one pair, would be confused.", "Use the channel that exists (`tocsin channel list`), or choose another name."),
    "policy.channel-left": Meaning(_O, "Whoever has left a channel, or was taken out of it, has no voice in it and gets nothing that follows.", "Ask a member of the channel to propose you again: `tocsin channel invite NAME HANDLE`."),
    "policy.channel-pending": Meaning(_P, "A channel opens when every member of its roster has countersigned it.", "Wait until the named members are connected; `tocsin channel show NAME` tells who is missing."),
    "policy.channel-plenary": Meaning(_A, "The plenary is everybody who takes part; the charter alone decides who that is.", "Propose the next charter: `tocsin charter propose`."),
    "policy.channel-unchanged": Meaning(_A, "A proposal changes the roster, and this one would leave it as it is.", "Check the roster: `tocsin channel show NAME`."),
    "policy.charter-consent": Meaning(_A, "Nobody is admitted, nor described anew, without its own signature: the keys a charter gives a member must be in that member's hands.", "Send the proposal to the member named; it runs `tocsin charter sign`."),
    "policy.charter-foreign": Meaning(_O, "The charter names another key for this handle, or does not name it.", "Give the founders this node's own descriptor.note."),
    "policy.charter-fork": Meaning(_C, "Two different next versions can both win only if members voted twice: those named have signed both.", "Keep both files, tell the other members, and talk to those named: their signatures are the proof."),
    "policy.charter-gap": Meaning(_O, "Each version of the charter names the one before and is judged by its members' votes, so none can be left out.", "Ask any member for the versions between and adopt them in order: `tocsin charter adopt FILE`."),
    "policy.charter-rollback": Meaning(_O, "Another charter is in force here, and a charter is never replaced by force.", "Use another --home, or ask the community for the version that follows."),
    "policy.charter-unchanged": Meaning(_A, "A next version of the charter changes something, and this one would leave all as it is.", "Check what is in force: `tocsin charter show`."),
    "policy.charter-unsigned": Meaning(_O, "Version 1 binds nobody until every founder has signed it, a later version until enough members of the one before have.", "Let those who have not signed look at it and run `tocsin charter sign`: version 1 as a file, a later one by its digest."),
    "policy.already-member": Meaning(_A, "A handle stands for one member; whoever is in the charter already cannot be admitted again.", "To change what the charter says of it: `tocsin charter propose --describe FILE`; to end a suspension: `--readmit HANDLE`."),
    "policy.no-proposal": Meaning(_A, "A vote needs one proposal that is meant.", "`tocsin charter show` and `tocsin channel show NAME` list what is proposed; name one by the beginning of its digest."),
    "policy.roster-changed": Meaning(_A, "What is shared was checked against the audience as it was then; another audience needs another check.", "Look at the roster (`tocsin channel show NAME`) and share again."),
    "policy.audience-changed": Meaning(_A, "What is sealed is exactly what was shown beforehand; the audience or the objects are not the same any more.", "Look at who would read it now, and seal again if that is meant."),
    "policy.audience-unread": Meaning(_A, "Whoever is addressed for the first time, or has come since the last time, is acknowledged by name.", "Look at the names that are marked as new, and say that they are meant."),
    "policy.draft-moved": Meaning(_A, "Another tab, another person or the node itself has gone on with it meanwhile.", "Look at the draft again."),
    "policy.own-approval": Meaning(_A, "RED, what is urgent for everybody, and what is about a person takes two different persons.", "Let another person with the role releaser look at it."),
    "policy.sealing-late": Meaning(_A, "Nothing is sealed long after a person meant it: the node was not running when the time to undo had passed.", "Look at who would read it now, and seal it again."),
    "policy.deny-listed": Meaning(_A, "Who blocks it blocks what nobody may do without: a public resolver, a private or reserved network, a site that many use, a file that everybody has, a network of a member, or more of the network than anybody has looked at.", "Check the indicator. If it is right and the list is wrong: `--allow-listed LIST --reason TEXT`. To tell of a machine inside a member's network, share an observation, or an indicator of the type compromised."),
    "policy.same-version": Meaning(_A, "A version is its id and `modified`: other content under the same pair is a contradiction, not a new version.", "Raise `modified` and share again."),
    "policy.no-such-channel": Meaning(_A, "A channel that this node is not in does not exist for it.", "`tocsin channel list` shows what there is."),
    "policy.too-many-channels": Meaning(_P, "Every channel costs each of its members a log and a place in memory, so one member can make 256 and no more.", "Use a channel that exists. If a peer floods the others with invitations, bring it before the community."),
    "policy.too-many-proposals": Meaning(_P, "No member may fill this store with proposals: more are open than any vote needs.", "Find out who proposes so much, and decide on one of them."),
    "policy.unknown-member": Meaning(_A, "Only members of the charter can be addressed.", "`tocsin charter show` lists them."),
    "policy.vote-cast": Meaning(_A, "A member votes once in a round, and in a later round only when nothing can win any more in the earlier ones: two votes would prove it false.", "Wait for the others' votes, or vote in the open round; the proposals and their rounds are listed with the vote."),
    # -- verify ---------------------------------------------------------------------------------------------------
    "verify.channel": Meaning(_P, "The channel statement does not fit the charter, its kind, its creator or its secret.", "Ask its creator to make the channel again."),
    "verify.fairness": Meaning(_P, "A statement about giving and getting is signed by the log key of the member that makes it.", "Believe nothing of it; ask its sender for the original file."),
    "verify.descriptor": Meaning(_P, "A descriptor proves its keys by its own governance signature.", "Ask the member for the file as its node wrote it."),
    "verify.wrap": Meaning(_P, "It was sealed to another key than ours, or changed on its way.", "Compare fingerprints: `tocsin charter show` on both sides."),
    # -- receive --------------------------------------------------------------------------------------------------
    "receive.former-key": Meaning(_P, "A log key that was replaced counts for what its successor has signed since, and for nothing else: it may be stolen.", "Nothing, if the member has just changed its key: it signs with the new one and sends again. If it goes on, somebody uses the old key: tell the member."),
    "receive.count": Meaning(_P, "The frame holds more or fewer entries than its checkpoint says.", "Tell the operator of the origin; nothing was stored."),
    "receive.epoch-key": Meaning(_P, "An epoch key counts only from the log's own origin, for us, under its log key.", "Tell the operator of the peer."),
    "receive.fork": Meaning(_C, "The origin signed two histories of one log: a lie, or a restored backup.", "Keep the evidence (`tocsin fsck --json`), tell the other members of the channel, talk to the origin."),
    "receive.withheld": Meaning(_P, "Others hold more of a member's log than it sends to us, though it is linked.", "Nothing: what is missing is asked of the others. If it repeats, talk to the operator of the origin."),
    "receive.gap": Meaning(_P, "Entries between what we hold and this frame are missing.", "Nothing: the origin begins again where we stand."),
    "receive.no-key": Meaning(_P, "The frame is sealed under an epoch key we were not given.", "Nothing: the origin hands out its key with the next link."),
    "receive.not-open": Meaning(_P, "Not every member has countersigned the channel as far as we know.", "Nothing: it is tried again when the channel opens here."),
    "receive.old": Meaning(_D, "The frame ends below what we hold; whether replay or fork is judged next.", "Report this: the code is for inner use."),
    "receive.overlap": Meaning(_P, "The frame begins below what we hold.", "Nothing: the origin begins again where we stand."),
    "receive.replay": Meaning(_P, "The very same entries were stored before.", "Nothing: it changes nothing. Many of them: tell the operator of the peer."),
    "receive.rollback": Meaning(_C, "The origin's log is shorter than what it has signed: most likely a restored backup.", "Tell the operator of the origin: its node must not sign until it has caught up."),
    "receive.root": Meaning(_P, "Contents and salts do not give the root that was signed.", "Tell the operator of the origin; nothing was stored."),
    "receive.seal": Meaning(_P, "The frame was changed on its way, or sealed under another key.", "Nothing was stored. If it repeats, tell the operator of the peer."),
    "receive.signature": Meaning(_P, "The checkpoint is not signed by the log key that the charter names.", "Tell the operator of the peer; nothing was stored."),
    "receive.slot": Meaning(_P, "The checkpoint belongs to another log than the frame.", "Tell the operator of the peer; nothing was stored."),
    "receive.order-foreign": Meaning(_P, "An erase order may name entries of its own origin's logs only.", "Tell the operator of the peer; the order is held back and nothing was erased."),
    "receive.stranger": Meaning(_P, "The frame is of a log that the sender does not own, or that we are not in.", "Tell the operator of the peer; nothing was stored."),
    # -- deliver --------------------------------------------------------------------------------------------------
    "deliver.erased-signature": Meaning(_P, "An erase receipt counts only under the member's receipt key.", "Tell the operator of the peer; the order stays unanswered."),
    "deliver.erased-unknown": Meaning(_P, "An erase receipt must be the sender's own word, to us, on an order that we gave.", "Tell the operator of the peer; the order stays unanswered."),
    "deliver.receipt-signature": Meaning(_P, "A receipt counts only under the member's receipt key.", "Tell the operator of the peer; delivery stays open."),
    "deliver.receipt-unknown": Meaning(_P, "A receipt must be for a log of ours, from its audience, at a size that we have signed.", "Tell the operator of the peer; delivery stays open."),
    # -- tlog -----------------------------------------------------------------------------------------------------
    "tlog.behind": Meaning(_O, "What this node holds of its own log is not what it has signed: an old copy. Signing on would be a second history.", "Do not delete the heads folder. `tocsin recover` tells which members are waited for; see docs/operating.md, Restore."),
    "tlog.without": Meaning(_O, "The operator has said that this member will not come back: what it may hold of the log is not waited for any more.", "Nothing. If it does come back with more than this node holds, it holds the proof of a second history."),
    "tlog.unasked": Meaning(_O, "A store and its checkpoint file may both be old copies; only another member can tell, and none has been heard since the start.", "Nothing: it goes on with the first link to a member of the channel. `tocsin status` shows the links; if all of them are gone for good: `tocsin recover`."),
    # -- store ----------------------------------------------------------------------------------------------------
    "store.checkpoint-file": Meaning(_O, "Both halves of a checkpoint file are damaged.", "Check the disk; then see docs/operating.md, 'a damaged checkpoint file'."),
    "store.conflict": Meaning(_O, "Two writers, or a memory that is not what is stored.", "Restart the node; if it repeats, run `tocsin fsck`."),
    "store.disk": Meaning(_O, "The disk refused to read or write.", "Check disk and permissions, then restart the node."),
    "store.full": Meaning(_O, "There is no room on the disk.", "Make room. What peers sent comes again by itself; a share that failed is repeated."),
    "store.audit": Meaning(_O, "A record of the audit trail is damaged.", "Run `tocsin audit verify`."),
    "store.gap": Meaning(_O, "Entries of our own log are missing.", "Run `tocsin fsck`, then restore the newest backup."),
    "store.kept": Meaning(_O, "An upgrade keeps the old store beside the new one and overwrites no other that was kept.", "Move store.sqlite.before-v3 out of the folder, then repeat."),
    "store.migration": Meaning(_O, "A store of an older layout is upgraded as a whole, with every log's root, or not at all.", "Run `tocsin fsck` with the version that made the store; restore from a backup what it finds damaged, then upgrade."),
    "store.head": Meaning(_O, "The stored head of a log is not its newest checkpoint: the store is damaged, and nothing is signed from it.", "Run `tocsin fsck`, check the disk, then restore the newest backup; the peers send again what it lacks."),
    "store.missing": Meaning(_O, "The store file is not where `tocsin init` made it.", "Check --home; restore store.sqlite from a backup."),
    "store.no-log": Meaning(_O, "The channel's log has not been made here yet.", "Try again in a moment; `tocsin channel show` tells whether it is open."),
    "store.old": Meaning(_O, "The store has an older layout; `tocsin run` and `tocsin fsck` upgrade it and keep a copy.", "Start the node, or run `tocsin fsck` while it is stopped."),
    "store.open": Meaning(_O, "The store is not a database this version can open.", "Run `tocsin doctor`; restore from a backup."),
    "store.read": Meaning(_O, "The store could not be read.", "Check the disk; run `tocsin fsck`."),
    "store.schema": Meaning(_O, "A later version has changed the store, or it is none of ours; older ones are upgraded.", "Install the version that made it, or put back what that version kept (docs/operating.md, Upgrade)."),
    "store.search-behind": Meaning(_O, "What is committed cannot be found yet, so nothing can be decided by it: most often the disk is full.", "See the diagnostics and `tocsin doctor`, make room, and repeat; nothing was shared."),
    "store.sqlite-version": Meaning(_O, "SQLite before 3.51.3 can lose what was committed when a write meets a checkpoint.", "Install the pinned dependencies (`make setup`)."),
    "store.upgraded": Meaning(_O, "The store had an older layout. It was copied, then changed in one transaction, and every log still has its root.", "Nothing. Remove the copy when you will not go back to the older version."),
    "store.upgrading": Meaning(_O, "The store has an older layout and is being copied and changed; the node starts when that is done.", "Nothing: wait. Whatever cuts it off, the next start begins it again."),
    "store.unknown": Meaning(_O, "The commit failed, and whether it happened is not known.", "Nothing is lost: the node reads its state again, and repeated sharing makes no duplicate."),
    # -- peer: greeting and links ---------------------------------------------------------------------------------
    "peer.charter": Meaning(_P, "Two nodes talk only under the same charter.", "Compare `tocsin charter show` on both sides."),
    "peer.closed": Meaning(_P, "The other end closed the link in order.", "Nothing: it is opened again by itself."),
    "peer.expelled": Meaning(_P, "By the charter in force the other end, or this node, takes no part.", "Compare `tocsin charter show` on both sides."),
    "peer.crossed": Meaning(_P, "Two members dialed each other at once; the link that the smaller handle dialed is kept.", "Nothing."),
    "peer.false-claim": Meaning(_P, "A member that holds a part of our log can show our own signature for it; this one cannot.", "Nothing is stopped by a mere word. If it repeats, talk to the operator of the peer."),
    "peer.listen": Meaning(_O, "The address for peers is taken or not ours.", "Choose another peer_listen in tocsin.toml, or stop what uses it."),
    "peer.replaced": Meaning(_P, "A newer link to the same member took this one's place.", "Nothing."),
    "peer.version": Meaning(_P, "The two nodes speak no common protocol version.", "Upgrade the older node."),
    # -- access ---------------------------------------------------------------------------------------------------
    "access.unknown-objection": Meaning(_A, "This node knows no objection whose id begins so, or more than one.", "`tocsin person objections list` shows what there is; give more of the id."),
    "access.releaser": Meaning(_A, "Only a second person approves what is about persons, and is known by a token of their own.", "Let the operator open one: `tocsin account add NAME --kind releaser`."),
    "access.socket": Meaning(_A, "The control socket belongs to the user who runs the node.", "Run the command as that user."),
    "access.sign-in": Meaning(_A, "Which of name, password and code was wrong is not told, so that names cannot be tried out.", "Try again. If the password is lost, ask an administrator for a new one-time link."),
    "access.throttled": Meaning(_A, "Trying out passwords is made slow, for each account and for each address.", "Wait as long as the message says, then try once."),
    "access.session": Meaning(_A, "The pages of the console are for people who are signed in; a session ends with time, with rest, or when it is ended elsewhere.", "Sign in at /sign-in."),
    "access.form": Meaning(_A, "What changes something is accepted only from a page of this console in the same session.", "Open the page again and repeat."),
    "access.nothing-here": Meaning(_A, "What does not exist and what your roles do not open look the same.", "Check the address. If it should be there, ask an administrator which roles you have."),
    "access.too-many-readers": Meaning(_A, "Every open Watch holds a connection, and a node serves a bounded number of them.", "Close a Watch that nobody looks at; this one tries again by itself."),
    "access.too-large": Meaning(_A, "Every request is bounded, so that nobody fills the memory of a node.", "Send less at once."),
    "access.link": Meaning(_A, "A one-time link works once and for a day.", "Ask an administrator for a new one: `tocsin user reset NAME`."),
    "access.code": Meaning(_A, "The code changes every 30 seconds and depends on the clock of the device that shows it.", "Set the clock of the device and type the code it shows now."),
    "access.passkey": Meaning(_A, "A passkey counts when it signs a challenge of ours, for this address, with its owner present.", "Try again, or sign in with password and code."),
    "access.push": Meaning(_A, "Warnings are told to browsers only where the node's administrator allows it, for the roles that the desks name.", "Ask the administrator: push_services and desks in docs/settings.md."),
    "access.push-devices": Meaning(_A, "One person is told on a few devices, each of which a push service knows.", "Remove one that is no longer used, under your account."),
    "access.push-service": Meaning(_A, "A browser's messages go through the service of its maker, and the node asks only those that its administrator has listed.", "Use another browser, or ask the administrator to add the service to push_services."),
    "access.oidc": Meaning(_O, "What comes from the OpenID Connect provider counts only if every check of it holds.", "Try again; if it stays, compare the oidc settings with the provider's: docs/console.md."),
    "access.unknown-object": Meaning(_A, "What this node does not hold and what it may not show look the same.", "`tocsin objects --find` searches by name."),
    "access.unknown-duty": Meaning(_A, "There is no duty with that id here, or its object never went out.", "`tocsin duties list --state all` shows every one."),
    "access.unknown-interest": Meaning(_A, "There is no interest with that id here.", "`tocsin interest list` shows them."),
    # -- config ---------------------------------------------------------------------------------------------------
    "config.person-exists": Meaning(_O, "Each name, and each subject at the provider, is one account; names that look alike are one.", "Choose another name, or `tocsin user reset NAME`."),
    "config.person-name": Meaning(_A, "A name of an account is 2 to 64 letters, digits, dots, hyphens, underscores or @.", "Choose another name."),
    "config.unknown-person": Meaning(_O, "Nobody of that name has an account here.", "`tocsin user list`."),
    "config.last-administrator": Meaning(_O, "Without an administrator nobody could open accounts in the console.", "Make somebody else an administrator first."),
    "config.role": Meaning(_A, "The roles are duty, analyst, releaser, administrator and oversight; an account has at least one.", "Name one of the five."),
    "config.password": Meaning(_A, "A password is 12 to 256 characters, is not the name, and is typed twice alike.", "Choose a longer one; a few words are good."),
    "config.borders": Meaning(_O, "The file of borders_file cannot be read, or is not a map as tools/map.mjs writes one.", "Write it as docs/settings.md says, or choose another value of borders."),
    "config.oidc": Meaning(_O, "Sign-in by OpenID Connect needs the issuer, the client and a readable file with its secret.", "Set oidc_issuer, oidc_client and oidc_secret_file, or none of them: docs/settings.md."),
    "config.brief-font": Meaning(_O, "The brief is printed in a font that has the letters of all four languages. It comes with the package and is used only as it was put there; nothing else needs it.", "In a checkout install npm and run `make setup`; else install the package again."),
    "config.exists": Meaning(_O, "Keys and stores are never overwritten.", "Choose another folder or file, or move the old one away yourself."),
    "config.file": Meaning(_O, "The file is not there, not readable or not of its format.", "Check the path and the file."),
    "config.key-missing": Meaning(_O, "A key file is missing or unreadable.", "Restore the keys folder from its backup."),
    "config.key-mismatch": Meaning(_O, "What this node signs counts with its peers only when the charter in force names the key.", "Put the keys folder of this member back as it was last. If the store is the older one (a restored backup), let it run: its peers bring the later charters. If the keys are gone: docs/operating.md, `Keys: rotation, loss, theft`."),
    "config.keys-staged": Meaning(_O, "A key that waits may be in a proposal that others are signing: it is not replaced.", "See `tocsin keys show`. Propose the descriptor that names it, or, if nobody was given that, remove the files `keys/*.next` of the role."),
    "config.no-charter": Meaning(_O, "A node exchanges only under a charter.", "`tocsin charter adopt FILE`."),
    "config.no-home": Meaning(_O, "`tocsin init` makes a node; every other command only opens one.", "Name the folder with --home or TOCSIN_HOME, or run `tocsin init`."),
    "config.node-stopped": Meaning(_O, "The node ended while the command was waiting for it.", "Start it (`tocsin run`) and repeat: sharing again makes no duplicate."),
    "config.not-running": Meaning(_O, "The command asks the running node, and none answers.", "Start it: `tocsin run`."),
    "config.people-listen": Meaning(_O, "The address for people is taken or not ours.", "Choose another people_listen in tocsin.toml."),
    "config.denylists": Meaning(_O, "Lists of what must not be blocked come with the package pymispwarninglists. Without them this node exports nothing for blocking; sharing and receiving go on, with the members' own networks and the shortest prefixes alone.", "Install the package again (`make setup`), see that the user's cache folder or the node's run folder can be written, and restart the node."),
    "config.people-tls": Meaning(_O, "Tokens must not cross a network in the clear.", "Set people_certificate and people_key, or listen on 127.0.0.1 behind a proxy with TLS."),
    "config.running": Meaning(_O, "One folder is one node and one process.", "Stop the other one first."),
    "config.socket": Meaning(_O, "The control socket cannot be made; its path may be longer than 100 characters.", "Use a shorter --home."),
    "config.unknown-key": Meaning(_O, "A misspelt setting would be silently without effect.", "docs/settings.md lists every key."),
    "config.value": Meaning(_A, "The value is not of the kind asked for.", "See --help, or docs/settings.md."),
    # -- fsck -----------------------------------------------------------------------------------------------------
    "fsck.audit": Meaning(_O, "A record of the audit trail was changed, taken out or cut off.", "Find out who had the store in hand; tell the oversight. The trail goes on after it."),
    "fsck.checkpoint": Meaning(_O, "A stored checkpoint of a peer is not one its key signed.", "Restore the store, then let the peers send again."),
    "fsck.commitment": Meaning(_O, "An entry's header, salt or content was changed after it was committed.", "Restore the store, then let the peers send again."),
    "fsck.frontier": Meaning(_O, "The stored head of a log is not what its entries give.", "Restore the store."),
    "fsck.gap": Meaning(_O, "Entries of a log are missing.", "Restore the store, then let the peers send again."),
    "fsck.journal-gap": Meaning(_O, "Positions of the journal are missing.", "Restore the store."),
    "fsck.journal-order": Meaning(_O, "Dates of the journal do not grow.", "Restore the store."),
    "fsck.receipt": Meaning(_O, "A stored receipt does not cover our log under its member's key.", "Restore the store; the member signs again on the next link."),
    "fsck.root": Meaning(_O, "The entries do not give the root of a checkpoint.", "Restore the store, then let the peers send again."),
    "fsck.erased": Meaning(_O, "Something of an erased entry is left, or content is gone that nobody erased.", "Start the node, which obeys open orders; if it stays, restore the store."),
    "fsck.search": Meaning(_O, "Search shows something the journal does not hold.", "Restore the store."),
    "fsck.sqlite": Meaning(_O, "SQLite finds its own file damaged.", "Check the disk, restore the store."),
    "fsck.unreadable": Meaning(_O, "Something in the store cannot be read at all.", "Check the disk, restore the store."),
    # -- evidence and exports -------------------------------------------------------------------------------------
    "evidence.unproven": Meaning(_A, "Evidence is two statements that one key of the accused signed and that contradict each other; these are not.", "Believe nothing of it; ask its sender for the original file."),
    "export.file": Meaning(_O, "An export is one new ordinary file, and the disk must write.", "Check path, permissions and room, then repeat; what was unfinished has been removed."),
    # -- backup ---------------------------------------------------------------------------------------------------
    "backup.digest": Meaning(_O, "A file in the backup is not the one that was put into it.", "Do not restore it: take another copy of it, or an older backup."),
    "backup.file": Meaning(_O, "A backup is one ordinary file, and the disks on both sides must read and write.", "Check path, permissions and disk, then repeat; what was unfinished has been removed."),
    "backup.format": Meaning(_O, "The file is no backup of this version, or it was cut or changed.", "Do not restore it: take another copy of it, or an older backup."),
    "backup.kept": Meaning(_O, "A restore keeps the old store beside the new one and overwrites neither.", "Move store.sqlite.before-restore out of the folder, then repeat."),
    "backup.member": Meaning(_O, "The backup is of another member or of other keys than the folder.", "Name the folder it was made from, or an empty one."),
    "backup.no-heads": Meaning(_O, "Without its heads folder a node does not know what it has signed; the folder must not be trusted in part.", "Move the folder away and restore into an empty one: its own logs stay closed."),
    "backup.store": Meaning(_O, "The store in the backup does not prove what it must; `tocsin restore FILE --check` lists every problem.", "Do not restore it: take an older backup."),
    # -- doctor ---------------------------------------------------------------------------------------------------
    "doctor.backup": Meaning(_O, "A disk that is lost takes with it what no backup holds.", "`tocsin backup --to FOLDER`, every few days."),
    "doctor.ballast": Meaning(_O, "On a full disk SQLite cannot even delete; a file that only takes room can be removed then.", "Make room and restart the node: it makes the file when there is room for it."),
    "doctor.blocked": Meaning(_O, "Somebody here has stopped everything of that member from being shown and exported. It is still received and stored, and the member is told nothing.", "`tocsin origin list` tells since when and why; `tocsin origin unblock MEMBER` ends it."),
    "doctor.certificate": Meaning(_O, "Members link only by the transport certificate that the charter names.", "Plan a key change in the charter before it ends."),
    "doctor.browser-code": Meaning(_O, "The console's JavaScript comes with the package and is given out only as it was put there. Without it the pages work, but nothing is pushed to them.", "In a checkout install npm and run `make setup`; else install the package again."),
    "doctor.clock": Meaning(_O, "Dates of this node would go back.", "Set the clock (NTP)."),
    "doctor.descriptor": Meaning(_O, "The descriptor must be signed by the governance key beside it.", "Restore descriptor.note and keys together."),
    "doctor.disk": Meaning(_O, "A full disk stops every share and every receipt.", "Make room on the disk of the node's folder."),
    "doctor.heads": Meaning(_O, "Without its heads folder a node does not know what it has signed.", "Move the node's own heads folder back; never restore one from a backup. If it is lost: docs/operating.md, Restore."),
    "doctor.no-way": Meaning(_O, "One of two members that exchange needs an endpoint that the other can dial.", "Give one of them an endpoint in the charter."),
    "doctor.permissions": Meaning(_O, "Keys and store are for the node's own user alone.", "`chmod 700` the folder, `chmod 600` the file."),
    "doctor.silent": Meaning(_O, "The node's process is there and does not answer: it is stopped, or its disk or processor is overloaded.", "Look into its diagnostics; restart it."),
    "doctor.skew": Meaning(_O, "One of two clocks is wrong; dates and delays that people read are wrong by as much.", "Compare with NTP on both sides and set the wrong one."),
    "doctor.unreadable": Meaning(_O, "A file the check needs is missing or not readable for this user.", "See that the node's files are there and belong to the user who runs the command."),
    "doctor.vote": Meaning(_O, "A proposal is decided by the votes of people; this member's is missing.", "Look at it: `tocsin charter diff` or `tocsin channel show NAME`; then `tocsin charter sign` or `tocsin channel agree NAME`, or let it be."),
    "doctor.quiet": Meaning(_P, "The member is linked, but has said nothing of a log of its own for more than 30 seconds, where a heartbeat comes every 10.", "If it lasts, call its operator: its node hangs, or it keeps something from this one."),
    "doctor.evidence": Meaning(_C, "A member has signed two statements that contradict each other, and this node holds both.", "`tocsin evidence list` and `tocsin evidence show ID`; tell the other members and talk to the accused by telephone."),
    "doctor.duties": Meaning(_O, "Somebody is concerned by what this node gave to others, and was not told for more than a day.", "`tocsin duties list`; warn the member, share a sanitised object that names the duty, or decline it with a reason."),
    # -- persons (docs/persons.md) --------------------------------------------------------------------------------
    "person.undeclared": Meaning(_A, "What is about a person passes only with the extension that says why, by what right, and who stands for it.", "Add the extension `person` (docs/persons.md), or leave the object out."),
    "person.field": Meaning(_A, "The extension `person` has exactly the documented fields; another one would be read by nobody.", "Remove the field, or write it as the documentation has it."),
    "person.purpose": Meaning(_A, "Personal data is shared for a purpose from a closed list, and used for that one only.", "Set `purpose` to one of the list in docs/persons.md."),
    "person.legal-basis": Meaning(_A, "Without a legal basis nobody may hold it, neither here nor there.", "Name the law or the order in `legal_basis`, in 8 to 256 characters."),
    "person.category": Meaning(_A, "A witness read as a suspect is a harm that no correction undoes.", "Set `category`: suspect, convicted, victim, witness or contact."),
    "person.reliability": Meaning(_A, "The reader must know how far the source can be trusted.", "Set `reliability`: A to F."),
    "person.credibility": Meaning(_A, "The reader must know how well the information is confirmed.", "Set `credibility`: a whole number from 1 to 6."),
    "person.assertion": Meaning(_A, "A fact and an assessment must be told apart.", "Set `assertion`: fact or assessment."),
    "person.review-date": Meaning(_A, "What is about a person is looked at again within a year of the object's `modified` and of its sending, or it ends.", "Set `review_date` to a day within a year, such as 2027-05-01; a new version begins a new year."),
    "person.neutrality": Meaning(_A, "Somebody must have looked whether the matter is political, military, religious or racial, and say so.", "Write in `neutrality` what was looked at, in 20 to 1,000 characters."),
    "person.signatories": Meaning(_A, "Two different persons stand for what is shared about a third.", "Give `signatories` two entries, each with `name` and `role`; the second is the name of the releaser's account."),
    "person.necessity": Meaning(_A, "An exception is a reasoned one or none.", "Say in `necessity` why it cannot be done without, in 20 to 500 characters, or remove the field."),
    "person.special-category": Meaning(_A, "Political opinion, religion, ethnicity, health, sexual life and trade union are denied by default.", "Take the words out; if they are strictly necessary, say why in `necessity`: the second person and every reader see it."),
    "person.marking": Meaning(_A, "What is about a person is for those who need to know: TLP:AMBER at least.", "Mark it AMBER or stricter and choose a channel that may carry it."),
    "person.keep-until": Meaning(_P, "What is about a person is kept for a year at most, and never beyond its review day.", "Tell the operator of the peer; the entry is held back."),
    "person.tied": Meaning(_A, "A relationship that joins a person to something is itself about that person.", "Give the relationship the extension `person` too."),
    "person.not-the-originator": Meaning(_A, "Only who shared an object answers what is objected to it.", "Let the originator answer: `tocsin person objections list` names it."),
    "person.not-the-objector": Meaning(_A, "Only who objected can take the objection back.", "Talk to that member."),
    "person.second": Meaning(_A, "What is about a person is shared when a second person has approved exactly these bytes.", "Let the named person run `tocsin person approve DIGEST`, then share the same file again."),
    "person.no-release": Meaning(_A, "Only what somebody wants to share can be approved, within seven days.", "See `tocsin person pending`; share the file once, so that it waits."),
    "person.not-the-second": Meaning(_A, "Who approves is the one whom the objects themselves name as second signatory.", "Let that account approve, or name the right one in `signatories`."),
    # -- internal -------------------------------------------------------------------------------------------------
    "internal.error": Meaning(_D, "A fault of ours; the part begins again.", "Report it with the line from the diagnostics; it holds no content."),
    # -- demo ------------------------------------------------------------------------------------------------------
    "demo.node": Meaning(_D, "Each member of the demonstration is a real process; one of them ended.", "Look into its diagnostics: `tocsin demo --keep DIR` leaves them in DIR."),
    "demo.share": Meaning(_A, "A file that is refused as a whole cannot be demonstrated with.", "Check the file: `tocsin share --dry-run` at a node of your own tells every refusal."),
    "demo.stalled": Meaning(_D, "The demonstration waits for what must happen; it did not.", "Try again on an idle machine; `tocsin demo --keep DIR` leaves the diagnostics in DIR."),
})
# fmt: on
