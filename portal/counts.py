"""How many rows belong to each row of a page."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce


def of(items: QuerySet[Any], parent: str) -> Coalesce:
    """Return, as SQL, how many of `items` belong to a row by their foreign key `parent`.

    An index answers it for the rows of one page. A join would read all items of all rows first.
    """
    mine = items.filter(**{parent: OuterRef("pk")}).order_by().values(parent)
    return Coalesce(Subquery(mine.annotate(number=Count("pk")).values("number")), 0)
