"""/control/reset, /clock, /behaviour: the emulator as a whole."""

from dataclasses import asdict

from psycopg import errors
from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM, reject
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/reset", "POST")
def reset(call: Call) -> Response:
    """Remove everything, the tenants' schemas too, and set the behaviour back."""
    try:
        call.world.reset()
    except errors.LockNotAvailable:
        reject(409, "Somebody keeps a table of a tenant locked: end that transaction first.")
    return answer({})


@SYSTEM.route("/clock", "GET", "POST")
def clock(call: Call) -> Response:
    """Show the time; POST {advance: seconds} moves it, and everything due happens.

    POST {back: seconds} lets the history of a world without orgs begin in the past.
    """
    world = call.world
    if call.request.method == "POST":
        _move(call)
        # The engine saves the clock rarely, and a jump must survive a restart.
        world.save_clock()
    return answer(
        {
            "now": iso(world.clock.now()),
            "seconds": world.clock.seconds,
            "speed": world.clock.speed,
        }
    )


def _move(call: Call) -> None:
    body = call.json()
    way = "back" if "back" in body else "advance"
    seconds = body.get(way)
    if not isinstance(seconds, (int, float)) or seconds < 0:
        reject(400, f"{way} is a number of seconds")
    if way == "advance":
        call.world.clock.advance(float(seconds))
        call.engine.tick()
    elif call.world.orgs:
        reject(409, "the clock goes back only while there is no org")
    else:
        call.world.clock.set_back(float(seconds))


@SYSTEM.route("/behaviour", "GET", "POST")
def behaviour(call: Call) -> Response:
    """Show the switches; POST changes the given ones."""
    if call.request.method == "POST":
        try:
            call.world.behaviour.change(call.json())
        except ValueError as error:
            reject(400, str(error))
        call.world.save_behaviour()
    return answer(asdict(call.world.behaviour))
