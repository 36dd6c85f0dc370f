# The packages are compiled into one directory; the second stage carries that directory and no compiler or cache.
FROM python:3.13-slim AS packages
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/base.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=companyos.settings STATIC_ROOT=/srv/static MEDIA_ROOT=/srv/media
RUN useradd --system --uid 10001 --home-dir /srv companyos \
    && mkdir -p /srv/static /srv/media && chown companyos /srv/static /srv/media
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/app
COPY . .
USER companyos
# The static files depend on no secret; these values exist for this one command.
RUN SECRET_KEY=build FIELD_KEYS=build AUDIT_KEYS=build ALLOWED_HOSTS=build python manage.py collectstatic --no-input
EXPOSE 8000
# Asked under a name that ALLOWED_HOSTS lets in.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD python -c "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0]}), timeout=4)"
CMD ["gunicorn", "companyos.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "4", "--threads", "8", "--no-control-socket"]
