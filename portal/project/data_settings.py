"""The settings of the databases, the caches and the queue."""

from typing import Any

from portal.project.environment import OVER_HTTPS, env, host, number, tenants_databases

DATABASE_URL: str = env.str("DATABASE_URL", "")


# In seconds: a server that has gone is noticed, also by a connection that is kept.
REACH = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def _database(url: str) -> dict[str, Any]:
    if not url.startswith(("postgres://", "postgresql://")):
        return {"ENGINE": "django.db.backends.dummy"}
    try:
        config = env.db_url_config(url)
    except ValueError:  # e.g. a port that is not a number
        return {"ENGINE": "django.db.backends.dummy"}
    # A connection that is kept may be dead by the next request, so Django asks it first.
    kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    reach = {**REACH, **_encryption(config.get("HOST", ""))}
    return {**config, **kept, "OPTIONS": {**reach, **config.get("OPTIONS", {})}}


def _encryption(machine: str) -> dict[str, str]:
    """Return that a database on another machine is reached by TLS or not at all.

    The certificate is not checked, because Heroku's is signed by itself. What its address says with
    ?sslmode=… wins, no TLS too; doctor says how each database is reached.
    """
    is_here = machine in ("", "localhost", "127.0.0.1", "::1") or machine.startswith("/")
    return {} if is_here or not OVER_HTTPS else {"sslmode": "require"}


def _redis(url: str) -> str:
    # Heroku's Redis answers over TLS only, with a certificate signed by itself.
    if url.startswith("rediss://") and host(url).endswith(".amazonaws.com") and "?" not in url:
        return f"{url}?ssl_cert_reqs=none"
    return url


# The tenants' data may be in other databases: TENANTS_EU_URL is called tenants_eu.
TENANTS_DATABASES = tenants_databases()
DATABASES = {
    "default": _database(DATABASE_URL),
    **{name: _database(url) for name, url in TENANTS_DATABASES.items()},
}
DATABASE_ROUTERS = ["portal.project.databases.OwnTables"]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},  # of each process
    # What one process has read for all: see portal/dashboard/snapshot.py.
    "shared": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_shared_cache",
    },
}

REDIS_URL: str = _redis(env.str("REDIS_URL", ""))
TASK_TIMEOUT = 120  # seconds; tenants.leases.LEASE must be longer
WORKERS: int = number("WORKERS", 2)
# Tenants that each of them works on at once: most of a step is a wait for Heroku's answer.
WORKER_THREADS: int = number("WORKER_THREADS", 2)

# Why each value: tests/portal/project/test_worker.py pins the packages' behaviour, docs/adr/0003.
Q_CLUSTER: dict[str, Any] = {
    "name": "multiconnect",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "timeout": TASK_TIMEOUT,
    # Far longer than the timeout: a task that the queue takes for lost runs a second time.
    "retry": TASK_TIMEOUT * 3 + 30,
    "max_attempts": 1,
    "ack_failures": True,  # our own rows count attempts and decide when to try again
    # After a standstill, a schedule runs once and not once for each time it was missed.
    "catch_up": False,
    "poll": 2,  # how often an empty queue is asked; a task that is queued is announced
    "bulk": 1,
    "save_limit": 0,  # a limit would lock and load every kept row for each result; we prune daily
    "recycle": 200,
    "label": "Task queue",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "broker_class": f"portal.project.brokers.{'Redis' if REDIS_URL else 'Database'}Broker",
}
