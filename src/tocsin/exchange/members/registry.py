"""Who belongs here: the charters in force so far and our channels, in memory as read from our tables."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Final

from tocsin.errors import ConfigError, PolicyError, VerificationError
from tocsin.exchange.members import channels, charter, descriptor, rosters, succession, writing
from tocsin.exchange.members.channels import Channel, Place, Stated
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import Member
from tocsin.exchange.members.rosters import Book, Leave
from tocsin.formats import statement
from tocsin.formats.keys import Role
from tocsin.formats.statement import Statement
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database
from tocsin.ports.entropy import Entropy
from tocsin.ports.keyring import Keyring

CHARTER: Final = "charter"
_MOST_STATEMENTS: Final = 4096  # of one chain: a member cannot fill our store with proposals
MAX_CREATED: Final = 256  # channels that one member has made: each costs every other its logs and its place for ever
Told = Callable[[Statement, frozenset[str]], None]
Caught = Callable[[str, Statement, Statement], None]


class Members:
    """The directory of one node. Reading is in memory; every change is durable before it is told to anyone."""

    def __init__(self, me: str, database: Database, keyring: Keyring, clock: Clock, entropy: Entropy) -> None:
        self.me = me
        self.database = database
        self.keyring = keyring
        self.clock = clock
        self.entropy = entropy
        self.lock = asyncio.Lock()  # one change at a time: two peers may bring the same statement at once
        self._history: list[Charter] = []
        self._by_digest: dict[bytes, Charter] = {}
        self._books: dict[str, Book] = {}
        self._proposed: dict[bytes, Charter] = {}
        self._cast: dict[str, dict[tuple[int, int], bytes]] = {}
        self._generations: dict[str, list[Channel]] = {}
        self._listed: list[Channel] = []
        self._forgotten: set[str] = set()
        self._places: dict[bytes, Place] = {}
        self._told: list[Told] = []
        self._caught: list[Caught] = []
        self._wrapped: dict[tuple[bytes, bytes], Statement] = {}  # handed over, by statement and seal key

    async def load(self) -> None:
        """Read what our tables hold."""
        found = await self.database.read(writing.load)
        # Again: a bit that has turned in one of them would give every log another slot.
        self._history = charter.chain(found.charters)
        self._by_digest = {one.digest: one for one in self._history}
        self._cast = found.votes
        if not self._history:
            return
        for number, channel_id in found.numbers:
            self._books[channel_id] = Book(number)
        for chain, data in found.statements:
            signed = statement.parse(data)
            if chain == CHARTER:
                proposal = charter.of(signed)
                self._proposed[proposal.digest] = proposal
            else:
                one = self.stated(signed)
                book = self._books[chain]
                book.stated[one.digest] = one
                if one.digest in found.secrets:
                    book.secrets[one.digest] = channels.require_secret(one, found.secrets[one.digest])
                elif self.me in one.roster and (secret := self._opened(one)) is not None:
                    book.secrets[one.digest] = secret
        for data in found.leaves:
            left = rosters.read_leave(statement.parse(data), self._history)
            if left.channel in self._books:
                self._books[left.channel].leaves[left.member] = left
        self._rebuild()

    def on_change(self, call: Told) -> None:
        """Be told of every statement that is new here or has more signatures, and whom it concerns."""
        self._told.append(call)

    def on_double_vote(self, call: Caught) -> None:
        """Be told of a member that has voted for two texts in one round, and of both statements."""
        self._caught.append(call)

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def charter(self) -> Charter:
        """The charter in force. Raises ConfigError("config.no-charter")."""
        if not self._history:
            raise ConfigError("config.no-charter", "this node has adopted no charter yet")
        return self._history[-1]

    @property
    def has_charter(self) -> bool:
        """Whether a charter is in force."""
        return bool(self._history)

    @property
    def history(self) -> tuple[Charter, ...]:
        """Every charter that was in force, oldest first."""
        return tuple(self._history)

    def proposals(self) -> list[Charter]:
        """Next versions of the charter that are not decided yet."""
        return sorted(self._proposed.values(), key=lambda one: (one.version, one.round, one.created, one.digest))

    def member(self, handle: str) -> Member:
        """A member of the charter, suspended or not. Raises PolicyError("policy.unknown-member")."""
        try:
            return self.charter.members[handle]
        except KeyError as error:
            raise PolicyError("policy.unknown-member", f"no member {handle!r} in the charter") from error

    def known(self, handle: str) -> list[Member]:
        """A member as each charter described it, newest first: for what it signed before. Empty for a stranger."""
        found: list[Member] = []
        for one in reversed(self._history):
            if handle in one.members and one.members[handle] not in found:
                found.append(one.members[handle])
        return found

    def peers(self) -> list[str]:
        """Every other member that takes part; none while we do not."""
        if self.me not in self.charter.active:
            return []
        return sorted(self.charter.active - {self.me})

    def neighbours(self) -> list[str]:
        """Whom to be linked to: our peers; while we take no part everybody, for only they can tell us of our return."""
        return self.peers() or sorted(self.charter.members.keys() - {self.me})

    def channels(self) -> list[Channel]:
        """Our channels, each as it stands now, the plenary first."""
        return sorted((one[-1] for one in self._generations.values() if one), key=lambda one: one.number)

    def generations(self) -> list[Channel]:
        """Every generation of every channel of ours."""
        return list(self._listed)

    def channel(self, wanted: str) -> Channel:
        """A channel of ours by name or id, as it stands now. Raises PolicyError("policy.no-such-channel")."""
        for one in self.channels():
            if wanted in (one.id, one.name):
                return one
        raise PolicyError("policy.no-such-channel", f"this node is in no channel {wanted!r}")

    def origin(self, slot: bytes) -> Place | None:
        """Which log of which channel a slot names, if it is one of ours."""
        return self._places.get(slot)

    def forgotten(self, channel_id: str) -> bool:
        """Whether we had joined this channel before and learned of it anew: our log in it may have been signed."""
        return channel_id in self._forgotten

    def book(self, channel_id: str) -> Book:
        """All that was said of a channel. Raises PolicyError("policy.no-such-channel")."""
        if channel_id not in self._books:
            raise PolicyError("policy.no-such-channel", "nothing was ever said of this channel here")
        return self._books[channel_id]

    def cast(self, chain: str) -> Mapping[tuple[int, int], bytes]:
        """What we have voted for in a chain, by version and round."""
        return self._cast.get(chain, {})

    def concerning(self, peer: str) -> list[Statement]:
        """All that a peer should know of channels and proposals, in an order in which it can be understood."""
        out = [one.signed for one in self.proposals()]
        for book in self._books.values():
            listed = sorted(book.stated.values(), key=channels.age)
            out += [one.signed for one in listed if peer in one.roster | one.voters]
            out += self._handed(book, peer)
            if any(peer in one.roster for one in listed):
                out += [one.signed for one in book.leaves.values()]
        return out

    def stated(self, signed: Statement) -> Stated:
        """What a channel statement says. Raises FormatError, VerificationError."""
        return channels.stated(signed, self._by_digest.get, self.charter)

    # -- changing -----------------------------------------------------------------------------------------------

    async def adopt(self, *versions: bytes) -> Charter:
        """Put decided charters into force, in the order of their versions; those in force already are passed over.

        Whoever was admitted later adopts all versions at once: only the last must list this node with its own keys.
        Raises PolicyError when one is unsigned, the last is foreign, or one is not the next.
        """
        async with self.lock:
            found = sorted(map(charter.read, versions), key=lambda one: one.version)
            if found[-1].digest not in self._by_digest:
                self._require_ours(found[-1])
            return [await self._adopt(one) for one in found][-1]

    def promote_keys(self) -> bool:
        """Our waiting keys that the charter in force names become the current ones. Whether there were any.

        Not part of putting a charter into force: a running node ends its links between the two (node/core.py).
        """
        mine = self.charter.members.get(self.me)
        return mine is not None and self.keyring.promote(mine.public)

    def keys_wait(self) -> bool:
        """Whether promote_keys() would change any key of the charter in force."""
        mine = self.charter.members.get(self.me)
        return mine is not None and any(self.keyring.staged(role) == key for role, key in mine.public.items())

    def foreign_keys(self) -> tuple[Role, ...]:
        """Roles for which the charter in force names a key that this node does not have."""
        mine = self.charter.members.get(self.me)
        return self.keyring.foreign(mine.public) if mine is not None else ()

    async def learn(self, signed: Statement) -> None:
        """Take a statement from a peer: a charter, a channel, a leave. Merge its signatures; sign what costs nothing.

        Joining is free of obligation (it only lets others send to us), so the node countersigns that by itself; votes
        are cast by people (acts.py). Raises FormatError, PolicyError, VerificationError, StoreError.
        """
        async with self.lock:
            if signed.kind == statement.CHARTER:
                await self._learn_charter(signed)
            elif signed.kind == statement.LEAVE:
                await self._learn_leave(signed)
            elif signed.kind == statement.HANDED:
                await self._learn_secret(signed)
            else:
                await self._learn_channel(signed)

    async def keep(self, signed: Statement, vote: tuple[str, int, int] | None = None) -> None:
        """Store a statement of a channel or a proposed charter, with our vote in it; then tell. Needs the lock."""
        if signed.kind == statement.CHARTER:
            proposal = charter.of(signed)
            chain, digest = CHARTER, proposal.digest
            work = writing.Kept(chain, digest, statement.encode(signed), vote, None)
            await self.database.write(work.store)
            self._proposed[digest] = proposal
            concerned = self.charter.active
        else:
            one = self.stated(signed)
            chain, digest = one.id, one.digest
            secret = self._opened(one) if self.me in one.roster else None
            work = writing.Kept(chain, digest, statement.encode(signed), vote, secret)
            number = await self.database.write(work.store)
            book = self._books.setdefault(chain, Book(number))
            book.stated[digest] = one
            if secret is not None:
                book.secrets[digest] = secret
            self._rebuild()
            concerned = one.roster | one.voters
        if vote is not None:
            self._cast.setdefault(chain, {})[vote[1:]] = digest
        self._tell(signed, concerned)

    async def decide(self, new: Charter) -> Charter:
        """Put a proposal into force if it has what it needs. Needs the lock."""
        won = succession.wins(self.charter.ballot(new), self.charter.active, self.charter.threshold)
        if not won or charter.consent_missing(self.charter, new):
            return new
        self._require_ours(new)
        return await self._adopt(new)

    # -- inside: the charter --------------------------------------------------------------------------------------

    async def _adopt(self, new: Charter) -> Charter:
        if self._history and new.digest in self._by_digest:
            return self._by_digest[new.digest]
        if not self._history:
            charter.require_complete(new)
        else:
            charter.require_next(self.charter, new)
            charter.require_votes(self.charter, new)
        data = statement.encode(new.signed)
        await self.database.write(lambda tx: writing.store_charter(tx, new.version, data))
        self._history.append(new)
        self._by_digest[new.digest] = new
        self._proposed = {digest: one for digest, one in self._proposed.items() if one.version > new.version}
        self._rebuild()
        # Those it leaves out are told as well: nobody is expelled in silence.
        self._tell(new.signed, new.active | (self._history[-2].active if len(self._history) > 1 else frozenset()))
        return new

    def _require_ours(self, new: Charter) -> None:
        """Of what is adopted by hand; what peers bring is judged by its votes alone."""
        mine = new.members.get(self.me)
        if mine is None and self._history:
            return  # we were expelled, and know it from now on
        if mine is None or self.keyring.foreign(mine.public):
            raise PolicyError("policy.charter-foreign", "the charter does not list this node with its own keys")

    async def _learn_charter(self, signed: Statement) -> None:
        if sha256(signed.note.text).digest() in self._by_digest:
            return
        new = charter.of(signed)
        self._refuse_fork(new)
        charter.require_next(self.charter, new)
        known = self._proposed.get(new.digest)
        listed = (*self.charter.members.values(), *new.members.values())
        signed = descriptor.genuine(signed, listed)
        if known is not None:
            signed = charter.merged(known.signed, signed)
            if signed.note == known.signed.note:
                return
        new = charter.of(signed)
        for rival in self._proposed.values():
            self._catch(self.charter, new, rival)
        ballot = self.charter.ballot(new)
        if (await self.decide(new)) is self.charter:
            return
        if known is None and not ballot.votes:
            raise PolicyError("policy.charter-unsigned", "a proposal that no member has signed")
        if known is None and len(self._proposed) >= _MOST_STATEMENTS:
            raise PolicyError("policy.too-many-proposals", "there are more open proposals than any vote needs")
        await self.keep(signed, self._own_vote(CHARTER, ballot))

    def _refuse_fork(self, new: Charter) -> None:
        """A second charter of one version that its predecessor's members have voted for: somebody voted twice."""
        for before, rival in zip(self._history, self._history[1:], strict=False):
            if new.version == rival.version and new.previous == before.digest:
                new = charter.of(descriptor.genuine(new.signed, before.members.values()))
                self._catch(before, new, rival)
                ballot = before.ballot(new)
                if succession.wins(ballot, before.active, before.threshold):
                    twice = ", ".join(sorted(ballot.votes & before.ballot(rival).votes))
                    raise PolicyError(
                        "policy.charter-fork", f"two versions {new.version} were voted for; twice by {twice}"
                    )

    def _catch(self, before: Charter, one: Charter, rival: Charter) -> None:
        if (one.version, one.round) == (rival.version, rival.round) and one.digest != rival.digest:
            for handle in sorted(before.ballot(one).votes & before.ballot(rival).votes & before.active):
                for call in self._caught:
                    call(handle, one.signed, rival.signed)

    # -- inside: channels -----------------------------------------------------------------------------------------

    async def _learn_channel(self, signed: Statement) -> None:
        book = self._books.get(str(signed.body.get("id")))
        held = book.stated.get(sha256(signed.note.text).digest()) if book else None
        if held is not None and set(signed.note.signatures) <= set(held.signed.note.signatures):
            return  # every link begins with all that is known: mostly nothing new
        named = {*statement.texts(signed.body, "roster"), *statement.texts(signed.body, "voters")}
        keys = [one.members[handle] for one in self._history for handle in named if handle in one.members]
        signed = descriptor.genuine(signed, keys)
        one = self.stated(signed)
        if self.me not in one.roster | one.voters:
            raise VerificationError("verify.channel", "the channel's statement does not concern us")
        known = book.stated.get(one.digest) if book else None
        if known is not None:
            signed = charter.merged(known.signed, signed)
        for handle, rival in rosters.double_votes(self.stated(signed), book.stated.values() if book else ()).items():
            for call in self._caught:
                call(handle, signed, rival.signed)
        if known is None:
            self._require_room(one, book)
        if self.me in one.joiners:
            if book is None and self.me in one.signers:
                # Our own signature on a channel we do not know: this store is older than what we have done.
                self._forgotten.add(one.id)
            if self._opened(one) is not None and self.me not in one.signers:
                signed = descriptor.sign(signed, self.me, self.keyring)
        if known is None or known.signed.note != signed.note:
            # Who joins consents; only who is in already votes.
            ballot = self.stated(signed).ballot
            await self.keep(signed, self._own_vote(one.id, ballot) if self.me in one.voters else None)
            await self._stay_away(self._books[one.id])

    async def _stay_away(self, book: Book) -> None:
        """Others may have voted before they heard that we had left: our word stands until we join again."""
        kept_in = book.unwillingly(self.me)
        if kept_in is not None:
            made = rosters.leave(kept_in.id, self.me, kept_in.version, self.clock.now_us())
            await self.keep_leave(rosters.read_leave(descriptor.sign(made, self.me, self.keyring), self._history))

    def _opened(self, one: Stated) -> bytes | None:
        """The secret of a generation that lists us; None if it was wrapped to a seal key that we have replaced."""
        book, key = self._books.get(one.id), self.keyring.sealing()
        if book is not None and one.digest in book.secrets:
            return book.secrets[one.digest]
        try:
            return channels.open_secret(one, self.me, key)
        except VerificationError as error:
            if error.code != "verify.wrap" or channels.seal_then(one, self.me, self._by_digest.get) == key.public:
                raise
            return None

    def handed(self, peer: str) -> list[Statement]:
        """The channel secrets that were wrapped to a seal key which the peer has replaced, wrapped to its own of today."""
        return [one for book in self._books.values() for one in self._handed(book, peer)]

    def _handed(self, book: Book, peer: str) -> list[Statement]:
        to = self.charter.members.get(peer)
        if to is None:
            return []
        out: list[Statement] = []
        for one in book.stated.values():
            secret = book.secrets.get(one.digest) if peer in one.roster else None
            if secret is None or channels.seal_then(one, peer, self._by_digest.get) == to.seal:
                continue
            if (one.digest, to.seal) not in self._wrapped:
                made = channels.hand_over(one, secret, to, self.me, self.keyring.signing(Role.LOG))
                self._wrapped[one.digest, to.seal] = made
            out.append(self._wrapped[one.digest, to.seal])
        return out

    async def _learn_secret(self, signed: Statement) -> None:
        book = self._books.get(statement.text(signed.body, "channel"))
        named = statement.text(signed.body, "statement")
        if book is None:
            return
        one = next((one for one in book.stated.values() if one.digest.hex() == named), None)
        if one is None or self.me not in one.roster or one.digest in book.secrets:
            return
        secret = channels.open_secret(one, self.me, self.keyring.sealing(), signed)
        await self.database.write(partial(writing.store_secret, digest=one.digest, secret=secret))
        book.secrets[one.digest] = secret
        self._rebuild()
        if self.me in one.joiners and self.me not in one.signers:
            await self.keep(descriptor.sign(one.signed, self.me, self.keyring))
        else:
            self._tell(one.signed, one.roster)  # who sent us its logs in vain tries again

    def _require_room(self, one: Stated, book: Book | None) -> None:
        if any(found.id == one.id for found in self.channels() if found.signed is None):
            raise VerificationError("verify.channel", "a statement claims the id of the plenary")
        if book is None and any(found.name == one.name for found in self.channels()):
            raise PolicyError("policy.channel-exists", f"a peer invites us to a second channel {one.name!r}")
        if book is not None and len(book.stated) >= _MOST_STATEMENTS:
            raise PolicyError("policy.too-many-proposals", "there are more statements of this channel than any needs")
        if book is not None and any(found.name != one.name or found.kind != one.kind for found in book.stated.values()):
            raise VerificationError("verify.channel", "the statement changes the name or kind of its channel")
        if one.version == 1 and book is not None and any(found.version == 1 for found in book.stated.values()):
            raise VerificationError("verify.channel", "a second first generation of one channel")
        if book is None:
            self.require_few(one.creator)

    def require_few(self, creator: str) -> None:
        """Refuse one more channel of a member that has made MAX_CREATED. Raises PolicyError("policy.too-many-channels")."""
        creators = [next(iter(each.stated.values())).creator for each in self._books.values() if each.stated]
        if creators.count(creator) >= MAX_CREATED:
            raise PolicyError("policy.too-many-channels", f"{creator} has made {MAX_CREATED} channels already")

    def _own_vote(self, chain: str, ballot: succession.Ballot) -> tuple[str, int, int] | None:
        """Our signature under what a peer brings is a vote of ours that this store may have forgotten."""
        if self.me not in ballot.votes or (ballot.version, ballot.round) in self.cast(chain):
            return None
        return chain, ballot.version, ballot.round

    async def _learn_leave(self, signed: Statement) -> None:
        left = rosters.read_leave(signed, self._history)
        book = self._books.get(left.channel)
        known = book.leaves.get(left.member) if book else None
        if book is None or (known is not None and known.version >= left.version):
            return
        if not any(left.member in one.roster for one in book.stated.values()):
            raise VerificationError("verify.channel", f"{left.member} leaves a channel that it is not in")
        await self.keep_leave(left)

    async def keep_leave(self, left: Leave) -> None:
        """Store that a member has left; then tell. Needs the lock."""
        data = statement.encode(left.signed)
        await self.database.write(lambda tx: writing.store_leave(tx, left.channel, left.member, data))
        book = self._books[left.channel]
        concerned = frozenset().union(*(one.roster for one in book.stated.values()))
        book.leaves[left.member] = left
        self._rebuild()
        self._tell(left.signed, concerned)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        found: dict[str, list[Channel]] = {}
        plenaries = channels.plenaries(self._history, self.me)
        if plenaries:
            found[plenaries[0].id] = plenaries
        for channel_id, book in self._books.items():
            found[channel_id] = book.generations(self._history, self.me)
        self._generations = found
        self._listed = [one for channel in self.channels() for one in found[channel.id]]
        self._places = {
            slot: Place(one, origin, is_urgent)
            for generations in found.values()
            for one in generations
            for slots, is_urgent in ((one.slots, False), (one.urgent, True))
            for origin, slot in slots.items()
        }

    def _tell(self, signed: Statement, concerned: frozenset[str]) -> None:
        for call in self._told:
            call(signed, concerned - {self.me})
