"""Routes call services, services call queries, and only the edges open transactions and read the request."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = sorted([*(ROOT / "powerbank").rglob("*.py"), *(ROOT / "jobs").rglob("*.py")])
AT_THE_EDGE = ("routes.py", "pages.py", "commands.py", "shell.py")

# These modules are edges themselves: they answer before or after a route or a page, or they carry jobs.
INFRASTRUCTURE = (
    "powerbank/api/",
    "powerbank/outbox/",
    "powerbank/base/",
    "powerbank/pages/",
    "powerbank/admin/console_session.py",
    "powerbank/auth/pages/session.py",
    "powerbank/payouts/pages/session.py",
    "powerbank/startup.py",
    "powerbank/serving.py",
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_route(path: Path) -> bool:
    return path.name.endswith(("routes.py", "pages.py"))


def is_edge(path: Path) -> bool:
    return (
        path.name.endswith(AT_THE_EDGE)
        or name(path).startswith(("jobs/", *INFRASTRUCTURE))
        or "/stations/daemon/" in name(path)
    )


def imported(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


ROUTES = [path for path in PRODUCT if is_route(path)]
WITHIN = [path for path in PRODUCT if not is_edge(path)]


@pytest.mark.parametrize("path", ROUTES, ids=name)
def test_routes_build_no_query(path: Path) -> None:
    assert not {module for module, _ in imported(path) if module.split(".")[0] == "sqlalchemy"}
    assert not {what for _, what in imported(path)} & {"db", "open_session", "read_alone"}


@pytest.mark.parametrize("path", ROUTES, ids=name)
def test_routes_hold_no_schemas(path: Path) -> None:
    classes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    assert not {each.name for each in classes if any("Schema" in ast.unparse(base) for base in each.bases)}


@pytest.mark.parametrize("path", ROUTES, ids=name)
def test_routes_borrow_nothing_from_other_routes(path: Path) -> None:
    ours = {f"{module}.{what}" for module, what in imported(path) if module.startswith("powerbank")}
    files = {ROOT / (each.rsplit(".", 1)[0].replace(".", "/") + ".py") for each in ours}
    assert not {name(each) for each in files if is_route(each) and each.exists()}


@pytest.mark.parametrize("path", WITHIN, ids=name)
def test_only_edges_open_transactions(path: Path) -> None:
    opened = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.With) and any("transaction(" in ast.unparse(each.context_expr) for each in node.items)
    ]
    assert not opened, "a service works in the transaction that its caller opened"


@pytest.mark.parametrize("path", WITHIN, ids=name)
def test_only_edges_read_the_request(path: Path) -> None:
    read = {what for module, what in imported(path) if module == "flask"}
    assert not read & {"request", "g", "session"}
