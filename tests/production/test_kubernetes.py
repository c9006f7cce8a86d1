"""The manifests are those of the code, cover every program, and are what Kubernetes understands."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from powerbank.outbox.policy import Queue
from scripts.production.kubernetes import manifests, parts

RENDERED = manifests.render()
MANIFESTS: list[dict[str, Any]] = [each for text in RENDERED.values() for each in yaml.safe_load_all(text)]
DEPLOYMENTS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] == "Deployment"}


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


@pytest.mark.parametrize("name", RENDERED)
def test_files_are_as_they_are_written_here(name: str) -> None:
    assert (parts.FOLDER / name).read_text() == RENDERED[name]


def test_every_program_of_the_procfile_is_a_deployment() -> None:
    args = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in DEPLOYMENTS.values()]
    assert sorted(args) == sorted([name] for name in manifests.programs())


def test_every_queue_has_workers_that_grow_with_it() -> None:
    queries = [each["spec"]["triggers"][0]["metadata"]["query"] for each in MANIFESTS if each["kind"] == "ScaledObject"]
    for queue in Queue:
        assert any(f"'{queue}'" in query for query in queries), queue


def test_no_container_may_more_than_it_needs() -> None:
    pods = [each["spec"]["template"]["spec"] for each in MANIFESTS if each["kind"] in ("Deployment", "Job")]
    pods += [each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in MANIFESTS if each["kind"] == "CronJob"]
    assert len(pods) == len(manifests.programs()) + 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_what_selects_pods_finds_some() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in DEPLOYMENTS.values()]
    for each in MANIFESTS:
        if each["kind"] == "Service":
            assert each["spec"]["selector"] in labels
        if each["kind"] == "PodDisruptionBudget":
            assert each["spec"]["selector"]["matchLabels"] in labels
        if each["kind"] in ("ScaledObject", "HorizontalPodAutoscaler"):
            assert each["spec"]["scaleTargetRef"]["name"] in DEPLOYMENTS


def test_kubernetes_understands_them() -> None:
    """Needs kubernetes-validate, which has the schemas of Kubernetes and no part in anything else here."""
    try:
        validator = importlib.import_module("kubernetes_validate")
    except ImportError:
        pytest.skip("kubernetes-validate is not installed: pip install kubernetes-validate")
    for each in MANIFESTS:
        if each["apiVersion"] not in ("keda.sh/v1alpha1", "kustomize.config.k8s.io/v1beta1"):
            validator.validate(each, "1.31", strict=True)


def test_the_image_has_what_the_programs_need() -> None:
    root = Path(parts.ROOT)
    copied = {
        name
        for line in (root / "deploy/containers/Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert {"config.py", "wsgi.py", "Procfile", "powerbank", "jobs", "migrations", "scripts"} <= copied
    assert all((root / name).exists() for name in copied)
    allowed = (root / "deploy/containers/Dockerfile.dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} == {each for each in allowed if each.startswith("!")}
