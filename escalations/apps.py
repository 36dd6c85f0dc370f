from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "escalations"
    verbose_name = "Incidents and escalations"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from escalations import defaults

        post_migrate.connect(defaults.after_migrate, sender=self, dispatch_uid="escalations.defaults")
