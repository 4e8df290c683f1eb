"""The results of a repair: what the trigger log says of a write that was sent again."""

from typing import NamedTuple

from connect.models import RepairResult as R
from connect.remedies import By, Page, Remedy
from connect.remedies.remedy import nothing, visit


class Said(NamedTuple):
    """What a result means, what the portal does, what is left to do, and whom to ask."""

    means: str
    portal: str
    remedy: Remedy
    ask: str


_ENDS = "It keeps the result, and does nothing more about this write."
_FOLLOWS = "It reads the trigger log every few seconds until the result is there."
_OPEN = Page.WRITE_ERRORS
_ADMIN = "The subscriber's admin, who can open the record in Salesforce."
_DONE = nothing("It is over.")


def _look(then: str) -> Remedy:
    return visit(_OPEN, By.OPERATOR, "Look at the record in Salesforce.", then)


RESULTS: dict[R, Said] = {
    R.IN_PROGRESS: Said(
        "The write was put into the trigger log again, and Heroku Connect has not sent it yet.",
        _FOLLOWS,
        nothing("The result is on the page within minutes."),
        "Heroku, by a ticket, if nothing happens for an hour.",
    ),
    R.ARRIVED: Said("The same write is in Salesforce.", _ENDS, _DONE, "Nobody."),
    R.OTHER_VALUES: Said(
        "The row was changed in between, so other values were sent than those that had failed.",
        _ENDS,
        _look("If it is as it should be, nothing is left to do."),
        _ADMIN,
    ),
    R.FAILED: Said(
        "Salesforce has refused it again. Its reason is on the page.",
        "It counts it among the failed writes again.",
        visit(_OPEN, By.OPERATOR, "Correct the cause, then press “Retry”.", "It is sent again."),
        "The subscriber's admin about rules of the org; the developers about the values.",
    ),
    R.MERGED: Said(
        "A newer write of the same row has taken it in: that one tells whether it arrived.",
        _ENDS,
        _DONE,
        "Nobody.",
    ),
    R.IGNORED: Said("Staff have decided that it is not sent.", _ENDS, _DONE, "Nobody."),
    R.READONLY: Said(
        "The mapping only reads from Salesforce, so no write of it is ever sent.",
        _ENDS,
        visit(_OPEN, By.OPERATOR, "Press “Ignore”.", "It no longer counts as failed."),
        "The developers of the app that writes into a table that is only read.",
    ),
    R.SKIPPED: Said(
        "It was not sent again, because the row or the mapping is no longer what it was. The page "
        "says why.",
        _ENDS,
        visit(_OPEN, By.OPERATOR, "Press “Ignore”.", "It no longer counts as failed."),
        "The developers, if the value is still needed in Salesforce.",
    ),
    R.UNKNOWN: Said(
        "The entry left the trigger log before its result was seen.",
        _ENDS,
        _look("If the value is missing there, write it again."),
        _ADMIN,
    ),
}
