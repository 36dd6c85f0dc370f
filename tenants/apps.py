from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants and people"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from tenants import audit, cors, roles  # noqa: F401  (cors: its receiver answers preflights)

        audit.register()
        post_migrate.connect(roles.sync_groups, sender=self, dispatch_uid="tenants.sync_groups")
