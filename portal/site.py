"""The staff's admin site."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class PortalAdminSite(admin.AdminSite):
    site_header = site_title = "Multiconnect"
    index_title = "Operations"


class PortalAdminConfig(AdminConfig):
    default_site = "portal.site.PortalAdminSite"
