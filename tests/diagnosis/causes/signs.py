"""The signs that stand in the source of the causes."""

import ast
import inspect
import sys
from collections.abc import Iterator

from core.diagnosis.causes import cause as causes
from core.diagnosis.causes.cause import Cause


def signs(look: ast.AST) -> Iterator[str]:
    """Yield the sign of each piece of evidence in the source of a function; "" where it has none."""
    for node in ast.walk(look):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Evidence":
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            found = [value for value in ast.walk(named.get("sign", node)) if isinstance(value, ast.Constant)]
            yield from (str(value.value) for value in found) if "sign" in named else ("",)


def signs_of(cause: Cause) -> set[str]:
    """Return the signs that may be seen of a cause: in its look, what that calls, and what all that block share."""
    functions = _functions(cause.look.__module__)
    seen: set[str] = set()
    todo = {cause.look.__name__}
    while todo:
        name = todo.pop()
        seen.add(name)
        called = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        todo |= (called & set(functions)) - seen
    shared = signs(_functions(causes.__name__)["_evidence"]) if cause.blocks else ()
    return {sign for name in seen for sign in signs(functions[name])} | set(shared)


def _functions(module: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
