from django.urls import path

from connect import views

urlpatterns = [
    path("connect/<str:signed>", views.authorize, name="connect-authorize"),
    path(
        "connection_auth_complete/<str:signed>",
        views.authorization_complete,
        name="connect-auth-complete",
    ),
]
