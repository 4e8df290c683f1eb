from django.apps import AppConfig


class SocialConfig(AppConfig):
    name = "social"
    verbose_name = "Posts"

    def ready(self) -> None:
        """Add this use case to the portal."""
        from social import checks, doctor, plugin, switches  # noqa: F401
