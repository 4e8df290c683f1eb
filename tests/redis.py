"""A small Redis on a real socket, with what the queue's broker uses; tests/chaos has the real one.

Like the real one it forgets a task when a worker takes it.
"""

import socketserver
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self._word() for _ in range(int(line[1:]))]
            self.wfile.write(self.server.answer(words[0].upper(), words[1:]))

    def _word(self) -> bytes:
        word = self.rfile.read(int(self.rfile.readline()[1:]))
        self.rfile.readline()
        return word


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.tasks: deque[bytes] = deque()

    def answer(self, command: bytes, words: list[bytes]) -> bytes:
        if command == b"RPUSH":
            self.tasks.extend(words[1:])
        elif command == b"BLPOP":
            return self._pop(words[0], float(words[-1]))
        elif command == b"LINDEX":  # the broker asks for the first alone
            return (
                b"$%d\r\n%s\r\n" % (len(self.tasks[0]), self.tasks[0]) if self.tasks else b"$-1\r\n"
            )
        elif command == b"LTRIM":  # the broker purges its queue with it
            self.tasks.clear()
        elif command == b"PING":
            return b"+PONG\r\n"
        elif command != b"LLEN":
            return b"-ERR unknown command\r\n" if command == b"HELLO" else b"+OK\r\n"
        return b":%d\r\n" % len(self.tasks)

    def _pop(self, key: bytes, seconds: float) -> bytes:
        stop_at = time.monotonic() + seconds
        while not self.tasks and time.monotonic() < stop_at:
            time.sleep(0.01)
        if not self.tasks:
            return b"*-1\r\n"
        task = self.tasks.popleft()
        return b"*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(task), task)


@contextmanager
def running() -> Iterator[tuple[str, deque[Any]]]:
    """Serve; yield the address and the waiting tasks."""
    with _Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}?protocol=2", server.tasks
        server.shutdown()
