"""Every table of a node's store, each from the room that owns it, and how stores of older layouts get there.

Beside its TABLES a room says what an older store lacks: MIGRATIONS[n] are the statements that lead from layout n-1 to
n. All rooms' steps run in order of n, then all TABLES, so that a new table or index needs no step; what a store of
today's layout lacks of them is made at its next start. A new column needs one:
`2: "ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 0;"`, and it stands last among the columns in TABLES, written
alike. A table that a later step alters needs its first form in the step of its own layout.
"""

from tocsin.desk import tables as desk
from tocsin.edge import access, audit, notes
from tocsin.edge.drafts import store as drafts
from tocsin.edge.signin import tables as signin
from tocsin.exchange.deliver import tables as deliver
from tocsin.exchange.fairness import tables as fairness
from tocsin.exchange.journal import tables as journal
from tocsin.exchange.match import tables as match
from tocsin.exchange.members import tables as members
from tocsin.exchange.publish import tables as publish
from tocsin.exchange.receive import tables as receive
from tocsin.exchange.tlog import tables as tlog
from tocsin.exchange.warn import objections
from tocsin.exchange.warn import tables as warn

TABLES = (
    members.TABLES,
    tlog.TABLES,
    journal.TABLES,
    deliver.TABLES,
    receive.TABLES,
    publish.TABLES,
    match.TABLES,
    warn.TABLES,
    objections.TABLES,
    fairness.TABLES,
    access.TABLES,
    signin.TABLES,
    audit.TABLES,
    desk.TABLES,
    drafts.TABLES,
    notes.TABLES,
)
MIGRATIONS = (
    members.MIGRATIONS,
    tlog.MIGRATIONS,
    journal.MIGRATIONS,
    deliver.MIGRATIONS,
    receive.MIGRATIONS,
    publish.MIGRATIONS,
    match.MIGRATIONS,
    warn.MIGRATIONS,
    fairness.MIGRATIONS,
    access.MIGRATIONS,
    signin.MIGRATIONS,
    desk.MIGRATIONS,
    drafts.MIGRATIONS,
    notes.MIGRATIONS,
)
