"""Slash commands, buttons, selects and modals: what people do, and what the application answers.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from dataclasses import dataclass, field, replace

from .errors import ApiError, invalid_form, unknown_message
from .flags import SENDABLE_FLAGS, InteractionKind, MessageFlag, MessageKind
from .forms import Draft, Upload, read_changes, read_draft
from .gateway.events import interaction_created
from .guests import check_follow_ups
from .ids import Snowflake
from .mentions import USER_MENTIONS
from .menus import check_choices
from .modals import check_modal
from .model import ChannelState, InteractionMark, Message, Payload, User
from .posting import Posting
from .realm import Realm
from .render_interaction import interaction_payload

PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
_COMPONENT_ANSWERS = frozenset({DEFERRED_UPDATE, UPDATE})
_TOKEN_SECONDS = 15 * 60.0
_ANSWER_FLAGS = SENDABLE_FLAGS | MessageFlag.EPHEMERAL


@dataclass(slots=True, kw_only=True)
class InteractionState:
    """Be one interaction with all that was answered to it."""

    id: Snowflake
    token: str
    kind: InteractionKind
    user: User
    channel: ChannelState
    data: Payload
    created_at: float
    source: Message | None = None
    answered_with: int | None = None
    original_id: Snowflake | None = None
    message_ids: list[Snowflake] = field(default_factory=list)
    modal: Payload | None = None
    choices: list[Payload] = field(default_factory=list)


class Interactions:
    """Start interactions and take the application's answers to them."""

    def __init__(self, realm: Realm, posting: Posting, *, deadline: float) -> None:
        self._realm = realm
        self._posting = posting
        self._deadline = deadline
        self._by_id: dict[Snowflake, InteractionState] = {}
        self._private: dict[Snowflake, Message] = {}

    def start(
        self,
        user: User,
        channel: ChannelState,
        kind: InteractionKind,
        data: Payload,
        *,
        source: Message | None = None,
    ) -> InteractionState:
        """Let somebody use a command or a component, and dispatch that."""
        state = InteractionState(
            id=self._realm.ids.snowflake(),
            token=self._realm.ids.token(),
            kind=kind,
            user=user,
            channel=channel,
            data=data,
            created_at=self._realm.clock(),
            source=source,
        )
        self._by_id[state.id] = state
        payload = interaction_payload(self._realm.world, state, self._realm.enabled_intents)
        self._realm.tell(interaction_created(payload, channel.guild_id))
        return state

    def message(self, state: InteractionState, message_id: Snowflake) -> Message | None:
        """Give one of an interaction's messages as it stands now, also one that only its user sees."""
        return self._private.get(message_id) or state.channel.messages.get(message_id)

    def private_message(self, message_id: Snowflake) -> Message | None:
        """Give a message that only one person sees."""
        return self._private.get(message_id)

    def answer(
        self, interaction_id: Snowflake, token: str, form: Payload, uploads: tuple[Upload, ...]
    ) -> InteractionState:
        """Take the first answer to an interaction.

        Raises:
            ApiError: 10062 when it is unknown or too late, 40060 when it was answered already, 50035.
        """
        state = self._by_id.get(interaction_id)
        is_late = state is not None and self._realm.clock() - state.created_at > self._deadline
        if state is None or state.token != token or (is_late and state.answered_with is None):
            raise ApiError(404, 10062, "Unknown interaction")
        if state.answered_with is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        kind = form.get("type")
        self._check_kind(state, kind)
        self._take(state, int(kind or 0), form.get("data") or {}, uploads)
        state.answered_with = kind
        self._realm.bell.ring()
        return state

    def by_token(self, token: str) -> InteractionState:
        """Give the interaction whose token is a webhook's.

        Raises:
            ApiError: 50027 when the token is wrong or older than fifteen minutes, 10015 before the answer.
        """
        for state in self._by_id.values():
            if state.token == token and self._realm.clock() - state.created_at <= _TOKEN_SECONDS:
                if state.answered_with is None:
                    raise ApiError(404, 10015, "Unknown Webhook")
                return state
        raise ApiError(401, 50027, "Invalid Webhook Token")

    def follow_up(self, state: InteractionState, form: Payload, uploads: tuple[Upload, ...]) -> Message:
        """Post a further message; the first after a deferral takes the place of "is thinking...".

        Raises:
            ApiError: 50006 or 50035, and 40094 where the bot is a guest and has sent enough.
        """
        original = None if state.original_id is None else self.message(state, state.original_id)
        if original is not None and original.is_loading:
            return self.edit(original, form, uploads)
        draft = read_draft(form, uploads, flags=_ANSWER_FLAGS)
        sent = sum(message_id != state.original_id for message_id in state.message_ids)
        check_follow_ups(self._realm.world, state.channel, sent)
        return self._post(state, draft, is_original=False)

    def find(self, state: InteractionState, name: str) -> Message:
        """Give one of an interaction's messages by its id or by ``@original``.

        Raises:
            ApiError: 10008, Unknown Message.
        """
        wanted = state.original_id
        if name != "@original":
            wanted = Snowflake(int(name)) if name.isdecimal() else None
        message = None if wanted is None else self.message(state, wanted)
        if message is None:
            raise unknown_message()
        return message

    def edit(
        self,
        message: Message,
        form: Payload,
        uploads: tuple[Upload, ...],
    ) -> Message:
        """Edit one of an interaction's messages.

        Raises:
            ApiError: 50006 or 50035.
        """
        changes = read_changes(form, uploads, message=message)
        changes = replace(changes, allowed=changes.allowed or USER_MENTIONS)
        edited = self._posting.revise(message, changes)
        if message.is_loading:
            edited = self._posting.notify(edited)
        self._put(edited)
        return edited

    def delete(self, message: Message) -> None:
        """Delete one of an interaction's messages."""
        if self._private.pop(message.id, None) is None:
            self._posting.remove(message)
        self._realm.bell.ring()

    def _check_kind(self, state: InteractionState, kind: object) -> None:
        allowed = {PONG, MESSAGE, DEFERRED_MESSAGE}
        if state.kind is InteractionKind.AUTOCOMPLETE:
            allowed = {CHOICES}
        elif state.source is not None:
            allowed |= _COMPONENT_ANSWERS
        if state.kind in {InteractionKind.APPLICATION_COMMAND, InteractionKind.MESSAGE_COMPONENT}:
            allowed.add(MODAL)
        if kind not in allowed:
            text = f"Value must be one of {tuple(sorted(allowed))}."
            raise invalid_form("type", "BASE_TYPE_CHOICES", text)

    def _take(self, state: InteractionState, kind: int, data: Payload, uploads: tuple[Upload, ...]) -> None:
        if kind == MESSAGE:
            self._post(state, read_draft(data, uploads, flags=_ANSWER_FLAGS), is_original=True)
        elif kind == DEFERRED_MESSAGE:
            flags = MessageFlag(int(data.get("flags") or 0)) & MessageFlag.EPHEMERAL
            self._post(state, Draft(flags=flags | MessageFlag.LOADING), is_original=True)
        elif kind in _COMPONENT_ANSWERS and state.source is not None:
            state.original_id = state.source.id
            if kind == UPDATE:
                current = self.message(state, state.source.id) or state.source
                self.edit(current, data, uploads)
        elif kind == MODAL:
            check_modal(data)
            state.modal = data
        elif kind == CHOICES:
            choices = list(data.get("choices") or ())
            check_choices(choices)
            state.choices = choices

    def _post(self, state: InteractionState, draft: Draft, *, is_original: bool) -> Message:
        if draft.is_empty and MessageFlag.LOADING not in draft.flags:
            raise ApiError(400, 50006, "Cannot send an empty message")
        is_command = state.kind is InteractionKind.APPLICATION_COMMAND and is_original
        message = self._posting.compose_answer(
            self._realm.bot,
            state.channel,
            draft,
            mark=InteractionMark(id=state.id, kind=state.kind, user=state.user),
            kind=MessageKind.CHAT_INPUT_COMMAND if is_command else MessageKind.DEFAULT,
        )
        state.message_ids.append(message.id)
        if is_original:
            state.original_id = message.id
        if MessageFlag.EPHEMERAL in message.flags:
            self._private[message.id] = message
            self._realm.bell.ring()
        else:
            self._posting.place(state.channel, message)
        return message

    def _put(self, message: Message) -> None:
        if message.id in self._private:
            self._private[message.id] = message
            self._realm.bell.ring()
        else:
            self._posting.replace(message)
