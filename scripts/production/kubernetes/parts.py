"""What the manifests are put together from: labels, containers, pods, deployments, volumes."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy/kubernetes"
IMAGE = "powerbank"  # kustomization.yaml says which one this is
SETTINGS = "powerbank-settings"
WEB, LIVE, MQTT_METRICS, LIVE_METRICS = 8000, 8028, 8029, 8030
LONGEST_JOB = 7260
DUE = "SELECT count(*) FROM outbox_jobs WHERE state = 'open' AND run_after <= now() AND claimed_by IS NULL"
KEDA = ("keda.sh/v1alpha1", "postgresql")

Manifest = dict[str, Any]

# Beside a settings secret: where programs listen inside their pod.
ADDRESSES = {
    "HOST": "0.0.0.0",  # noqa: S104
    "LIVE_HOST": "0.0.0.0",  # noqa: S104
    "MQTT_METRICS_PORT": str(MQTT_METRICS),
    "LIVE_METRICS_PORT": str(LIVE_METRICS),
}


def named(name: str) -> Manifest:
    return {"name": name, "labels": labels(name)}


def labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": "powerbank", "app.kubernetes.io/name": name}


def container(program: str, *, command: list[str] | None = None, memory: str = "1Gi", **more: Any) -> Manifest:
    return {
        "name": program.replace("_", "-"),
        "image": IMAGE,
        **({"command": command} if command else {"args": [program]}),
        "env": [{"name": name, "value": value} for name, value in ADDRESSES.items()],
        "envFrom": [{"secretRef": {"name": SETTINGS}}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
            {"name": "documents", "mountPath": "/var/lib/powerbank"},
        ],
        **more,
    }


def pod(name: str, runs: Manifest, *, grace: int, more_volumes: list[Manifest] | None = None, **more: Any) -> Manifest:
    return {
        "metadata": {"labels": labels(name)},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": grace,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "fsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [runs],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "documents", "persistentVolumeClaim": {"claimName": "powerbank-documents"}},
                *(more_volumes or []),
            ],
            **more,
        },
    }


def deployment(name: str, runs: Manifest, *, replicas: int | None, grace: int) -> Manifest:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(name)},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": named(name),
        "spec": {
            **({"replicas": replicas} if replicas is not None else {}),  # else something scales it
            "selector": {"matchLabels": labels(name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": pod(name, runs, grace=grace, topologySpreadConstraints=[spread]),
        },
    }


def probe(path: str, port: int, **more: int) -> Manifest:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 5, "timeoutSeconds": 5, **more}


def service(name: str, port: int) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": named(name),
        "spec": {"selector": labels(name), "ports": [{"name": "http", "port": port, "targetPort": port}]},
    }


def budget(name: str) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": named(name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels(name)}},
    }


def volume(name: str, mode: str, size: str) -> Manifest:
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": named(name), "spec": spec}
