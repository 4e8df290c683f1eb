"""How a run ends before its time."""


class Failed(Exception):
    """The stack cannot run; the text is the message for the user."""


class Stopped(BaseException):
    """Somebody asked us to stop."""
