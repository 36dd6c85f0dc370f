from django.apps import AppConfig


class CompanyosConfig(AppConfig):
    name = "companyos"
    verbose_name = "CompanyOS"

    def ready(self) -> None:
        from companyos import checks  # noqa: F401  (registers the system checks)
