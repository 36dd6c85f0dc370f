from django.apps import AppConfig


class CompanyosConfig(AppConfig):
    name = "companyos"
    verbose_name = "CompanyOS"

    def ready(self) -> None:
        # checks registers the system checks; celery is the app that every process wakes tasks through: without it
        # they go to Celery's built-in default, a broker that is not ours.
        from companyos import celery, checks  # noqa: F401
