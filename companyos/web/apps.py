from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "companyos.web"
    label = "web"
    verbose_name = "HTTP"
