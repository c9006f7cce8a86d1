"""Find out, by reading the source, with which refusals each function of the code may end.

A refusal is a subclass of `AppError`. A function may end with it if it makes one, or names a function that may. What is
caught is not told apart from what is not, except that the types of `except` do not count. What is looked up at run time
(a hook, a registered part) is not seen. Only `flask docs write` does this; it takes seconds.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
APP_ERROR = "powerbank.base.errors.AppError"
# How keys, guards and jobs refuse is the same for all routes: `refusals` says it.
NOT_FOLLOWED = (
    *(f"powerbank.api.{name}." for name in ("auth", "idempotency", "paging", "rate_limits", "requests.parser")),
    "powerbank.base.idempotency.",
    "powerbank.outbox.enqueue.",
    "powerbank.wiring.",
)

Refusal = tuple[int, str]  # status and code


class Source:
    """All modules of a package, with what their names mean."""

    def __init__(self, package: Path) -> None:
        self.meanings: dict[str, dict[str, str]] = {}
        self.definitions: dict[str, tuple[str, ast.AST]] = {}
        for path in package.rglob("*.py"):
            parts = path.relative_to(package.parent).with_suffix("").parts
            self._read(".".join(part for part in parts if part != "__init__"), ast.parse(path.read_text()))

    def _read(self, module: str, tree: ast.Module) -> None:
        meanings = self.meanings[module] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                meanings |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self._define(module, node.name, node)
                for inner in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(inner, ast.FunctionDef):
                        self.definitions[f"{module}.{node.name}.{inner.name}"] = (module, inner)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        self._define(module, target.id, node.value)

    def _define(self, module: str, name: str, node: ast.AST) -> None:
        self.definitions[f"{module}.{name}"] = (module, node)
        self.meanings[module][name] = f"{module}.{name}"

    def meaning(self, module: str, node: ast.AST) -> str | None:
        """Give the full name of what an expression names in a module."""
        if isinstance(node, ast.Name):
            return self.meanings[module].get(node.id)
        if isinstance(node, ast.Attribute) and (owner := self.meaning(module, node.value)):
            return f"{owner}.{node.attr}"
        return None


class Refusals:
    def __init__(self, source: Source) -> None:
        self._source = source

    def of_function(self, name: str) -> set[Refusal]:
        """List the refusals with which a function may end, by its full name."""
        found: set[Refusal] = set()
        seen, waiting = {name}, [name]
        while waiting:
            made, named = self._looks.get(waiting.pop(), (set(), set()))
            found |= made
            fresh = {each for each in named - seen if not each.startswith(NOT_FOLLOWED)}
            seen |= fresh
            waiting += fresh
        return found

    @cached_property
    def _looks(self) -> dict[str, tuple[set[Refusal], set[str]]]:
        looks = {name: self._look_at(name) for name in self._source.definitions if not self._is_refusal(name)}
        for name, (_, node) in self._source.definitions.items():
            if isinstance(node, ast.ClassDef) and name in looks:
                looks[name][1].update(f"{name}.{each}" for each in ("__init__", "__enter__", "__call__"))
        return looks

    def _look_at(self, name: str) -> tuple[set[Refusal], set[str]]:
        """Find what a definition makes itself, and what it names."""
        module, definition = self._source.definitions[name]
        made: set[Refusal] = set()
        named: set[str] = set()
        for node in _walk(definition):
            meaning = self._source.meaning(module, node.func if isinstance(node, ast.Call) else node)
            if meaning is None or meaning == name:
                continue
            if not self._is_refusal(meaning):
                named.add(meaning)
            elif isinstance(node, ast.Call):
                made |= self._made(meaning, node.args)
            elif getattr(node, "is_raised", False):
                made |= self._made(meaning, [])
        return made, named

    def _is_refusal(self, name: str) -> bool:
        if name == APP_ERROR:
            return True
        module, node = self._source.definitions.get(name, ("", None))
        return isinstance(node, ast.ClassDef) and any(self._is_refusal(base) for base in self._bases(module, node))

    def _bases(self, module: str, node: ast.ClassDef) -> list[str]:
        return [base for each in node.bases if (base := self._source.meaning(module, each))]

    def _made(self, name: str, arguments: Sequence[ast.expr]) -> set[Refusal]:
        """Find code and status of a refusal: they go up, class by class, to the arguments of `AppError`."""
        if name == APP_ERROR:
            values: list[Any] = [getattr(each, "value", None) for each in arguments]
            code, status = [*values, None, None][:2]
            return {(status, code)} if isinstance(code, str) and isinstance(status, int) else set()
        module, node = self._source.definitions[name]
        if not isinstance(node, ast.ClassDef):
            return set()
        base = next(each for each in self._bases(module, node) if self._is_refusal(each))
        functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        made_by = next((each for each in functions if each.name == "__init__"), None)
        if made_by is None:
            return self._made(base, arguments)
        given = dict(zip([each.arg for each in made_by.args.args][1:], arguments, strict=False))
        for call in ast.walk(made_by):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                handed = [given.get(each.id, each) if isinstance(each, ast.Name) else each for each in call.args]
                return self._made(base, handed)
        return set()


def _walk(definition: ast.AST) -> Iterator[ast.AST]:
    """Go through what a definition does. The types of arguments, of `except` and of `isinstance` are not done."""
    waiting: list[ast.AST] = [definition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            waiting += [*node.body, *node.decorator_list]
            continue
        if isinstance(node, ast.ExceptHandler):
            waiting += node.body
            continue
        if isinstance(node, ast.AnnAssign):
            waiting += [node.value] if node.value else []
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            node.exc.is_raised = True  # type: ignore[attr-defined]
        yield node
        if isinstance(node, ast.Call):  # its name is told with the call
            waiting += [*node.args, *(each.value for each in node.keywords), *ast.iter_child_nodes(node.func)]
        else:
            waiting += ast.iter_child_nodes(node)
