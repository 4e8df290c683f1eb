"""The answer to a wrong parameter."""

from typing import NoReturn

from emulator.web.answers import refuse
from emulator.x.system import problem


def refuse_parameter(name: str, value: str, message: str) -> NoReturn:
    """Answer 400 with the parameter, its value and a sentence about it."""
    errors = [{"parameters": {name: [value]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    refuse(problem(400, "invalid-request", "Invalid Request", detail, errors=errors))
