"""Pages for requests that never reach a view."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from tenants.pages import notice


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what was wrong with a request that Django itself refused."""
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024**2
        text = (
            f"A form may hold {most:.1f} MB of text. Nothing was changed: go back, and send less."
        )
        return notice(request, 413, "That was too much text", text)
    return notice(request, 400, "This request makes no sense", "Go back, and load the page again.")
