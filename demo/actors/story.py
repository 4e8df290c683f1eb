"""A tenant's way from its callout to a stage: what the org, its people and staff do."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.package import send_callout
from demo.actors.staff import Staff
from demo.actors.subscriber import Subscriber
from demo.cast import Org, Proof
from demo.failure import Failed
from demo.stack import Stack

T = TypeVar("T")


def at_once(act: Callable[[Org], T], orgs: Collection[Org]) -> list[T]:
    """Do something for each org, all at the same time; return the answers in the orgs' order."""
    people = ThreadPoolExecutor(len(orgs))
    try:
        return list(people.map(act, orgs))
    finally:  # do not wait for the other threads: they fail when the stack stops
        people.shutdown(wait=False, cancel_futures=True)


def bring_to(stack: Stack, org: Org, stage: str, say: Callable[[str], None]) -> None:
    """Act as the package, the admin and staff until the org's connection is in `stage`.

    It reads the present stage first, so that an interrupted run is continued.
    """
    acts = _acts(stack, org)
    Emulator(stack.plan.emulator_url).ensure_org(org)
    with Ledger(stack.database_url) as ledger:
        if ledger.stage(org) is None:
            say(f"{org.name}: the package sends its callout")
            register(stack, org)
        while (now := settle(stack, ledger, org, {stage, *acts})) != stage:
            done = text, act = acts[now]
            say(f"{org.name}: {text}")
            act()
            # The worker moves the stage a moment later; before that the step would be repeated.
            _leave(stack, ledger, org, now)
            acts = {stop: each for stop, each in acts.items() if each is not done}
    say(f"{org.name}: {stage.replace('_', ' ')}")


def _acts(stack: Stack, org: Org) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return the description and the function of each person's step, by stage."""
    subscriber = Subscriber(org, stack)
    sign_in = ("the admin signs in to Salesforce", subscriber.sign_in)
    acts: dict[str, tuple[str, Callable[[], object]]] = {
        "waiting_for_consent": sign_in,
        "waiting_for_authorization": (
            "the admin authorizes Heroku Connect",
            subscriber.authorize,
        ),
    }
    if org.proof == Proof.STAFF:
        approve = ("staff approve it", lambda: Staff(stack).act(org, "Approve"))
        acts["waiting_for_proof"] = approve
    elif org.proof == Proof.CONSENT:
        # The same entry as for the consent: one sign-in is both, so it is done once.
        acts["waiting_for_proof"] = sign_in
    return acts


def register(stack: Stack, org: Org) -> None:
    """Send the org's callout. Raises Failed unless it is accepted."""
    secret = stack.registration_secret if org.proof == Proof.SIGNED else None
    answer = send_callout(stack.plan.portal_url, org, secret, stack.ago.total_seconds())
    if answer.status_code != 202:
        raise Failed(f"the callout of {org.name} was answered {answer.text}")


def settle(stack: Stack, ledger: Ledger, org: Org, stops: Collection[str]) -> str:
    """Wait until the org's connection is in one of these stages, and return it."""

    def settled() -> str | None:
        now = ledger.stage(org)
        return now if now in stops else None

    try:
        what = f"{org.name} to be {' or '.join(sorted(stops))}"
        return cast(str, stack.wait_until(settled, what))
    except Failed as failed:
        raise Failed(f"{failed} It is {ledger.stage(org)}. {ledger.trouble(org)}") from None


def _leave(stack: Stack, ledger: Ledger, org: Org, stage: str) -> None:
    what = f"{org.name} to leave {stage}"
    stack.wait_until(lambda: ledger.stage(org) != stage, what)
