"""gunicorn's settings. WEB_PROCESSES and WEB_THREADS scale it on one machine; more machines scale it further."""

import os
import shutil
import tempfile

workers = int(os.environ.get("WEB_PROCESSES", "2"))
_metrics = tempfile.mkdtemp(prefix="powerbank-metrics-") if workers > 1 else None
if _metrics:
    # Before anything imports prometheus_client: it decides at its import how counters are shared.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _metrics)

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
threads = int(os.environ.get("WEB_THREADS", "24"))
worker_class = "powerbank.api.server.gunicorn_worker.Worker"  # threads for whole requests, one for all who are slow
worker_connections = 2000
backlog = 2048
sendfile = False  # answers pass through the worker, which waits for slow readers without a thread
timeout = 60
graceful_timeout = 4
keepalive = 5
max_requests = 100_000
max_requests_jitter = 10_000
preload_app = True  # loaded once, shared by the processes; connections open only after the fork
control_socket_disable = True
accesslog = None  # the application writes its own line for each request
# Heartbeat files belong in memory: a slow disk must not look like a hung process.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112


def when_ready(server: object) -> None:
    """Before the fork, so that the processes go on sharing the memory of what is loaded."""
    from powerbank import freeze_loaded_objects

    freeze_loaded_objects()


def post_worker_init(worker: object) -> None:
    """A host on which only the web server runs tells its clock by the heartbeat (decision 23), and each process admits
    starts or refuses them (decision 40)."""
    from powerbank.outbox.heartbeats import BackgroundHeartbeat
    from powerbank.rentals.start.admission import begin_admission

    worker.powerbank_admission = admission = begin_admission(worker.wsgi)  # type: ignore[attr-defined]
    describe = admission.describe_for_heartbeat if admission else list
    heartbeat = BackgroundHeartbeat(worker.wsgi, kind="web", describe=describe)  # type: ignore[attr-defined]
    worker.powerbank_heartbeat = heartbeat  # type: ignore[attr-defined]
    heartbeat.start()


def worker_exit(server: object, worker: object) -> None:
    if (heartbeat := getattr(worker, "powerbank_heartbeat", None)) is not None:
        heartbeat.stop()
    if (admission := getattr(worker, "powerbank_admission", None)) is not None:
        admission.stop()


def child_exit(server: object, worker: object) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined]


def on_exit(server: object) -> None:
    if _metrics:
        shutil.rmtree(_metrics, ignore_errors=True)
