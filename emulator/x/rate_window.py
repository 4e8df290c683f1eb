"""The rate-limit window in which X counts calls."""

from emulator.state.entities import RateWindow
from emulator.state.world import World


def current_window(world: World) -> RateWindow:
    """The window of now; a new one starts when the last has ended."""
    if world.clock.stamp >= world.x_window.ends_at:
        world.x_window = RateWindow(world.clock.stamp + world.behaviour.x_window_seconds)
    return world.x_window
