"""Commits are measured: how long each took and how much it held, on the loop's thread."""

import asyncio
import threading

from tocsin.backends.sqlite.database import ThreadedDatabase, connect, create_tables
from tocsin.backends.sqlite.writer import Watch


class Ticking:
    """Each question for the time takes a second."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1.0
        return self.now


class Heard:
    def __init__(self):
        self.told = []

    def count(self, name, value=1, **labels):
        self.told.append((name, value, labels, threading.current_thread()))

    def observe(self, name, seconds, **labels):
        self.told.append((name, seconds, labels, threading.current_thread()))


def test_a_commit_tells_its_time_and_its_group(tmp_path):
    async def main():
        path = str(tmp_path / "t")
        connection = connect(path, create=True)
        create_tables(connection, ("CREATE TABLE t (n INTEGER PRIMARY KEY);",))
        connection.close()
        heard = Heard()
        database = ThreadedDatabase(path, Watch(Ticking(), heard))
        held, gate = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def first(tx):
            loop.call_soon_threadsafe(held.set)
            gate.wait(10)

        waiting = [asyncio.ensure_future(database.write(first))]
        await held.wait()
        waiting += [asyncio.ensure_future(database.write(lambda tx: None)) for _ in range(7)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*waiting)
        await database.close()
        me = threading.current_thread()
        assert heard.told == [
            ("tocsin_commit_seconds", 1.0, {}, me),
            ("tocsin_commit_jobs_total", 1, {}, me),
            ("tocsin_commit_seconds", 1.0, {}, me),
            ("tocsin_commit_jobs_total", 7, {}, me),
        ]

    asyncio.run(main())
