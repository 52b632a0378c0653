"""An interaction as the person who started it sees it."""

from collections.abc import Callable, Coroutine

from .interactions import Interactions, InteractionState
from .model import Message, Payload
from .realm import Realm


class Interaction:
    """See what the application answered to a click or a command."""

    def __init__(self, realm: Realm, interactions: Interactions, state: InteractionState) -> None:
        self._realm = realm
        self._interactions = interactions
        self.state = state

    @property
    def is_answered(self) -> bool:
        """Say whether the application acknowledged it."""
        return self.state.answered_with is not None

    @property
    def original(self) -> Message | None:
        """Give the first answer as it stands now, also one that only this person sees."""
        original_id = self.state.original_id
        return None if original_id is None else self._interactions.message(self.state, original_id)

    @property
    def messages(self) -> list[Message]:
        """Give all answers as they stand now, oldest first."""
        found = (self._interactions.message(self.state, one) for one in self.state.message_ids)
        return [message for message in found if message is not None]

    @property
    def modal(self) -> Payload | None:
        """Give the modal that was shown."""
        return self.state.modal

    @property
    def choices(self) -> dict[str, str]:
        """Give the completions that were offered: what they send, by what people read."""
        return {str(choice["name"]): str(choice["value"]) for choice in self.state.choices}

    def wait_answered(self, *, timeout: float = 15.0) -> Coroutine[None, None, bool]:
        """Wait until the application acknowledged it in any way.

        Raises:
            NotSeenError: The time is up.
        """
        return self._realm.bell.wait_for(lambda: self.is_answered or None, within=timeout, describe=self._describe)

    def wait_for(
        self,
        until: Callable[[Message], object] = lambda message: not message.is_loading,
        *,
        timeout: float = 15.0,
    ) -> Coroutine[None, None, Message]:
        """Wait until one of the answers, or the message that was clicked, is as it is waited for.

        Raises:
            NotSeenError: The time is up.
        """

        def look() -> Message | None:
            candidates = [*self.messages, *filter(None, [self.original])]
            return next((message for message in candidates if until(message)), None)

        return self._realm.bell.wait_for(look, within=timeout, describe=self._describe)

    def _describe(self) -> str:
        state = self.state
        texts = [message.text for message in self.messages]
        return f"{state.kind.name} {state.data}: answered with {state.answered_with}, messages {texts}"
