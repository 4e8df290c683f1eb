"""What a program holds while something goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench import programs
from demo.program import Program

SECONDS = 2.0  # each look takes some of the time of the processor that is measured


@contextmanager
def memory(program: Program) -> Iterator[list[int]]:
    """Yield a list that gets the bytes a program holds, every two seconds until the block ends."""
    seen, is_over = [programs.memory(program)], threading.Event()

    def watch() -> None:
        while not is_over.wait(SECONDS):
            seen.append(programs.memory(program))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()
