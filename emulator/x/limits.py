"""What a search costs: a call of the rate limit, and credit for each post it returns."""

from collections.abc import Iterable

from emulator.state.entities import BilledDay, XPost
from emulator.state.world import World
from emulator.web.answers import refuse
from emulator.x.rate_window import current_window
from emulator.x.system import problem


def take_call(world: World) -> None:
    """Count a call; answers 429 when the window is used up."""
    window = current_window(world)
    if window.calls >= world.behaviour.x_rate_limit:
        text = "Too Many Requests"
        refuse(problem(429, "about:blank", text, text, status=429))
    window.calls += 1


def check_credit(world: World) -> None:
    """Answer 402 without credit, 403 above the console's spend cap, 429 above the monthly cap."""
    behaviour, days = world.behaviour, world.all(BilledDay)
    spent = sum(len(each.posts) + len(each.users) for each in days)
    if behaviour.x_spend_cap and spent >= behaviour.x_spend_cap:
        text = "Your account has reached its spend cap of this billing cycle."
        refuse(problem(403, "credits", "SpendCapReached", text))
    if behaviour.x_credit and sum(len(each.posts) for each in days) >= behaviour.x_credit:
        refuse(problem(402, "credits", "CreditsDepleted", "Your credits are used up."))
    month = f"{world.clock.now():%Y-%m}"
    used = sum(len(each.posts) for each in days if each.id.startswith(month))
    if behaviour.x_monthly_cap and used >= behaviour.x_monthly_cap:
        text = "Usage cap exceeded: Monthly product cap"
        refuse(
            problem(
                429, "usage-capped", "UsageCapExceeded", text, period="Monthly", scope="Product"
            )
        )


def bill_accounts(world: World, ids: Iterable[str]) -> None:
    """Bill each account once in a UTC day."""
    day = _today(world)
    day.users = sorted({*day.users, *ids})
    world.put(day)


def bill(world: World, posts: Iterable[XPost]) -> None:
    """Bill each post once in a UTC day; `returned` counts repeated posts too."""
    # Documented: a post that is returned again on the same UTC day is not billed again.
    day = _today(world)
    ids = [each.id for each in posts]
    day.calls += 1
    day.returned += len(ids)
    day.posts = sorted({*day.posts, *ids})
    world.put(day)


def _today(world: World) -> BilledDay:
    today = f"{world.clock.now():%Y-%m-%d}"
    return world.get(BilledDay, today) or BilledDay(today)
