"""All breaks, by the system that they belong to and by their names."""

from emulator.control.breaks import connect, heroku, salesforce, x
from emulator.control.breaks.kinds import Break

GROUPS: dict[str, tuple[Break, ...]] = {
    "Heroku": heroku.BREAKS,
    "Heroku Connect": connect.BREAKS,
    "Salesforce": salesforce.BREAKS,
    "X": x.BREAKS,
}
LIBRARY = {each.name: each for breaks in GROUPS.values() for each in breaks}
