"""How gunicorn serves the portal; it reads this file by itself. Processes: WEB_CONCURRENCY."""

from pathlib import Path

worker_class = "portal.project.web_worker.PatientWorker"
# Two processes of 5, and the worker, fit into 20 connections (portal/project/connection_limits.py).
threads = 5
timeout = 25  # seconds for a request to arrive; Heroku's router gives up after 30
keepalive = 0  # the worker serves one request a connection
graceful_timeout = 20  # seconds; Heroku kills a dyno 30 s after SIGTERM
max_requests = 500
max_requests_jitter = 50
preload_app = True  # a wrong setting stops the master at once, and the workers share memory
control_socket_disable = True  # it would be a file in the home directory, and nobody uses it
if Path("/dev/shm").is_dir():  # noqa: S108  (a worker's heartbeat file must not wait for a disk)
    worker_tmp_dir = "/dev/shm"  # noqa: S108
