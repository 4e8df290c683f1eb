"""An account's hourly budget of calls, refilled steadily."""

from emulator.state.entities import Account
from emulator.state.world import World


def take_call(world: World, account: Account) -> bool:
    """Take one call from an account's budget; False when it is empty."""
    with world.lock:
        now = world.clock.seconds
        refill = (now - account.counted_at) * world.behaviour.rate_limit_per_minute / 60
        account.counted_at = now
        left = min(account.calls_left + refill, float(world.behaviour.rate_limit))
        account.calls_left = left - 1 if left >= 1 else left
        return left >= 1
