"""Tasks for test_worker.py. They leave their marks in a folder, so that no database is needed."""

import os
import signal
import time
from pathlib import Path


def mark(folder: str, name: str) -> None:
    (Path(folder) / name).touch()


def mark_around(folder: str, seconds: float) -> None:
    """Leave the mark "begun-<pid>", work for a while, leave the mark "ended"."""
    mark(folder, f"begun-{os.getpid()}")
    time.sleep(seconds)
    mark(folder, "ended")


def die(folder: str) -> None:
    """Leave a mark, then kill the process."""
    mark(folder, f"died-{os.getpid()}")
    os.kill(os.getpid(), signal.SIGKILL)
