"""One running process, the leader of its own group."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0  # a task under work may take so long; then the rest is killed
# Asks Linux to send SIGTERM when this program is killed, then executes the command that follows.
# (As a preexec_fn, subprocess would lose our signals.)
MORTAL = (
    sys.executable,
    *("-S", "-c"),
    "import ctypes, os, sys\n"
    "try: ctypes.CDLL(None).prctl(1, 15)\n"
    "except (AttributeError, OSError): pass\n"
    "os.execv(sys.argv[1], sys.argv[1:])",
)


@dataclass
class Program:
    """A running process, the leader of its own group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ask it to end in order, wait, and kill what is left of its group."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        # Its children too: gunicorn's workers and the processes of the queue.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
