"""Where interactions come in and are answered."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import discord
import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.commands import Command
from threadkeep.chat.events import ActionPressed, Event, MessageReceived, StopRequested
from threadkeep.errors import PlatformError, PlatformUnavailableError
from threadkeep_discord.interactions.answers import REFUSED, UNUSED, Answer, answer_to, whisper_body, whispered
from threadkeep_discord.interactions.calls import MODAL, InteractionCalls, is_answered, is_not_answered, is_over
from threadkeep_discord.interactions.completing import completion_of
from threadkeep_discord.interactions.components import modal_of
from threadkeep_discord.interactions.events import meaning_of, opens_form, read_command, read_press
from threadkeep_discord.interactions.notes import InteractionNotes
from threadkeep_discord.interactions.payloads import Interaction, Kind, read_interaction
from threadkeep_discord.refusals import calling

_log = structlog.get_logger(__name__)

_ATTEMPTS: Final = 3
_PAUSE: Final = 0.3
_CLOSE_SECONDS: Final = 3.0
_QUIETLY: Final = frozenset({"help"})


class InteractionDesk:
    """Read interactions, and answer them when the store has what they tell.

    The store takes every event first: what it cannot take is answered late or not at all, and Discord says so to the
    person. Nothing here waits for an answer of Discord before the next event is read.

    Args:
        calls: Sends answers.
        notes: Keeps tokens and forms.
        commands: The bot's commands; None where slash commands are none of ours.
    """

    def __init__(self, calls: InteractionCalls, notes: InteractionNotes, commands: Sequence[Command] | None) -> None:
        self._calls = calls
        self._notes = notes
        self._names = None if commands is None else frozenset(command.name for command in commands)
        self._suggestions = {command.name: command.suggest for command in commands or ()}
        self._private = frozenset(command.name for command in commands or () if command.is_private) | _QUIETLY
        self._waiting: dict[int, tuple[Interaction, Event | None]] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    async def read(self, payload: Any, *, is_refused: bool = False) -> tuple[Event, ...]:
        """Translate an interaction; one that is refused tells nothing, and the person is told so."""
        interaction = read_interaction(payload)
        if interaction is None or (interaction.kind is Kind.COMMAND and self._names is None):
            return ()
        if is_refused:
            return self._refuse(interaction)
        if interaction.kind is Kind.COMMAND:
            event = read_command(interaction, private=self._private, own=self._names or ())
        else:
            event = None if interaction.kind is Kind.COMPLETION else read_press(interaction)
        # Whoever answers may do so at once, in any process.
        if isinstance(event, MessageReceived):
            await self._notes.remember(interaction)
        elif isinstance(event, ActionPressed):
            await self._notes.remember_press(interaction)
        self._waiting[interaction.id] = (interaction, event)
        return () if event is None else (event,)

    def _refuse(self, interaction: Interaction) -> tuple[Event, ...]:
        if interaction.kind is not Kind.COMPLETION:
            self._begin(self._respond(interaction, whispered(REFUSED)), interaction)
        return ()

    def taken(self, payload: Any, acceptances: Sequence[Acceptance]) -> None:
        """Answer an interaction, now that the store has taken what it tells, if it tells anything."""
        interaction, event = self._waiting.pop(int(payload["id"]), (None, None))
        if interaction is None or (event is not None and not acceptances):
            return
        if event is None:
            self._begin(self._answer_without_event(interaction), interaction)
        else:
            self._begin(self._respond(interaction, answer_to(interaction, event, acceptances[0])), interaction)

    async def whisper(self, channel_id: int, user_id: int, text: str) -> bool:
        """Tell somebody something under what they pressed; give False if it is too late for that.

        Raises:
            PlatformError: Discord cannot be reached, or refuses.
        """
        open_ones = (one for one, event in self._waiting.values() if isinstance(event, ActionPressed | StopRequested))
        mine = [one for one in open_ones if (one.channel_id, one.user_id) == (channel_id, user_id)]
        if mine:
            # What they did is not answered yet: this is its answer.
            del self._waiting[mine[-1].id]
            return await self._respond(mine[-1], whispered(text))
        token = await self._notes.recall_press(channel_id, user_id)
        if token is None:
            return False
        for _ in range(_ATTEMPTS):
            async with calling("answer somebody who pressed a button"):
                try:
                    await self._calls.follow_up(token.token, whisper_body(text))
                except discord.HTTPException as error:
                    if is_over(error):
                        return False
                    if not is_not_answered(error):
                        raise
                else:
                    return True
            await asyncio.sleep(_PAUSE)
        return False

    async def aclose(self) -> None:
        """Let answers that are on their way arrive, for some seconds at most."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _begin(self, answering: Coroutine[Any, Any, object], interaction: Interaction) -> None:
        task: asyncio.Task[object] = asyncio.create_task(answering, name=f"threadkeep discord answer {interaction.id}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("discord_answer_failed", exc_info=error)

    async def _answer_without_event(self, interaction: Interaction) -> None:
        if interaction.kind is Kind.COMPLETION:
            await self._respond(interaction, await completion_of(interaction, self._suggestions))
            return
        meaning = meaning_of(interaction)
        form = await self._notes.form(meaning.form) if meaning is not None and opens_form(interaction) else None
        if form is None:
            await self._respond(interaction, whispered(UNUSED))
        else:
            modal = modal_of(form, interaction.data.get("custom_id", ""))
            await self._respond(interaction, Answer(kind=MODAL, data=modal))

    async def _respond(self, interaction: Interaction, answer: Answer) -> bool:
        try:
            return await self._respond_once_or_again(interaction, answer)
        except PlatformError as error:
            _log.warning("discord_interaction_not_answered", interaction=interaction.id, reason=str(error))
        await self._notes.forget(interaction.id)
        return False

    async def _respond_once_or_again(self, interaction: Interaction, answer: Answer) -> bool:
        """Give the first answer; where it is not known whether Discord has it, once more."""
        try:
            return await self._call(interaction, answer)
        except PlatformUnavailableError:
            return await self._call(interaction, answer)

    async def _call(self, interaction: Interaction, answer: Answer) -> bool:
        async with calling("answer an interaction"):
            try:
                await self._calls.respond(interaction.id, interaction.token, answer.kind, answer.data)
            except discord.HTTPException as error:
                # Discord tells of an interaction again to who resumes a session: it may have its answer.
                if not is_answered(error):
                    raise
        return True
