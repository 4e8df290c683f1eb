"""The address / leads to the dashboard, or to where the ISV wants its visitors."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.views.generic import RedirectView


class Home(RedirectView):
    """Leads to HOME_URL, else to the staff's first page."""

    http_method_names = ["get", "head"]

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        return settings.HOME_URL or reverse("admin:index")
