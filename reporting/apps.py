from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Reporting"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from reporting import defaults

        post_migrate.connect(defaults.after_migrate, sender=self, dispatch_uid="reporting.defaults")
