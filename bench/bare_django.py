"""Django alone: the apps of django.contrib, their admin, and nothing of the portal.

The same gunicorn serves it. The starts of the web process and of the worker are compared with it.
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

_APPS = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
_MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
settings.configure(
    SECRET_KEY="bench-only-secret-key-of-more-than-fifty-characters-0123456789",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}},
    INSTALLED_APPS=[f"django.contrib.{each}" for each in _APPS],
    MIDDLEWARE=_MIDDLEWARE,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
application = get_wsgi_application()

from django.contrib import admin  # noqa: E402  (it has models, which need the settings)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that it is there."""
    return HttpResponse("ok")


urlpatterns = [path("admin/", admin.site.urls), path("healthz", healthz)]
