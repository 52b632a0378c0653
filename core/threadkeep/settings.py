"""What an operator sets: environment variables, and a ``.env`` file beside the bot."""

from pathlib import Path
from typing import Annotated, Literal

from dotenv import find_dotenv, load_dotenv
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from threadkeep.errors import ConfigError

LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(str.lower)]


class Settings(BaseSettings):
    """The settings of a process that runs bots; the tokens of the platforms are read by their adapters.

    A variable that is empty counts as not set.

    Attributes:
        redis_url: ``REDIS_URL``: ``redis://``, ``rediss://`` or ``unix://``. Without it the embedded file is used.
        database: ``THREADKEEP_DB``: the embedded file.
        log_level: ``LOG_LEVEL``.
        log_format: ``LOG_FORMAT``: ``text`` for people, ``json`` for collectors.
        max_concurrent_runs: ``THREADKEEP_MAX_CONCURRENT_RUNS``: how many sessions one process answers at a time; None
            leaves it to the bot file.
        grace_seconds: ``THREADKEEP_GRACE_SECONDS``: how long runs may go on after a stop was asked; None leaves it to
            the bot file.
        prices: ``THREADKEEP_PRICES``: a JSON file with what models cost; None leaves it to the bot file.
        health: ``THREADKEEP_HEALTH``: where health is served, as ``host:port``; None for nowhere.
    """

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=False, env_ignore_empty=True)

    redis_url: SecretStr | None = None
    database: Path = Field(default=Path("threadkeep.db"), validation_alias="THREADKEEP_DB")
    log_level: LogLevel = "info"
    log_format: LogFormat = "text"
    max_concurrent_runs: int | None = Field(
        default=None, ge=1, le=10_000, validation_alias="THREADKEEP_MAX_CONCURRENT_RUNS"
    )
    grace_seconds: float | None = Field(default=None, ge=0, le=3600, validation_alias="THREADKEEP_GRACE_SECONDS")
    prices: Path | None = Field(default=None, validation_alias="THREADKEEP_PRICES")
    health: str | None = Field(default=None, validation_alias="THREADKEEP_HEALTH")


def load_settings() -> Settings:
    """Read ``.env`` of the working directory or above into the environment, then the settings.

    Variables that are set already win over the file.

    Raises:
        ConfigError: A value is wrong, and the message names the variable; or the file cannot be read.
    """
    file = find_dotenv(usecwd=True)
    try:
        load_dotenv(file, override=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as a text in UTF-8: {error}") from error
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"These settings are wrong: {wrong}") from None
