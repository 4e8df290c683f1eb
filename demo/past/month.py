"""What happened in the last thirty days: five tenants go live, and then one trouble after another.

Each act is done by the people and programs who would do it, at its time. The portal looks, alerts
and heals by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from demo import cast
from demo.actors.emulator import Emulator
from demo.past import acts
from demo.past.machine import DAY, HOUR, MINUTE, Machine, machine
from demo.stack import Stack

# The emulated systems answer at once: time passes by the clock, and nobody waits for it here.
INSTANT = dict.fromkeys(
    (
        *("provisioning_seconds", "configure_seconds", "import_lag_seconds", "import_seconds"),
        *("initial_seconds", "bulk_wait_seconds", "bulk_load_seconds", "notify_seconds"),
        *("recovery_seconds", "validation_seconds", "pause_seconds"),
    ),
    0,
)


@dataclass(frozen=True)
class Act:
    """Something that happened so long ago."""

    ago: timedelta
    text: str
    do: Callable[[Machine], None]


MONTH = (
    Act(30 * DAY, "Five orgs install the package and go live", acts.go_live),
    Act(26 * DAY, "Their companies post on X, and staff collect it", acts.collect_posts),
    Act(21 * DAY, "Borealis loses its database for a while", acts.lose_a_database),
    Act(16 * DAY, "Their companies post again", acts.collect_more_posts),
    Act(12 * DAY, "Acme's connection fails, and the portal restarts it", acts.fail_and_heal),
    Act(3 * DAY, "Cirrus registers, and has not authorized yet", acts.wait_for_authorization),
    Act(2 * DAY, "Somebody authorizes Kestrel with another org", acts.authorize_the_wrong_org),
    Act(26 * HOUR, "Somebody deletes a mapping of Indigo at Heroku", acts.drift),
    Act(12 * HOUR, "Harbor's org begins to refuse rows", acts.refuse_rows),
    Act(9 * HOUR, "The tenants' database is away, and the portal heals it", acts.lose_the_database),
    Act(6 * HOUR, "Glacier's admin revokes the access", acts.revoke),
    Act(5 * HOUR, "Heroku refuses an add-on: Juniper is blocked", acts.block),
    Act(2 * HOUR, "Dune registers, and has not signed in yet", acts.wait_for_consent),
    Act(90 * MINUTE, "Staff roll out new mappings, to one tenant first", acts.roll_out),
    Act(50 * MINUTE, "Ember registers with an unsigned callout", acts.wait_for_proof),
)


def live_through(stack: Stack, say: Callable[[str], None]) -> None:
    """Make the history of a new stack."""
    say("A month of history, by the real code under a moved clock:")
    emulator = Emulator(stack.plan.emulator_url)
    emulator.call("POST", "/behaviour", INSTANT)
    with machine(stack, MONTH[0].ago) as past:
        acts.set_up(past)
        for act in MONTH:
            past.go_to(act.ago)
            say(f"  {_ago(act.ago):>14}  {act.text}")
            act.do(past)
    emulator.call("POST", "/behaviour", cast.BEHAVIOUR)


def _ago(span: timedelta) -> str:
    for unit, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if span >= 2 * unit:
            return f"{span // unit} {name} ago"
    return "just now"
