from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Connect the receivers of mail tracking."""
        from tenants import tracking  # noqa: F401
