"""Rules that a reader can rely on."""

import ast
from collections.abc import Iterator
from functools import cache
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


SERVICES = [path for path in SOURCES if path.name == "services.py"]


@cache
def nodes(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text()))]


@cache
def imports(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_jobs_are_pushed_through_the_outbox_only() -> None:
    speak = {
        name(path) for path in SOURCES if {module.split(".")[0] for module in imports(path)} & {"rq", "rq_scheduler"}
    }
    assert {path for path in speak if not path.startswith("scripts/bench/")} == SPEAK_RQ


def test_modules_stay_readable() -> None:
    """What grows beyond 300 lines is split by use case."""
    lines = {name(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_services_know_no_request_and_never_commit() -> None:
    request = {"flask.request", "flask.g", "flask.session"}
    assert [name(path) for path in SERVICES if imports(path) & request or ".commit(" in path.read_text()] == []


# These modules ask the clock of their host: one finds the difference to the database's time, the other counts requests
# as its package does.
READ_THE_HOSTS_CLOCK = {"powerbank/base/clock.py", "powerbank/api/rate_limits.py"}
OF_THE_HOST = {("time", "time"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}


def test_code_takes_the_time_from_the_database() -> None:
    """A host whose clock is wrong decides nothing by it: ask powerbank.base.clock."""
    lines = []
    for path in SOURCES:
        if name(path).startswith("scripts/") or name(path) in READ_THE_HOSTS_CLOCK:
            continue
        for node in nodes(path):
            if isinstance(node, ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", None)
                if (owner, node.attr) in OF_THE_HOST:
                    lines.append(f"{name(path)}:{node.lineno}")
    assert lines == []


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


def test_services_leave_the_dicts_of_their_callers_alone() -> None:
    """The caller writes them to the audit log next."""
    functions = [(path, node) for path in SERVICES for node in nodes(path) if isinstance(node, ast.FunctionDef)]
    changed = {f"{name(path)}: {each.name}": list(changed_arguments(each)) for path, each in functions}
    assert {function: dicts for function, dicts in changed.items() if dicts} == {}


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
