"""The brand: one name, mark and set of colours for staff, subscribers, mails and the package.

The name is the setting PRODUCT_NAME. The mark and the colours are files of static/tenants, which
every page links; mails take the colours from here.
"""

import re
from functools import cache
from pathlib import Path

COLOURS = Path(__file__).parent / "static" / "tenants" / "brand.css"


@cache
def colours() -> dict[str, str]:
    """Return the colours, #rrggbb by their names in the stylesheet."""
    return dict(re.findall(r"--(brand[\w-]*): (#[0-9a-f]{6});", COLOURS.read_text()))
