"""The addresses of this floor."""

from django.urls import path, re_path

from tenants import views

urlpatterns = [
    re_path(r"^organizations/?$", views.organizations, name="organizations"),
    re_path(r"^authenticate/?$", views.authenticate_plain, name="authenticate-plain"),
    path("authenticate/<str:signed>", views.authenticate, name="authenticate"),
    path("fresh-link", views.fresh_link, name="fresh-link"),
    path("not-me/<str:signed>", views.not_me, name="not-me"),
    path("auth/salesforce", views.salesforce_begin, name="salesforce-begin"),
    path("auth/salesforce/callback", views.salesforce_callback, name="salesforce-callback"),
]
