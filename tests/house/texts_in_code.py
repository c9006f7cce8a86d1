"""Every text that the code refuses something with, read from its source: a test compares them with the translations.

`{}` stands for what is filled in.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "powerbank"


def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}


def refusals(modules: dict[str, ast.Module]) -> set[str]:
    """List the names of AppError and of all classes that derive from it."""
    nodes = (node for tree in modules.values() for node in ast.walk(tree))
    parents = {node.name: {_name(base) for base in node.bases} for node in nodes if isinstance(node, ast.ClassDef)}
    known = {"AppError"}
    while made := {name for name, bases in parents.items() if bases & known} - known:
        known |= made
    return known


def texts(modules: dict[str, ast.Module]) -> dict[str, str]:
    """List each text with a module that has it."""
    found: dict[str, str] = {}
    family = refusals(modules)
    for place, tree in modules.items():
        for value in _said(tree, family):
            for text in _texts_of(value, tree):
                if not text.isidentifier() and not text.isdigit():  # codes, names of fields, seconds to wait
                    found.setdefault(text, place)
    return found


def things(modules: dict[str, ast.Module]) -> set[str]:
    """List the nouns that `NotFoundError` is raised with."""
    calls = (node for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (call.args[0] for call in calls if _name(call.func) == "NotFoundError" and call.args)
    return {value.value for value in named if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def _said(tree: ast.Module, family: set[str]) -> Iterator[ast.expr]:
    own = {
        call
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name in family
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and _name(call.func) == "__init__"
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = _name(call.func)
        if (name in family or name in ("problem", "ValidationError") or call in own) and name != "NotFoundError":
            yield from call.args
            yield from (keyword.value for keyword in call.keywords)
        else:  # rules for fields
            yield from (keyword.value for keyword in call.keywords if keyword.arg in ("error", "errors"))


def _texts_of(node: ast.AST, tree: ast.Module, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """List the texts of an expression: a literal, one of several, or a constant of the module."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Name):
        if node.id not in seen:
            for value in _values_of(node.id, tree):
                yield from _texts_of(value, tree, seen | {node.id})
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts_of(value, tree, seen)
    elif isinstance(node, ast.ListComp):
        yield from _texts_of(node.elt, tree, seen)
    elif isinstance(node, ast.List | ast.Tuple | ast.IfExp | ast.BoolOp | ast.Subscript | ast.Starred):
        parts = [node.value] if isinstance(node, ast.Subscript) else ast.iter_child_nodes(node)
        for value in parts:
            yield from _texts_of(value, tree, seen)


def _values_of(name: str, tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                yield node.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
