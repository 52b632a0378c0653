"""What an operator sets, in the environment or in a file."""

import os
from pathlib import Path

import pytest

from threadkeep import ConfigError
from threadkeep.settings import load_settings

NAMES = (
    "REDIS_URL",
    "THREADKEEP_DB",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "THREADKEEP_MAX_CONCURRENT_RUNS",
    "THREADKEEP_GRACE_SECONDS",
    "THREADKEEP_HEALTH",
    "OPENAI_API_KEY",
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working folder without settings; what a file sets ends with the test."""
    for name in NAMES:
        monkeypatch.setenv(name, "kept for the end of the test")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_must_be_set():
    settings = load_settings()
    assert settings.redis_url is None
    assert settings.database == Path("threadkeep.db")
    assert (settings.log_level, settings.log_format) == ("info", "text")
    assert settings.max_concurrent_runs is None, "the bot file decides"
    assert settings.grace_seconds is None, "the bot file decides"
    assert settings.health is None


def test_each_variable_is_read(monkeypatch):
    values = ("redis://localhost/1", "talks.db", "WARNING", "Json", "7", "2.5", "127.0.0.1:8080")
    for name, value in zip(NAMES, values, strict=False):
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "redis://localhost/1"
    assert settings.database == Path("talks.db")
    assert (settings.log_level, settings.log_format) == ("warning", "json")
    assert (settings.max_concurrent_runs, settings.grace_seconds) == (7, 2.5)
    assert settings.health == "127.0.0.1:8080"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    unset = load_settings()
    for name in NAMES:
        monkeypatch.setenv(name, "")
    assert load_settings() == unset


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("THREADKEEP_MAX_CONCURRENT_RUNS", "0"),
        ("THREADKEEP_MAX_CONCURRENT_RUNS", "many"),
        ("THREADKEEP_GRACE_SECONDS", "-1"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"These settings are wrong: {name}: "):
        load_settings()


def test_two_wrong_values_are_told_at_once(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("THREADKEEP_GRACE_SECONDS", "soon")
    with pytest.raises(ConfigError, match=r"LOG_LEVEL: .+; THREADKEEP_GRACE_SECONDS: "):
        load_settings()


def test_a_dotenv_file_is_read_also_from_a_folder_above(folder, monkeypatch):
    (folder / ".env").write_text("THREADKEEP_GRACE_SECONDS=3\nOPENAI_API_KEY=sk-from-the-file\n", encoding="utf-8")
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    assert load_settings().grace_seconds == 3
    assert os.environ["OPENAI_API_KEY"] == "sk-from-the-file", "adapters and models read the environment"


def test_what_is_set_already_wins_over_the_file(folder, monkeypatch):
    (folder / ".env").write_text("THREADKEEP_DB=file.db\n", encoding="utf-8")
    monkeypatch.setenv("THREADKEEP_DB", "set.db")
    assert load_settings().database == Path("set.db")


def test_a_file_that_is_no_text_is_named(folder):
    (folder / ".env").write_bytes(b"NAME=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load_settings()


def test_a_password_is_not_shown(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@localhost/0")
    assert "hunter2" not in repr(load_settings())
