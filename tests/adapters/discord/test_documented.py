"""Every option that the adapter has is explained on its page, with its default."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from threadkeep_discord.settings import DiscordOptions, DiscordSettings, read_settings

PAGE = (Path(__file__).parents[3] / "docs" / "discord.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("\n## Every option\n")[2].partition("\n## ")[0]
TOKEN = "MTE4MDAwMDAwMDAwMDAwMDAw.GabcdE.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


class Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        if name == "DISCORD_TOKEN":
            return TOKEN
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def rows():
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.splitlines() if line.startswith("|")]
    return cells[2:]


def test_every_variable_is_explained():
    asked = Asked()
    assert read_settings(asked) is not None
    assert set(re.findall(r"DISCORD_[A-Z_]+", "\n".join(row[0] for row in rows()))) == asked.names


def test_every_argument_is_explained():
    named = {row[1].strip("`") for row in rows()}
    assert named == {"token", "allowed_mentions", *get_type_hints(DiscordOptions)}


def test_the_defaults_are_those_of_the_code():
    told = {row[1].strip("`"): row[2].strip("`") for row in rows() if row[1] != "`rules`"}
    words = {True: "1", False: "0"}
    for field in fields(DiscordSettings):
        if field.name in told and isinstance(field.default, bool | int | str):
            assert told[field.name] == words.get(field.default, str(field.default)), field.name


def test_every_refusal_of_the_start_is_found_by_its_words():
    symptoms = PAGE.partition("## Troubleshooting by symptom")[2]
    for words in ("does not accept the bot token", "refuses an intent", "the conversations of another Discord bot"):
        assert f"*{words}*" in symptoms
