"""The manifests of each program, of what they share, and of what is done to the whole."""

import re

import yaml  # type: ignore[import-untyped]  # only who writes the manifests needs it

from scripts.production.kubernetes.parts import (
    DUE,
    IMAGE,
    KEDA,
    LIVE,
    LIVE_METRICS,
    LONGEST_JOB,
    MQTT_METRICS,
    ROOT,
    SETTINGS,
    WEB,
    Manifest,
    budget,
    container,
    deployment,
    named,
    pod,
    probe,
    service,
    volume,
)

# Due jobs for each worker, at which one more is started; and the most of them.
WORKERS = {
    "worker_critical": (["critical"], 20, 2, 12),
    "worker_iot": (["iot", "notifications"], 50, 2, 12),
    "worker_payments": (["payments"], 20, 2, 6),
    "worker_messages": (["critical", "notifications", "default"], 100, 2, 8),
    "worker_default": (["default"], 200, 1, 6),
    "worker_rest": (["analytics", "cleanup"], 500, 1, 3),
}


def web() -> list[Manifest]:
    # Whoever still sends it requests while it leaves the service's list is served.
    leaves = {"preStop": {"exec": {"command": ["sleep", "10"]}}}
    runs = container(
        "web",
        memory="1536Mi",
        ports=[{"name": "http", "containerPort": WEB}],
        startupProbe=probe("/health/live", WEB, failureThreshold=36),
        readinessProbe=probe("/health/ready", WEB, failureThreshold=2),
        livenessProbe=probe("/health/live", WEB, failureThreshold=6),
        lifecycle=leaves,
    )
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": named("powerbank-web"),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "powerbank-web"},
            "minReplicas": 2,
            "maxReplicas": 12,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "1400m"}},
                }
            ],
        },
    }
    name = "powerbank-web"
    return [deployment(name, runs, replicas=None, grace=90), service(name, WEB), budget(name), scaler]


def live() -> list[Manifest]:
    name = "powerbank-live"
    runs = container(
        "live",
        ports=[{"name": "http", "containerPort": LIVE}, {"name": "metrics", "containerPort": LIVE_METRICS}],
        readinessProbe=probe("/health", LIVE_METRICS, failureThreshold=2),
        livenessProbe=probe("/health", LIVE_METRICS, failureThreshold=24),
    )
    return [deployment(name, runs, replicas=2, grace=30), service(name, LIVE), budget(name)]


def daemon() -> list[Manifest]:
    name = "powerbank-mqtt"
    runs = container(
        "mqtt",
        ports=[{"name": "metrics", "containerPort": MQTT_METRICS}],
        readinessProbe=probe("/health", MQTT_METRICS),
        livenessProbe=probe("/health", MQTT_METRICS, failureThreshold=24),
    )
    return [deployment(name, runs, replicas=2, grace=30), budget(name)]  # one listens, the other stands by


def scheduler() -> list[Manifest]:
    name = "powerbank-scheduler"
    return [deployment(name, container("scheduler", memory="512Mi"), replicas=2, grace=30), budget(name)]


def worker(program: str) -> list[Manifest]:
    queues, jobs, fewest, most = WORKERS[program]
    name = f"powerbank-{program.replace('_', '-')}"
    version, trigger = KEDA
    listed = ", ".join(f"'{queue}'" for queue in queues)
    waiting = f"{DUE} AND queue IN ({listed})"
    scaler = {
        "apiVersion": version,
        "kind": "ScaledObject",
        "metadata": named(name),
        "spec": {
            "scaleTargetRef": {"name": name},
            "minReplicaCount": fewest,
            "maxReplicaCount": most,
            "pollingInterval": 10,
            "cooldownPeriod": 300,
            "triggers": [
                {
                    "type": trigger,
                    "metadata": {"query": waiting, "targetQueryValue": str(jobs)},
                    "authenticationRef": {"name": "powerbank-database"},
                }
            ],
        },
    }
    found = [deployment(name, container(program), replicas=None, grace=LONGEST_JOB), scaler]
    return [*found, budget(name)] if fewest > 1 else found


def database_access() -> list[Manifest]:
    return [
        {
            "apiVersion": KEDA[0],
            "kind": "TriggerAuthentication",
            "metadata": named("powerbank-database"),
            "spec": {"secretTargetRef": [{"parameter": "connection", "name": SETTINGS, "key": "DATABASE_URL"}]},
        }
    ]


def migration() -> list[Manifest]:
    name = "powerbank-migrate"
    runs = container("migrate", command=["/opt/powerbank/scripts/manage", "migrate"], memory="512Mi")
    template = pod(name, runs, grace=30, restartPolicy="Never")
    spec = {"backoffLimit": 3, "ttlSecondsAfterFinished": 86_400, "template": template}
    return [{"apiVersion": "batch/v1", "kind": "Job", "metadata": named(name), "spec": spec}]


def backups() -> list[Manifest]:
    found = [volume("powerbank-backups", "ReadWriteOnce", "50Gi")]
    keys = {"name": "keys", "secret": {"secretName": "powerbank-backup-keys"}}
    kept = {"name": "backups", "persistentVolumeClaim": {"claimName": "powerbank-backups"}}
    for word, at in (("backup", "30 20 * * *"), ("verify", "0 22 * * *")):
        name = f"powerbank-{word}"
        runs = container(word, command=["/opt/powerbank/scripts/manage", word])
        runs["volumeMounts"] += [
            {"name": "backups", "mountPath": "/var/backups/powerbank"},
            {"name": "keys", "mountPath": "/etc/powerbank", "readOnly": True},
        ]
        runs["env"].append({"name": "BACKUP_DIR", "value": "/var/backups/powerbank"})
        template = pod(name, runs, grace=60, more_volumes=[keys, kept], restartPolicy="Never")
        job = {"spec": {"backoffLimit": 1, "template": template}}
        spec = {"schedule": at, "timeZone": "Etc/UTC", "concurrencyPolicy": "Forbid", "jobTemplate": job}
        found.append({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": named(name), "spec": spec})
    return found


def ingress() -> list[Manifest]:
    def to(name: str, port: int, path: str) -> Manifest:
        backend = {"service": {"name": name, "port": {"number": port}}}
        return {"path": path, "pathType": "Prefix", "backend": backend}

    paths = [to("powerbank-live", LIVE, "/live/"), to("powerbank-web", WEB, "/")]
    metadata = named("powerbank")
    # Of the ingress of nginx; another one has its own words for these.
    metadata["annotations"] = {
        "nginx.ingress.kubernetes.io/proxy-body-size": "17m",
        "nginx.ingress.kubernetes.io/proxy-buffering": "off",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "75",
        "nginx.ingress.kubernetes.io/limit-connections": "100",
        "nginx.ingress.kubernetes.io/enable-access-log": "false",
    }
    spec = {
        "tls": [{"hosts": ["example.com"], "secretName": "powerbank-tls"}],
        "rules": [{"host": "example.com", "http": {"paths": paths}}],
    }
    return [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}]


def programs() -> list[str]:
    return re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)


def files() -> dict[str, list[Manifest]]:
    made = {"web": web(), "live": live(), "mqtt": daemon(), "scheduler": scheduler()}
    made |= {name.replace("_", "-"): worker(name) for name in programs() if name.startswith("worker_")}
    made["database-access"] = database_access()
    made["documents"] = [volume("powerbank-documents", "ReadWriteMany", "20Gi")]
    made["backups"] = backups()
    made["ingress"] = ingress()
    return {f"{name}.yaml": found for name, found in made.items()}


def render() -> dict[str, str]:
    """Give the text of each file. The migration stands apart, since it is applied first and waited for."""
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files()),
        "images": [{"name": IMAGE, "newName": "registry.example.com/powerbank", "newTag": "0.9.0"}],
    }
    first = kustomization | {"resources": ["migrate.yaml"]}
    found = {name: _text(manifests) for name, manifests in files().items()}
    found |= {"kustomization.yaml": _text([kustomization]), "migrate/kustomization.yaml": _text([first])}
    return found | {"migrate/migrate.yaml": _text(migration())}


def _text(manifests: list[Manifest]) -> str:
    head = "# Written by `python -m scripts.production.kubernetes`.\n"
    return head + "---\n".join(yaml.safe_dump(each, sort_keys=False, width=120) for each in manifests)
