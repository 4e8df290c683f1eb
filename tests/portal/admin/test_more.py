"""Which buttons of a page are shown, and which are behind More."""

import pytest

from portal.admin.kit.buttons import Button, arrange


def button(name: str) -> Button:
    """Make a button; "!" marks the one that stands out, "-" a destructive one."""
    weight = "" if name[0] == "!" else "button-muted"
    plain = name.strip("!-")
    return Button(plain, "", "", False, True, weight, plain, destructive="-" in name[:2])


@pytest.mark.parametrize(
    ("offered", "shown", "more", "destructive"),
    [
        ("", "", "", ""),
        ("retry", "retry", "", ""),
        # Two are shown as they are.
        ("retry -ignore", "retry ignore", "", ""),
        # A menu for one button more would only hide it.
        ("assign note snooze", "assign note snooze", "", ""),
        # The right one first, then what the state most often asks for.
        ("block_org !restart refresh -offboard", "restart refresh", "block_org", "offboard"),
        ("block_org pause refresh note -erase", "refresh pause", "block_org note", "erase"),
        ("-erase note", "note erase", "", ""),
        ("pause restart resume note", "resume pause", "restart note", ""),
        # Also if it cannot be undone.
        ("!-start_over assign note -offboard", "start_over assign", "note", "offboard"),
        # The right action is done at Heroku; then the portal tries again.
        ("block_org !heroku refresh retry", "heroku retry", "block_org refresh", ""),
        # All else that cannot be undone is never shown beside them.
        ("-reload diagnose edit -delete", "diagnose edit", "", "reload delete"),
        ("-cancel -roll_back assign", "assign", "", "cancel roll_back"),
    ],
)
def test_one_or_two_are_shown_and_destructive_ones_are_last(
    offered: str, shown: str, more: str, destructive: str
) -> None:
    found = arrange([button(each) for each in offered.split()])
    parts = (found.shown, found.more, found.destructive)
    assert tuple(" ".join(each.name for each in part) for part in parts) == (
        shown,
        more,
        destructive,
    )
