"""The account's hourly budget of calls, refilled steadily."""

from emulator.state.world import World


def take_call(world: World) -> bool:
    """Take one call from the budget; False when it is empty."""
    with world.lock:
        now = world.clock.seconds
        refill = (now - world.api_calls_counted_at) * world.behaviour.rate_limit_per_minute / 60
        world.api_calls_counted_at = now
        left = min(world.api_calls_left + refill, float(world.behaviour.rate_limit))
        world.api_calls_left = left - 1 if left >= 1 else left
        return left >= 1
