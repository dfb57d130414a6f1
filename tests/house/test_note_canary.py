"""A note "ours only" is in no byte that leaves the node, and in the store that backups copy."""

import asyncio
import json

import pytest

from tests.unit.edge.taxii.conftest import basic
from tocsin.edge.access import EVERY, Accounts
from tocsin.edge.audit import Audit
from tocsin.edge.notes import Notes
from tocsin.edge.taxii.app import Services, build
from tocsin.formats.tlp import Tlp
from tocsin.node.diagnostics import Diagnostics
from tocsin.node.metrics import Counters, Metrics
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run
