"""Which admin site the project uses. Read before any model is: portal.desk is imported later."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "portal.desk.StaffDesk"
