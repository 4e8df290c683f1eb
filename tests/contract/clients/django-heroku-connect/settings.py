"""Settings of a Django project that uses django-heroku-connect, from its environment."""

import os
from urllib.parse import unquote, urlsplit

_url = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "heroku_connect.db.backends.postgresql",
        "NAME": _url.path.lstrip("/"),
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        "HOST": _url.hostname,
        "PORT": _url.port,
    }
}
INSTALLED_APPS = [
    "health_check",
    "heroku_connect",
    "heroku_connect.contrib.heroku_connect_health_check",
    "shop",
]
SECRET_KEY = "of no use here"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
HEROKU_CONNECT_SCHEMA = os.environ["SCHEMA"]
HEROKU_CONNECT_API_ENDPOINT = os.environ["API_ENDPOINT"]
HEROKU_CONNECT_APP_NAME = os.environ["APP"]
HEROKU_AUTH_TOKEN = os.environ["TOKEN"]
