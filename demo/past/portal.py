"""The portal of the past: web, worker and schedules in one process, under a clock that is moved.

`python -m demo.past.portal PORT SECONDS` begins so many seconds ago. POST /past/<seconds> moves the
clock to so many seconds ago, looks at all connections, runs what is due then, and answers when it
is done; with ?everything it runs all schedules too. It is the product itself, so this is the one
file of the demo that imports it.
"""

import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import time_machine
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PULSE_SECONDS = 0.25
BY_THE_DAY = timedelta(hours=2)  # a longer jump is in an older day
STARTED = time.time() - time.monotonic()  # the clock that is not moved measures the real time
PATH = "/past/"


class Past:
    """The portal as a WSGI application, and its worker."""

    def __init__(self, portal: "WSGIApplication", clock: Any) -> None:
        self._portal, self._clock = portal, clock
        # None: somebody has called the portal, so there may be work.
        self._jumps: Queue[tuple[float, bool, Event] | None] = Queue()
        self._counted = datetime.fromtimestamp(0, UTC)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith(PATH):
            answer = self._portal(environ, start_response)
            self._jumps.put(None)
            return answer
        done = Event()
        ago = float(request.path.removeprefix(PATH))
        self._jumps.put((ago, "everything" in request.args, done))
        done.wait()
        return Response(status=204)(environ, start_response)

    def work(self) -> None:
        """Do the worker's part for ever, in one thread: so a jump meets no task at work."""
        while True:
            try:
                jump = self._jumps.get(timeout=PULSE_SECONDS)
            except Empty:
                jump = None
            if jump is None:
                _do_due_work()
            else:
                self._jump(*jump)

    def _jump(self, ago: float, everything: bool, done: Event) -> None:
        from portal.project.heart import guarded

        self._clock.move_to(moment(ago))
        _look()
        if everything:
            _run_other_schedules()
        _do_due_work()
        guarded(self._count_conditions)
        done.set()

    def _count_conditions(self) -> None:
        """Count after the looks: what was noted before a jump is too old to count."""
        from django.utils import timezone

        from connect.health import conditions, fleet

        now = timezone.now()
        passed = now - self._counted
        # The last day is shown by the quarter of an hour, and the days before by the day.
        missed = passed // fleet.QUARTER if passed < BY_THE_DAY else 0
        moments = [now - quarters * fleet.QUARTER for quarters in range(missed + 1)]
        fleet.store(conditions.counts(now), moments)
        self._counted = now


def _look() -> None:
    """Refresh every list, then look at the incidents: else nobody has looked for too long."""
    from django.utils import timezone

    from connect import tasks
    from connect.clients import budget
    from connect.health import regions
    from portal.project.heart import guarded

    budget.note_hour(timezone.now())
    for part in regions.parts():
        guarded(partial(tasks.refresh_region, *part))
    guarded(tasks.check_incidents)


def _run_other_schedules() -> None:
    from django.utils.module_loading import import_string

    from portal.project.heart import guarded
    from portal.project.schedules import SCHEDULES

    for name in SCHEDULES:
        guarded(import_string(name))
        _run_queue()


def moment(ago: float) -> datetime:
    """Return the time so many seconds before the real one."""
    return datetime.fromtimestamp(STARTED + time.monotonic() - ago, UTC)


def _do_due_work() -> None:
    """Queue what is due, as the worker's pulse does, and run the queue until it is empty."""
    from portal.project.heart import guarded
    from tenants import sweeps

    for sweep in sweeps.with_work(sweeps.REQUEUE_AFTER):
        guarded(partial(sweep.queue_due, sweeps.REQUEUE_AFTER))
    _run_queue()


def _run_queue() -> None:
    from django.utils.module_loading import import_string
    from django_q.models import OrmQ
    from django_q.signing import SignedPackage

    from portal.project.heart import guarded

    while (row := OrmQ.objects.order_by("pk").first()) is not None:
        row.delete()
        task = SignedPackage.loads(row.payload)
        guarded(partial(import_string(task["func"]), *task["args"], **task.get("kwargs", {})))


def main() -> None:
    """Serve until the process is stopped."""
    port, ago = int(sys.argv[1]), float(sys.argv[2])
    with time_machine.travel(moment(ago), tick=True) as clock:
        # It reads its settings when it is imported.
        from portal.wsgi import application

        past = Past(application, clock)
        server = make_server("127.0.0.1", port, past, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        past.work()


if __name__ == "__main__":
    main()
