from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "SLA clocks"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from sla import defaults, jobs
        from sla.drafts import preview
        from sla.replays import replaying

        post_migrate.connect(defaults.after_migrate, sender=self, dispatch_uid="sla.defaults")
        jobs.register(preview.KIND, preview.step)
        jobs.register(replaying.KIND, replaying.step)
