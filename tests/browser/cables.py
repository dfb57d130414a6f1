"""A cable between a browser and a node, as a TCP proxy: cut, pulled out, half open, or broken just before the first event."""

import socket
import threading

import pytest


class Cable:
    """Listens on 127.0.0.1 and passes everything on to `target`, unless its `state` says otherwise."""

    def __init__(self, target):
        self.target = target
        self.state = (
            "whole"  # refused: nobody is there; hole: TCP stands and no byte comes; early: broken before an event
        )
        self.broken_early = 0
        self._is_closed = False
        self._open = set()
        self._whole = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def put(self, state):
        with self._whole:
            self.state = state
            self._whole.notify_all()

    def cut(self):
        """Every connection that stands ends with a reset."""
        for one in list(self._open):
            self._end(one)

    def close(self):
        self.put("whole")
        self._is_closed = True
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who accepts: one more would be let in
        self._listener.close()
        self.cut()

    def _end(self, one):
        self._open.discard(one)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.state == "refused":
                self._end(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                self._end(near)
                continue
            far.settimeout(None)
            self._open |= {near, far}
            if self._is_closed:
                self.cut()
                return
            for source, sink, answers in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass, args=(source, sink, answers), daemon=True).start()

    def _pass(self, source, sink, answers):
        try:
            while data := source.recv(65536):
                with self._whole:
                    self._whole.wait_for(lambda: self.state != "hole")
                if answers and self.state == "early" and b"text/event-stream" in data:
                    self.broken_early += 1
                    sink.sendall(data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
                    raise ConnectionAbortedError
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)  # what is under way arrives, in both directions
        except OSError:
            self._end(source)
            self._end(sink)


@pytest.fixture
def cable(pair):
    """To the first of two nodes (`pair` is the test file's own)."""
    one = Cable(int(pair[0].url.rpartition(":")[2]))
    yield one
    one.close()
