from django.apps import AppConfig


class ConnectConfig(AppConfig):
    name = "connect"
    verbose_name = "Heroku Connect"

    def ready(self) -> None:
        """Connect the receivers, and register what the app below needs of this one."""
        from connect import links, listeners, progress, sweeps, switches  # noqa: F401
