"""The members' tables, read and written."""

from dataclasses import dataclass, field

from tocsin.errors import StoreError
from tocsin.ports.database import Reading, Transaction


@dataclass(slots=True)
class Found:
    """All that the tables hold."""

    charters: list[bytes]
    numbers: list[tuple[int, str]]  # number and id of every channel
    statements: list[tuple[str, bytes]]  # chain and note
    leaves: list[bytes]
    secrets: dict[bytes, bytes]
    votes: dict[str, dict[tuple[int, int], bytes]] = field(default_factory=dict)


def load(reading: Reading) -> Found:
    """Read everything."""
    channels = reading.query("SELECT number, id, note FROM members_channels ORDER BY number")
    later = reading.query("SELECT chain, note FROM members_statements ORDER BY chain, digest")
    found = Found(
        charters=[row[0] for row in reading.query("SELECT note FROM members_charters ORDER BY version")],
        numbers=[(row[0], row[1]) for row in channels],
        # A later copy of the first statement, with more signatures, takes its place.
        statements=[(row[1], row[2]) for row in channels] + [(row[0], row[1]) for row in later],
        leaves=[row[0] for row in reading.query("SELECT note FROM members_leaves ORDER BY channel, member")],
        secrets=dict(reading.query("SELECT digest, secret FROM members_secrets")),
    )
    for chain, version, round_, digest in reading.query("SELECT chain, version, round, digest FROM members_votes"):
        found.votes.setdefault(chain, {})[version, round_] = digest
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement to be stored, with our vote in it (chain, version, round) and the secret it gives us."""

    chain: str
    digest: bytes
    note: bytes
    vote: tuple[str, int, int] | None
    secret: bytes | None

    def store(self, tx: Transaction) -> int:
        """Inside a transaction. Returns the channel's number; 0 for the charter."""
        number = 0 if self.chain == "charter" else _number(tx, self.chain, self.note)
        tx.execute(
            "INSERT INTO members_statements (chain, digest, note) VALUES (?, ?, ?) "
            "ON CONFLICT (chain, digest) DO UPDATE SET note = excluded.note",
            (self.chain, self.digest, self.note),
        )
        if self.vote is not None:
            self._vote(tx, self.vote)
        if self.secret is not None:
            store_secret(tx, self.digest, self.secret)
        return number

    def _vote(self, tx: Transaction, vote: tuple[str, int, int]) -> None:
        cast = tx.query("SELECT digest FROM members_votes WHERE chain = ? AND version = ? AND round = ?", vote)
        if cast and cast != [(self.digest,)]:
            raise StoreError("store.conflict", "another vote was cast in this round")  # and nothing of this is stored
        if not cast:
            tx.execute(
                "INSERT INTO members_votes (chain, version, round, digest) VALUES (?, ?, ?, ?)", (*vote, self.digest)
            )


def _number(tx: Transaction, channel_id: str, note: bytes) -> int:
    tx.execute(
        # The plenary is number 1 without a row of its own.
        "INSERT INTO members_channels (number, id, note) "
        "SELECT COALESCE(MAX(number), 1) + 1, ?, ? FROM members_channels WHERE true ON CONFLICT (id) DO NOTHING",
        (channel_id, note),
    )
    return int(tx.query("SELECT number FROM members_channels WHERE id = ?", (channel_id,))[0][0])


def store_charter(tx: Transaction, version: int, data: bytes) -> None:
    """Inside a transaction: a charter is in force; proposals for its version and older ones are done with."""
    tx.execute("INSERT INTO members_charters (version, note) VALUES (?, ?)", (version, data))
    tx.execute("DELETE FROM members_statements WHERE chain = 'charter'")


def store_secret(tx: Transaction, digest: bytes, secret: bytes) -> None:
    """Inside a transaction: the secret of a generation."""
    tx.execute(
        "INSERT INTO members_secrets (digest, secret) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING", (digest, secret)
    )


def store_leave(tx: Transaction, channel_id: str, member: str, data: bytes) -> None:
    """Inside a transaction: a member has left."""
    tx.execute(
        "INSERT INTO members_leaves (channel, member, note) VALUES (?, ?, ?) "
        "ON CONFLICT (channel, member) DO UPDATE SET note = excluded.note",
        (channel_id, member, data),
    )
