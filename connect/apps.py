from django.apps import AppConfig


class ConnectConfig(AppConfig):
    name = "connect"
    verbose_name = "Heroku Connect"

    def ready(self) -> None:
        from connect import listeners  # noqa: F401  (connects the signal's receivers)
