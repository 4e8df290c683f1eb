"""/control as a system: JSON in, JSON out, no token.

docs/emulator.md documents it for users.
"""

from typing import NoReturn

from werkzeug.wrappers import Response

from emulator.web.answers import answer, refuse
from emulator.web.routing import System


def _failed(status: int, description: str) -> Response:
    return answer({"message": description}, status)


SYSTEM = System("control", _failed)


def reject(status: int, message: str) -> NoReturn:
    """Answer with an error and a sentence."""
    refuse(answer({"message": message}, status))
