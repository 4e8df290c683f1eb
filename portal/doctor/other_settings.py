"""All other system checks of the settings, so that none is left out."""

from portal.doctor.checks import check, of_other_rules
from portal.doctor.findings import Finding, failed, ok, problem


@check("settings", "All other settings")
def all_others() -> Finding:
    """Run the rest of `check --deploy`."""
    found = list(map(problem, of_other_rules()))
    return failed(*found) if found else ok("Nothing is missing or wrong.")
