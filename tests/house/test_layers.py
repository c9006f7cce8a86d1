"""Routes call services, services call queries, and only the edges open transactions and read the request."""

import ast
from functools import cache
from pathlib import Path

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


@cache
def nodes(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text()))]


@cache
def imported(path: Path) -> set[tuple[str, str]]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return found


ROUTES = [path for path in PRODUCT if is_route(path)]
WITHIN = [path for path in PRODUCT if not is_edge(path)]


def test_routes_build_no_query() -> None:
    sessions = {"db", "open_session", "read_alone"}
    assert [
        name(path)
        for path in ROUTES
        if any(module.split(".")[0] == "sqlalchemy" or what in sessions for module, what in imported(path))
    ] == []


def test_routes_hold_no_schemas() -> None:
    classes = [(path, node) for path in ROUTES for node in nodes(path) if isinstance(node, ast.ClassDef)]
    schemas = [(path, each) for path, each in classes if any("Schema" in ast.unparse(base) for base in each.bases)]
    assert [f"{name(path)}: {each.name}" for path, each in schemas] == []


def test_routes_borrow_nothing_from_other_routes() -> None:
    routes = {name(path).removesuffix(".py").replace("/", "."): path for path in ROUTES}
    assert [
        f"{name(path)} borrows from {module}"
        for path in ROUTES
        for module, what in sorted(imported(path))
        if module in routes or f"{module}.{what}" in routes
    ] == []


def test_only_edges_open_transactions() -> None:
    """A service works in the transaction that its caller opened."""
    opened = [
        f"{name(path)}:{node.lineno}"
        for path in WITHIN
        for node in nodes(path)
        if isinstance(node, ast.With) and any("transaction(" in ast.unparse(each.context_expr) for each in node.items)
    ]
    assert opened == []


def test_only_edges_read_the_request() -> None:
    request = {("flask", "request"), ("flask", "g"), ("flask", "session")}
    assert [name(path) for path in WITHIN if imported(path) & request] == []
