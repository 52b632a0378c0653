"""What an operator sets: environment variables, and a ``.env`` file beside the bot."""

from pathlib import Path
from typing import Literal

from dotenv import find_dotenv, load_dotenv
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from threadkeep.errors import ConfigError

LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """The settings of a process that runs bots; the tokens of the platforms are read by their adapters.

    Attributes:
        redis_url: ``REDIS_URL``: ``redis://``, ``rediss://`` or ``unix://``. Without it the embedded file is used.
        database: ``THREADKEEP_DB``: the embedded file.
        log_level: ``LOG_LEVEL``.
        log_format: ``LOG_FORMAT``: ``text`` for people, ``json`` for collectors.
        max_concurrent_runs: ``THREADKEEP_MAX_CONCURRENT_RUNS``: how many sessions one process answers at a time.
        grace_seconds: ``THREADKEEP_GRACE_SECONDS``: how long runs may go on after a stop was asked.
    """

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False)

    redis_url: SecretStr | None = None
    database: Path = Field(default=Path("threadkeep.db"), validation_alias="THREADKEEP_DB")
    log_level: LogLevel = "info"
    log_format: Literal["text", "json"] = "text"
    max_concurrent_runs: int = Field(default=50, ge=1, le=10_000, validation_alias="THREADKEEP_MAX_CONCURRENT_RUNS")
    grace_seconds: float = Field(default=20.0, ge=0, le=3600, validation_alias="THREADKEEP_GRACE_SECONDS")


def load_settings() -> Settings:
    """Read ``.env`` of the working directory or above into the environment, then the settings.

    Variables that are set already win over the file.

    Raises:
        ConfigError: A value is wrong; the message names the variable.
    """
    load_dotenv(find_dotenv(usecwd=True), override=False)
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"These settings are wrong: {wrong}") from None
