from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Connect the receivers of mail tracking, and declare the kill switch."""
        from tenants import switches, tracking  # noqa: F401
