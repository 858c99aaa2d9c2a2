import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from core import settings
from core.data.csv.file_limits import MAX_BYTES
from core.errors import InputRefused
from core.settings import Settings, load_settings, private_folder


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSLAB_DATA", "/srv/lab")
    monkeypatch.setenv("LOSSLAB_SLOTS", "3")
    settings = load_settings()
    assert (settings.data, settings.slots) == (Path("/srv/lab"), 3)
    assert settings.database_url == "sqlite:////srv/lab/lab.db"


def test_a_bad_value_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSLAB_SLOTS", "many")
    with pytest.raises(InputRefused, match=r"LOSSLAB_SLOTS: the value is refused; allowed: a valid integer"):
        load_settings()


def test_a_relative_database_is_made_absolute_for_trainers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(db_url="sqlite:///my.db").database_url == f"sqlite:///{tmp_path}/my.db"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputRefused, match="LOSSLAB_DATA: taken cannot be used"):
        private_folder(tmp_path / "taken")


def test_others_may_not_look_into_the_data_folder(tmp_path: Path) -> None:
    private_folder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_the_database_url_is_not_shown() -> None:
    assert "secret" not in repr(Settings(db_url="postgresql://me:secret@host/lab"))


def test_the_server_itself_refuses_an_upload_above_the_limit() -> None:
    config = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text())
    assert 0 < config["server"]["maxUploadSize"] <= Settings().max_upload_mb


def test_no_larger_upload_can_be_allowed_than_is_read() -> None:
    assert Settings(max_upload_mb=MAX_BYTES // 2**20).max_upload_mb * 2**20 == MAX_BYTES
    with pytest.raises(ValidationError):
        Settings(max_upload_mb=MAX_BYTES // 2**20 + 1)


def granted(monkeypatch: pytest.MonkeyPatch, memory_mb: int, count: int) -> Settings:
    monkeypatch.setattr(settings, "memory_bytes", lambda: memory_mb * 2**20)
    monkeypatch.setattr(settings, "processors", lambda: count)
    return Settings()


def test_trainers_share_what_memory_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    large = granted(monkeypatch, 16_420, 4)
    assert (large.slots, large.trainer_memory_mb) == (4, 4000)
    assert granted(monkeypatch, 16_420, 8).trainer_memory_mb == 2000


def test_there_are_no_more_slots_than_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    small = granted(monkeypatch, 2048, 16)
    assert small.slots == 2
    assert small.slots * small.trainer_memory_mb <= 2048 - 420
    assert granted(monkeypatch, 256, 16).slots == 1


def test_a_trainers_memory_follows_the_slots_that_were_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSLAB_SLOTS", "2")
    assert granted(monkeypatch, 8420, 16).trainer_memory_mb == 4000
    monkeypatch.setenv("LOSSLAB_TRAINER_MEMORY_MB", "1500")
    assert granted(monkeypatch, 8420, 16).trainer_memory_mb == 1500
    monkeypatch.setenv("LOSSLAB_TRAINER_MEMORY_MB", "10")
    with pytest.raises(InputRefused, match="LOSSLAB_TRAINER_MEMORY_MB: the value is refused; allowed: greater than"):
        load_settings()


def test_a_bad_number_of_slots_is_still_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSLAB_SLOTS", "0")
    with pytest.raises(InputRefused, match="LOSSLAB_SLOTS"):
        load_settings()
