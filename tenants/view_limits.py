"""A limit for each address of the portal that strangers can call as often as they like."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from tenants import limits, pages
from tenants.limits import Bucket

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def limited(name: str, per_hour: int) -> Callable[[View[P]], View[P]]:
    """Answer 429 to a network that calls a view more often than so many times an hour."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def limited_view(
            request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            network = limits.network(limits.remote_address(request.META))
            wait = limits.seconds_to_wait([Bucket(f"{name}:{network}", per_hour)])
            return pages.too_many(request, wait) if wait else view(request, *args, **kwargs)

        return limited_view

    return decorate
