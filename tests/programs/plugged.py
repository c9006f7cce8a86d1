"""Tells which functions stand in lists and tables once the applications that are named have been made, as JSON."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from powerbank import create_app


def main() -> None:
    for application in sys.argv[1:]:
        app = create_app(routes=application == "web")
    found = {f"extensions.{name}": described(value) for name, value in app.extensions.items()}
    for name, module in [*sys.modules.items()]:
        if name.startswith("powerbank."):
            for attribute, value in vars(module).items():
                if isinstance(value, (dict, list)) and not attribute.startswith("__") and holds_functions(value):
                    found[f"{name}.{attribute}"] = described(value)
    print(json.dumps(found))


def holds_functions(value: Any) -> bool:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return any(holds_functions(getattr(value, each.name)) for each in dataclasses.fields(value))
    if isinstance(value, (dict, list, tuple)):
        return any(map(holds_functions, value.values() if isinstance(value, dict) else value))
    return callable(value)


def described(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [described(getattr(value, each.name)) for each in dataclasses.fields(value)]
    if isinstance(value, dict):
        return sorted(([str(key), described(each)] for key, each in value.items()), key=str)
    if isinstance(value, (list, tuple)):
        return [described(each) for each in value]
    if hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    return type(value).__qualname__


if __name__ == "__main__":
    main()
