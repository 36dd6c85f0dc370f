from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "SLA clocks"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate, post_save, pre_save

        from sla import defaults, following, jobs
        from sla.drafts import preview
        from sla.replays import replaying

        post_migrate.connect(defaults.after_migrate, sender=self, dispatch_uid="sla.defaults")
        pre_save.connect(following.remember, sender="tenants.Tenant", dispatch_uid="sla.following.remember")
        post_save.connect(following.changed, sender="tenants.Tenant", dispatch_uid="sla.following.changed")
        jobs.register(following.KIND, following.step)
        jobs.register(preview.KIND, preview.step)
        jobs.register(replaying.KIND, replaying.step)
