"""How a run ends before its time."""


class Failed(Exception):
    """The stack cannot run; the text is what a person should read."""


class Stopped(BaseException):
    """Somebody asked us to stop."""
