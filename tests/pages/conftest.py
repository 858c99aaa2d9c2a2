"""Pages run through the router with a store of their own and no trainers."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import lab as lab_module
from core.ui.data import tables

ROUTER = Path(__file__).parents[2] / "core" / "ui" / "router.py"
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    import streamlit as st

    monkeypatch.setenv("LOSSLAB_DATA", str(tmp_path))
    lab_module._lab.cache_clear()
    st.cache_resource.clear()
    tables.TABLES.clear()
    yield lab_module.get_lab()
    lab_module.get_lab().store.close()
    lab_module._lab.cache_clear()


@pytest.fixture
def app(lab):
    return AppTest.from_file(str(ROUTER), default_timeout=60)


@pytest.fixture
def page(app):
    def go(name):
        app.run()
        return app.switch_page(f"../../pages/{name}.py").run()

    return go
