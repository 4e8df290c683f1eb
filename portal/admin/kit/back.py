"""Where a press leads back to, if not to the page of its row: another page of ours asked for it."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

FIELD = "back"
OURS = "/admin/"


def of(request: HttpRequest) -> str:
    """Return the wanted path, "" for none. Only a path of the staff's own pages is taken."""
    wanted = request.POST.get(FIELD) or request.GET.get(FIELD) or ""
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_safe and wanted.startswith(OURS) else ""
