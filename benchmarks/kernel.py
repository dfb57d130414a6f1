"""The bare kernel: what no exchange of this kind can do without, and nothing else.

For each object: canonical JSON (orjson, read and written sorted), SHA-256 and HMAC-SHA256 commitment; for each batch:
one AES-256-GCM over the contents, one SQLite transaction into the real journal table with its indexes, synchronous=FULL.
"""

import os
import time
from collections.abc import Sequence
from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.backends.sqlite.database import connect, create_tables
from tocsin.exchange.journal.journal import _INSERT
from tocsin.exchange.journal.tables import TABLES

BATCH = 512


class Kernel:
    """One table to fill."""

    def __init__(self, folder: Path) -> None:
        self._connection = connect(str(folder / "kernel.sqlite"), create=True)
        create_tables(self._connection, (TABLES,))
        self._aead = AESGCM(os.urandom(32))
        self._position = 0

    def run(self, objects: Sequence[bytes]) -> dict[str, float]:
        """Processor microseconds an object, by part and in all."""
        spent = {"json": 0.0, "commit": 0.0, "aead": 0.0, "sqlite": 0.0}
        begin = time.process_time()
        for at in range(0, len(objects), BATCH):
            self._batch(objects[at : at + BATCH], spent)
        spent["all"] = time.process_time() - begin
        return {name: seconds / len(objects) * 1e6 for name, seconds in spent.items()}

    def _batch(self, objects: Sequence[bytes], spent: dict[str, float]) -> None:
        marks = [time.process_time()]
        values = [orjson.loads(one) for one in objects]
        contents = [orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in values]
        marks.append(time.process_time())
        salt = [os.urandom(32) for _ in contents]
        committed = [
            hmac_digest(key, b"tocsin/entry/v1" + sha256(one).digest(), "sha256")
            for key, one in zip(salt, contents, strict=True)
        ]
        marks.append(time.process_time())
        self._aead.encrypt(os.urandom(12), b"".join(contents), b"kernel")
        marks.append(time.process_time())
        first = self._position
        shared = (1, 1, 1, None)  # marking, sent at, keep until, held
        rows = [
            (n, n, 1, 1, n, "me", value["id"], value["modified"], value["name"], *shared, key, leaf, content)
            for n, (value, key, leaf, content) in enumerate(
                zip(values, salt, committed, contents, strict=True), first + 1
            )
        ]
        with self._connection:
            self._connection.executemany(_INSERT, rows)
        self._position += len(rows)
        marks.append(time.process_time())
        for name, low, high in zip(("json", "commit", "aead", "sqlite"), marks, marks[1:], strict=False):
            spent[name] += high - low

    def close(self) -> None:
        """Close the table."""
        self._connection.close()
