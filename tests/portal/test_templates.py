"""What holds for every page template of the staff."""

import re

from django.conf import settings


def test_what_the_keyboard_can_scroll_has_a_name() -> None:
    nameless = {}
    for name in ("portal", *settings.USE_CASES):
        for path in (settings.BASE_DIR / name).rglob("*.html"):
            stops = re.findall(r"<\w+ [^>]*tabindex=\"0\"[^>]*>", path.read_text())
            nameless[path.name] = [each for each in stops if "aria-label" not in each]
    assert len(nameless) > 50
    assert {name: stops for name, stops in nameless.items() if stops} == {}
