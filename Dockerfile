# The portal for hosts other than Heroku: docs/deploying.md. One image for web, worker and release.
# The same Python as on Heroku (.python-version). Pin the digest in your own build, and renew it with
# each release: a tag moves.
FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /packages
# Any word, to install what traces need (docs/operating.md, Traces).
ARG TRACING=
COPY requirements.lock requirements-tracing.lock ./
RUN /packages/bin/pip install --require-hashes --requirement requirements.lock \
        ${TRACING:+--requirement requirements-tracing.lock}

FROM python:3.11-slim-bookworm
ENV PATH=/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=5000
WORKDIR /portal
COPY --from=packages /packages /packages
# Without tests, documents and the emulator: see .dockerignore.
COPY . .
RUN python manage.py collectstatic --no-input \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal
# The files belong to root: the portal cannot change its own code.
USER 10001
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "portal.project.alive"]
CMD ["gunicorn", "portal.wsgi"]
