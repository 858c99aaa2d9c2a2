"""Uploads that no page takes: bounded for a session and for all of them, the oldest go first."""

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core.ui import unclaimed
from core.ui.unclaimed import MOST_FILES, Unclaimed


@pytest.fixture
def manager(monkeypatch):
    kept = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(unclaimed, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=kept))
    return kept


@pytest.fixture
def upload(manager):
    """Upload so many bytes, as a browser or something else does it."""

    async def take(request):
        session, file = request.path_params["session"], request.path_params["file"]
        manager.add_file(session, UploadedFileRec(file, "t.csv", "text/csv", await request.body()))
        return Response(status_code=204)

    path = "/base/_stcore/upload_file/{session}/{file}"
    app = Starlette(routes=[Route(path, take, methods=["PUT"])], middleware=[Middleware(Unclaimed)])
    client = TestClient(app)

    def put(session, file, size=10):
        assert client.put(f"/base/_stcore/upload_file/{session}/{file}", content=b"x" * size).status_code == 204

    return put


def kept(manager):
    return {session: list(files) for session, files in manager.file_storage.items() if files}


def test_a_session_keeps_the_files_it_has_sent_last(upload, manager):
    for number in range(20):
        upload("mine", f"file {number}")
    upload("yours", "one")
    assert kept(manager) == {"mine": ["file 18", "file 19"], "yours": ["one"]}
    assert MOST_FILES == 2


def test_all_sessions_together_keep_so_many_bytes_and_always_the_newest(upload, manager, monkeypatch):
    monkeypatch.setattr(unclaimed, "MOST_BYTES", 100)
    for number in range(5):
        upload(f"session {number}", "file", 30)
    assert kept(manager) == {f"session {number}": ["file"] for number in (2, 3, 4)}
    upload("session 5", "file", 1000)
    assert kept(manager) == {"session 5": ["file"]}


def test_what_a_page_has_taken_does_not_count(upload, manager):
    upload("mine", "first")
    upload("mine", "second")
    manager.remove_file("mine", "second")
    upload("mine", "third")
    assert kept(manager) == {"mine": ["first", "third"]}


def test_the_same_file_once_more_is_one(upload, manager):
    upload("mine", "first")
    upload("mine", "second")
    upload("mine", "first")
    assert kept(manager) == {"mine": ["first", "second"]}
