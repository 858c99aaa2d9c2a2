from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.data.prepare.prepared import Prepared, prepare
from core.data.source import load_table
from core.spec import load_spec


@pytest.fixture
def prepared() -> Callable[..., Prepared]:
    """Prepare inline columns (or a source) with changes given by path: ``preprocessing={"scaling": "none"}``."""

    def build(source: Any, target: Any = "y", data: Mapping[str, Any] | None = None, **sections: Any) -> Prepared:
        if isinstance(source, Mapping):
            source = {"columns": source}
        spec = {"data": {"source": source, "target": target, **(data or {})}, **sections}
        run = load_spec(spec).runs()[0]
        return prepare(run, load_table(run.data, run.base))

    return build
