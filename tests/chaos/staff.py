"""What staff do at the same time: single presses on pages, and work on many tenants at once."""

import random
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from demo.actors.staff import Staff
from demo.cast import Org
from demo.failure import Failed
from demo.stack import Stack, manage
from tests.chaos.people import UNANSWERED, persist

PRESS_EVERY = 2.0  # seconds
# In one go, as a person with many tenants does it: a roll-out, and two bulk runs.
_MANY = """
import copy, os
from connect.mappings import templates
from connect.models import Connection, Rollout
from connect.rollouts import creating
from portal.actions import action, runs
from portal.actions.subject import Subject
from tenants.models import Tenant

live = Connection.objects.select_related("tenant").filter(stage="live").order_by("pk")
ending = live.filter(tenant__org_id__in=os.environ["ENDING"].split(","))
staying = live.exclude(pk__in=ending.values("pk"))
document = copy.deepcopy(templates.newest().document)
document["mappings"][1]["config"]["fields"]["Phone"] = {}
version = templates.add(document, author="mia", notes="", made_from="the storm")
wanted = Rollout(template=version, author="mia", canary_size=1, wave_size=25, starts_itself=True)
creating.create(wanted, staying)
for name, rows, options in (
    ("refresh", staying, {}), ("offboard", ending, {"schema_fate": "drop"})
):
    subjects = [Subject(each.tenant, each) for each in rows]
    runs.start(action.of(Tenant)[name], subjects, "mia", options)
"""


def work_on_many(stack: Stack, ending: Collection[Org]) -> None:
    """Begin a roll-out, a bulk run and the off-boarding of some, all at once."""
    org_ids = ",".join(org.org_id for org in ending)

    def begun() -> bool:
        manage(stack, "shell", "--no-imports", "-c", _MANY, ENDING=org_ids)
        return True

    if not persist(begun):
        raise Failed("the roll-out could not be made")


@dataclass
class Presser:
    """A member of staff who presses one button after the other; `accepted` counts the answers."""

    stack: Stack
    orgs: list[Org]
    random: random.Random
    accepted: int = 0

    def work(self, over: threading.Event) -> None:
        """Press until `over` is set."""
        staff: Staff | None = None
        while not over.wait(PRESS_EVERY):
            try:
                staff = staff or Staff(self.stack)
                self._press(staff)
            except UNANSWERED:
                continue

    def _press(self, staff: Staff) -> None:
        if self.random.random() < 0.2:
            page = staff.collect_posts()
        else:
            page = staff.act(self.random.choice(self.orgs), "Refresh")
        self.accepted += page.status == 200


@contextmanager
def pressing(presser: Presser) -> Iterator[None]:
    """Press in the background while the block runs."""
    over = threading.Event()
    thread = threading.Thread(target=presser.work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
