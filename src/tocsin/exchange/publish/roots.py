"""The root that a log of ours or of a peer had at any size it has passed."""

from tocsin.exchange.journal.journal import tree_at
from tocsin.exchange.tlog.logs import Log, root_at
from tocsin.ports.database import Database


async def root_of(database: Database, log: Log, size: int) -> bytes | None:
    """The root at a size; None beyond what is stored. Where no batch ended the tree is built again, in bounded steps."""
    if size > log.released:
        return None
    if size == log.released == log.size:
        return log.frontier.root()
    return await database.read(lambda db: root_at(db, log.number, size) or tree_at(db, log.number, size).root())
