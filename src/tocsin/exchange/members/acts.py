"""What people decide about the charter and channels: propose, vote, leave. Each act is durable before it is told."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members import channels, charter, descriptor, rosters, succession
from tocsin.exchange.members.channels import Channel, Stated
from tocsin.exchange.members.charter import Changes, Charter
from tocsin.exchange.members.registry import CHARTER, Members
from tocsin.formats.keys import Role
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import wrap
from tocsin.formats.statement import Statement

BLOC: Final = "bloc:"
T = TypeVar("T")


class Acts:
    """The acts of one member."""

    def __init__(self, members: Members) -> None:
        self._members = members

    # -- channels -----------------------------------------------------------------------------------------------

    async def create_channel(
        self, name: str, kind: ChannelKind, roster: Iterable[str], *, title: str = "", named_people: bool = False
    ) -> Channel:
        """Make a channel and sign it. It opens when every member of its roster has countersigned."""
        members = self._members
        together = sorted(self._expanded({*roster, members.me}))
        async with members.lock:
            self._require_new(name, kind, set(together))
            members.require_few(members.me)
            channel_id = str(UUID(bytes=members.entropy.bytes(16), version=4))
            described: dict[str, Any] = {
                "id": channel_id,
                "kind": kind.value,
                "name": name,
                "title": title or name,
                "roster": together,
                "named_people": named_people,
            }
            await self._compose(described)
        return members.channel(channel_id)

    async def propose_roster(self, name: str, add: Iterable[str], remove: Iterable[str]) -> Stated:
        """Propose another roster for a channel, with our vote. Raises PolicyError.

        It is in force once more than half of the roster of today and all who join have signed.
        """
        members = self._members
        async with members.lock:
            channel, last = self._standing(name)
            # Whoever has left is not put back without its signature: it goes first, and may join again after.
            added = self._expanded(set(add))
            left = added & members.book(channel.id).left(last.version)
            if left:
                raise PolicyError("policy.channel-left", f"{min(left)} has left; first take it out of the roster")
            roster = (channel.roster | added) - set(remove)
            strangers = set(remove) - last.roster
            if roster == last.roster == channel.roster or strangers:
                raise PolicyError("policy.channel-unchanged", f"the proposal changes nobody's place in {channel.name}")
            round_ = members.book(channel.id).open_round(last)
            described = {
                "id": last.id,
                "kind": last.kind.value,
                "name": last.name,
                "title": last.title,
                "roster": sorted(roster),
                "named_people": last.named_people,
                "version": last.version + 1,
                "round": round_,
                "previous": last.digest.hex(),
                "voters": sorted(last.roster),
            }
            return await self._compose(described)

    async def agree(self, name: str, digest: str | None = None) -> Stated:
        """Vote for a proposed roster: the only one there is, or the one whose digest begins so. Raises PolicyError."""
        members = self._members
        async with members.lock:
            channel, last = self._standing(name)
            open_round = members.book(channel.id).open_round(last)
            found = members.book(channel.id).proposals(members.me)
            one = _pick({one.digest: one for one in found if digest or one.round == open_round}, digest, channel.name)
            return await self._vote(one, open_round)

    async def leave(self, name: str) -> None:
        """Leave a channel, at once and for ourselves: nobody's consent is needed, and nobody can refuse."""
        members = self._members
        async with members.lock:
            channel = members.channel(name)
            if channel.signed is None:
                raise PolicyError("policy.channel-plenary", "members leave the plenary by leaving the federation")
            made = rosters.leave(channel.id, members.me, channel.version, members.clock.now_us())
            signed = descriptor.sign(made, members.me, members.keyring)
            await members.keep_leave(rosters.read_leave(signed, members.history))

    # -- the charter --------------------------------------------------------------------------------------------

    async def propose_charter(self, changes: Changes, also: Iterable[Statement] = ()) -> Charter:
        """Propose the next charter, with our vote. `also`: descriptors whose signers have agreed already (unused lines
        are ignored). Raises PolicyError, FormatError.
        """
        members = self._members
        async with members.lock:
            current = members.charter
            ballots = [current.ballot(one) for one in members.proposals()]
            round_ = succession.next_round(ballots, current.version + 1, current.active, current.threshold)
            made = charter.successor(current, changes, round_, members.clock.now_us())
            return await self._sign_charter(made, also)

    async def sign_charter(self, signed: Statement) -> Charter:
        """Vote for a proposed charter, ours or one from a file; in force at once if that decides it."""
        members = self._members
        async with members.lock:
            return await self._sign_charter(signed, ())

    def proposed(self, digest: str | None) -> Charter:
        """The proposed charter whose digest begins so; the only one if None. Raises PolicyError("policy.no-proposal")."""
        return _pick({one.digest: one for one in self._members.proposals()}, digest, CHARTER)

    # -- inside -------------------------------------------------------------------------------------------------

    async def _sign_charter(self, signed: Statement, also: Iterable[Statement]) -> Charter:
        members, current = self._members, self._members.charter
        new = charter.of(signed)
        charter.require_next(current, new)
        known = next((one for one in members.proposals() if one.digest == new.digest), None)
        listed = [*current.members.values(), *new.members.values()]
        for other in (*also, *([known.signed] if known else [])):
            signed = charter.merged(signed, descriptor.genuine(other, listed))
        signed = descriptor.genuine(signed, listed)
        mine = new.members.get(members.me)
        proven = descriptor.prove(signed, mine, members.keyring) if mine is not None else signed
        votes = members.me in current.active and self._has_vote(lost=proven is not signed)
        signed, vote = proven, None
        if votes:
            ballots = [current.ballot(one) for one in members.proposals()]
            open_round = succession.next_round(ballots, new.version, current.active, current.threshold)
            succession.require_vote(current.ballot(new), members.cast(CHARTER), open_round)
            vote = (CHARTER, new.version, new.round)
            if (new.version, new.round) in members.cast(CHARTER):
                vote = None  # cast before, for this same text
            signed = descriptor.sign(signed, members.me, members.keyring)
        await members.keep(signed, vote)
        return await members.decide(charter.of(signed))

    def _has_vote(self, *, lost: bool) -> bool:
        """Whether our governance key is at hand. Only who shows the one that takes its place may have `lost` it."""
        members = self._members
        try:
            members.keyring.signing(Role.GOVERNANCE)
        except ConfigError:
            if not lost:
                raise
            return False
        return True

    async def _compose(self, described: Mapping[str, Any]) -> Stated:
        members = self._members
        secret = members.entropy.bytes(channels.SECRET_BYTES)
        channel_id = described["id"]
        wrapped = {
            handle: b64encode(
                wrap(members.member(handle).seal, secret, channels.wrap_info(channel_id, handle))
            ).decode()
            for handle in described["roster"]
        }
        body = {
            **described,
            "creator": members.me,
            "created": members.clock.now_us(),
            "charter": members.charter.digest.hex(),
        }
        one = members.stated(descriptor.sign(channels.compose(body, secret, wrapped), members.me, members.keyring))
        vote = None
        if one.version > 1:
            succession.require_vote(one.ballot, members.cast(one.id), one.round)
            vote = (one.id, one.version, one.round)
        await members.keep(one.signed, vote)
        return one

    async def _vote(self, one: Stated, open_round: int) -> Stated:
        members = self._members
        succession.require_vote(one.ballot, members.cast(one.id), open_round)
        if members.me in one.signers:
            return one
        signed = descriptor.sign(one.signed, members.me, members.keyring)
        await members.keep(signed, (one.id, one.version, one.round))
        return members.stated(signed)

    def _standing(self, name: str) -> tuple[Channel, Stated]:
        members = self._members
        channel = members.channel(name)
        if channel.signed is None:
            raise PolicyError("policy.channel-plenary", "the charter decides who is in the plenary")
        if channel.kind == ChannelKind.BILATERAL:
            raise PolicyError("policy.channel-bilateral", "a bilateral channel stays with its two members")
        if not channel.is_current:
            raise PolicyError("policy.channel-pending", f"this node does not take part in {channel.name} at present")
        last = members.book(channel.id).chain(members.me)[-1]
        return channel, last

    def _require_new(self, name: str, kind: ChannelKind, together: set[str]) -> None:
        for one in self._members.channels():
            if one.name == name:
                raise PolicyError("policy.channel-exists", f"there is a channel {name!r} here already")
            if kind == ChannelKind.BILATERAL == one.kind and one.roster == together:
                raise PolicyError("policy.channel-exists", f"these two members share the channel {one.name!r} already")

    def _expanded(self, handles: set[str]) -> frozenset[str]:
        """Members by handle; `bloc:NAME` stands for the members that belong to the bloc, and for one of that handle."""
        charter_ = self._members.charter
        out: set[str] = set()
        for one in handles:
            if not one.startswith(BLOC):
                out.add(self._members.member(one).handle)
                continue
            bloc = one.removeprefix(BLOC)
            found = {m.handle for m in charter_.members.values() if bloc in m.blocs or m.handle == bloc.lower()}
            if not found:
                raise PolicyError("policy.unknown-member", f"no member belongs to the bloc {bloc!r}")
            out |= found & charter_.active
        return frozenset(out)


def _pick(found: Mapping[bytes, T], digest: str | None, where: str) -> T:
    wanted = [one for key, one in found.items() if digest is None or key.hex().startswith(digest)]
    if len(wanted) != 1:
        many = f"{len(wanted)} proposals" if wanted else "no proposal"
        raise PolicyError("policy.no-proposal", f"{many} of {where} fit; name one by its digest")
    return wanted[0]
