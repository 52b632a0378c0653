"""What must be known of interactions and forms in whichever process goes on with them."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from threadkeep.chat.adapter import SharedState
from threadkeep.chat.elements import Button, Elements, Form
from threadkeep.chat.elements_json import elements_from_json, elements_to_json
from threadkeep.errors import StoreError
from threadkeep_discord.interactions.components import form_mark
from threadkeep_discord.interactions.payloads import Interaction
from threadkeep_discord.limits import FORM_SECONDS, TOKEN_SECONDS

_log = structlog.get_logger(__name__)

_MOST_OWN: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What an interaction is answered with.

    Attributes:
        interaction_id: The interaction.
        token: Its token.
    """

    interaction_id: int
    token: str = field(repr=False)


class InteractionNotes:
    """Note the tokens of interactions while they are good, and the forms that buttons open.

    Where the store does not answer, what this process itself noted still counts.

    Args:
        shared: What the processes share; None if there is only this one.
        application_id: The bot's application.
        clock: Seconds that only grow.
    """

    def __init__(
        self, shared: SharedState | None, *, application_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._application_id = application_id
        self._clock = clock
        self._own: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def remember(self, interaction: Interaction) -> None:
        """Note the token of an interaction that is answered later."""
        text = f"{interaction.id}/{interaction.token}"
        await self._write(f"discord-interaction:{interaction.id}", text, seconds=TOKEN_SECONDS)

    async def remember_press(self, interaction: Interaction) -> None:
        """Note the token of a press, to tell the person something in that place."""
        name = self._press_name(interaction.channel_id, interaction.user_id)
        await self._write(name, f"{interaction.id}/{interaction.token}", seconds=TOKEN_SECONDS)

    async def forget(self, interaction_id: int) -> None:
        """Forget the token of an interaction that Discord does not let be answered."""
        await self._write(f"discord-interaction:{interaction_id}", "", seconds=1.0)

    async def recall(self, interaction_id: int) -> Token | None:
        """Give the token of an interaction; None if it has none any more."""
        return _token(await self._read(f"discord-interaction:{interaction_id}"))

    async def recall_press(self, channel_id: int, user_id: int) -> Token | None:
        """Give the token of somebody's last press in a place; None if there is none."""
        return _token(await self._read(self._press_name(channel_id, user_id)))

    async def keep_forms(self, elements: Elements) -> None:
        """Keep the forms that buttons open: nothing but their marks stands in the message."""
        for button in elements:
            if isinstance(button, Button) and button.form is not None:
                name = self._form_name(form_mark(button.form))
                if name not in self._own:
                    text = json.dumps(elements_to_json((button,)))
                    await self._write(name, text, seconds=FORM_SECONDS)

    async def form(self, mark: str) -> Form | None:
        """Give the form with a mark; None if it is not kept any more."""
        text = await self._read(self._form_name(mark))
        if not text:
            return None
        try:
            (button,) = elements_from_json(json.loads(text))
        except (StoreError, ValueError):
            _log.warning("discord_form_unreadable", form=mark)
            return None
        return button.form if isinstance(button, Button) else None

    def _press_name(self, channel_id: int, user_id: int) -> str:
        return f"discord-press:{self._application_id}:{channel_id}:{user_id}"

    def _form_name(self, mark: str) -> str:
        return f"discord-form:{self._application_id}:{mark}"

    async def _write(self, name: str, text: str, *, seconds: float) -> None:
        self._own.pop(name, None)
        self._own[name] = (text, self._clock() + seconds)
        while len(self._own) > _MOST_OWN:
            self._own.popitem(last=False)
        if self._shared is not None:
            try:
                await self._shared.remember(name, text, seconds=seconds)
            except StoreError as error:
                _log.warning("discord_interaction_not_noted", reason=str(error))

    async def _read(self, name: str) -> str:
        text, until = self._own.get(name, ("", 0.0))
        if until > self._clock() or self._shared is None:
            return text if until > self._clock() else ""
        try:
            return await self._shared.recall(name) or ""
        except StoreError as error:
            _log.warning("discord_interaction_not_recalled", reason=str(error))
            return ""


def _token(text: str) -> Token | None:
    interaction_id, slash, token = text.partition("/")
    return Token(interaction_id=int(interaction_id), token=token) if slash else None
