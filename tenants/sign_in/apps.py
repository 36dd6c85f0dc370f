from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "tenants.sign_in"
    label = "sign_in"
    verbose_name = "Signing in"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from tenants.sign_in import accounts, log, sessions  # noqa: F401  (their receivers)

        # The admin has no door of its own: second factors, lockout and single sign-on hold there too.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
