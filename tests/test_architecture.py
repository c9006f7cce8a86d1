"""Rules that a reader can rely on."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from powerbank.outbox import catalogue
from powerbank.outbox.catalogue import SCHEDULES
from powerbank.outbox.policy import JobSpec, Queue, lanes

ROOT = Path(__file__).parents[1]
SOURCES = [path for folder in ("powerbank", "jobs", "scripts") for path in (ROOT / folder).rglob("*.py")]

# Only the wire and what works on it may speak RQ. All others enqueue through the outbox.
SPEAK_RQ = {
    "powerbank/outbox/wire.py",
    "powerbank/ops/dashboard_pages.py",
    "jobs/worker/loop.py",
    "jobs/worker/scheduler.py",
    "jobs/worker/messages.py",
    "jobs/worker/pulse.py",
    "scripts/check_stack.py",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_jobs_are_pushed_through_the_outbox_only(path: Path) -> None:
    if name(path) in SPEAK_RQ or name(path).startswith("scripts/bench/"):
        return
    assert not {module for module in imports(path) if module.split(".")[0] in ("rq", "rq_scheduler")}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_modules_stay_readable(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300, "split it by use case"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "services.py"], ids=name)
def test_services_know_no_request_and_never_commit(path: Path) -> None:
    assert not {module for module in imports(path) if module in ("flask.request", "flask.g", "flask.session")}
    assert ".commit(" not in path.read_text()


# These modules ask the clock of their host: one finds the difference to the database's time, the other counts requests
# as its package does.
READ_THE_HOSTS_CLOCK = {"powerbank/base/clock.py", "powerbank/api/rate_limits.py"}
OF_THE_HOST = {("time", "time"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[-2] != "scripts"], ids=name)
def test_code_takes_the_time_from_the_database(path: Path) -> None:
    """A host whose clock is wrong decides nothing by it."""
    if name(path).startswith("scripts/") or name(path) in READ_THE_HOSTS_CLOCK:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", None)
            assert (owner, node.attr) not in OF_THE_HOST, f"line {node.lineno}: ask powerbank.base.clock"


CHANGES = frozenset({"pop", "popitem", "update", "setdefault", "clear"})


def changed_arguments(function: ast.FunctionDef) -> Iterator[str]:
    """List the dicts of its caller that a function changes."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    dicts = {each.arg for each in arguments if each.annotation and ast.unparse(each.annotation).startswith("dict")}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            touched = [node.func.value]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            touched = [node.value]
        else:
            continue
        yield from (each.id for each in touched if isinstance(each, ast.Name) and each.id in dicts)


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "services.py"], ids=name)
def test_services_leave_the_dicts_of_their_callers_alone(path: Path) -> None:
    """The caller writes them to the audit log next."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    assert {each.name: found for each in functions if (found := list(changed_arguments(each)))} == {}


def test_every_job_of_an_area_is_in_its_list() -> None:
    areas = [area for area in vars(catalogue).values() if getattr(area, "__name__", "").startswith(catalogue.__name__)]
    defined = [spec for area in areas for spec in vars(area).values() if isinstance(spec, JobSpec)]
    assert len(areas) > 5
    assert sorted(spec.name for spec in defined) == sorted(spec.name for spec in catalogue.JOBS)


def test_scheduled_jobs_are_durable_and_names_are_unique() -> None:
    names = [spec.name for spec in catalogue.JOBS]
    assert len(names) == len(set(names))
    assert all(entry.job.durable and entry.job in catalogue.JOBS for entry in SCHEDULES)
    assert len({entry.name for entry in SCHEDULES}) == len(SCHEDULES)


def test_queues_are_drained_in_the_order_of_their_priority() -> None:
    assert [*Queue] == ["critical", "payments", "iot", "notifications", "default", "analytics", "cleanup"]


def test_no_call_of_a_vendor_comes_before_what_is_waited_for_at_a_station() -> None:
    order = lanes(Queue)
    assert order[:3] == ["critical", "payments", "iot"]
    assert all(lane not in order[:3] for lane in (spec.lane for spec in catalogue.JOBS if spec.vendor))
    assert [lane for lane in order if not lane.endswith("-vendors")] == [*Queue]


@pytest.mark.parametrize("procfile", ["Procfile", "Procfile.small"])
def test_every_lane_is_served_and_starts_share_no_worker_with_vendors(procfile: str) -> None:
    served = [served_by(line) for line in (ROOT / procfile).read_text().splitlines() if "scripts/worker.py" in line]
    assert {lane for lanes in served for lane in lanes} >= set(catalogue.lanes_in_use())
    if procfile == "Procfile":
        for lanes_of_one in served:
            starts = {"critical", "iot"} & set(lanes_of_one)
            assert not (starts and any(lane.endswith("-vendors") for lane in lanes_of_one))
            assert "analytics" not in lanes_of_one or not {"default", "default-vendors"} & set(lanes_of_one)


def served_by(line: str) -> list[str]:
    words = line.partition("scripts/worker.py")[2].split()
    named = [Queue(word) for word in words if not word.startswith("--") and word != "all"]
    plain, vendors = "--only-vendors" not in words, "--without-vendors" not in words
    return lanes(named or Queue, plain=plain, vendors=vendors)


def test_production_does_not_import_the_tests_or_programs() -> None:
    for path in SOURCES:
        if not name(path).startswith("scripts/"):
            assert not {module for module in imports(path) if module.split(".")[0] in ("tests", "scripts")}


def test_every_boolean_is_true_or_false() -> None:
    """marshmallow's own takes `on`, `y` and 0.0 for one; `powerbank.api.fields.Boolean` does not."""
    written = {name(path) for path in SOURCES if "fields.Boolean" in path.read_text()}
    assert written == {"powerbank/api/fields.py"}
