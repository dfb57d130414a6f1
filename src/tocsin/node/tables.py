"""Every table of a node's store, each from the room that owns it."""

from tocsin.edge import access
from tocsin.exchange.deliver import tables as deliver
from tocsin.exchange.journal import tables as journal
from tocsin.exchange.members import tables as members
from tocsin.exchange.receive import tables as receive
from tocsin.exchange.tlog import tables as tlog

TABLES = (members.TABLES, tlog.TABLES, journal.TABLES, deliver.TABLES, receive.TABLES, access.TABLES)
