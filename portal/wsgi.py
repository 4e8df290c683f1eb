"""What gunicorn serves. Refuses to start on a missing or wrong setting, with one line for each."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler

from portal.project import databases
from portal.project.checks import stop_on_errors

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.project.settings")
# Django's get_wsgi_application in its two parts, with the checks in between.
django.setup(set_prefix=False)
stop_on_errors()
databases.limit(databases.WEB)
application = WSGIHandler()
