from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from escalations import drill_hops
        from integrations import sent

        drill_hops.deliveries_by(sent.about)
