"""The plans of the add-ons that a mapping version may be given to."""

from django.conf import settings

from connect.models import Connection, DefaultTemplate


def possible() -> list[str]:
    """Return the plans of new add-ons, of the default versions, and of the connections there are.

    e.g. ["herokuconnect:demo", "herokuconnect:enterprise"].
    """
    chosen = DefaultTemplate.objects.exclude(plan="").values_list("plan", flat=True)
    present = Connection.objects.filter(offboarded_at=None).exclude(plan="")
    held = present.order_by().values_list("plan", flat=True).distinct()
    return sorted({settings.HEROKU_CONNECT_PLAN, *chosen, *held})
