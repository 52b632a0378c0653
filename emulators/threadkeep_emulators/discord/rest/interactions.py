"""Answers to interactions and their follow-ups.

https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints
"""

from threadkeep_emulators.discord.errors import ApiError
from threadkeep_emulators.discord.interactions import InteractionState
from threadkeep_emulators.discord.model import Message, Payload
from threadkeep_emulators.discord.render_interaction import callback_payload
from threadkeep_emulators.discord.render_message import message_payload

from .request import NO_CONTENT, ApiAnswer, ApiRequest


def answer(request: ApiRequest) -> ApiAnswer:
    """Answer an interaction.

    https://discord.com/developers/docs/interactions/receiving-and-responding#create-interaction-response
    """
    interactions = request.desk.interactions
    form = request.form
    state = interactions.answer(request.snowflake("interaction_id"), request.path["token"], form, request.body.uploads)
    if request.query.get("with_response", "").lower() not in {"1", "true"}:
        return NO_CONTENT
    original = None if state.original_id is None else interactions.message(state, state.original_id)
    realm = request.realm
    body = callback_payload(realm.world, state, form["type"], original, realm.enabled_intents)
    return ApiAnswer(body=body)


def follow_up(request: ApiRequest) -> ApiAnswer:
    """Post a further message.

    https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message
    """
    message = request.desk.interactions.follow_up(_state(request), request.form, request.body.uploads)
    return ApiAnswer(body=_render(request, message))


def get_answer(request: ApiRequest) -> ApiAnswer:
    """Give a message of an interaction.

    https://discord.com/developers/docs/interactions/receiving-and-responding#get-original-interaction-response
    """
    return ApiAnswer(body=_render(request, _message(request)))


def edit_answer(request: ApiRequest) -> ApiAnswer:
    """Edit a message of an interaction.

    https://discord.com/developers/docs/interactions/receiving-and-responding#edit-original-interaction-response
    """
    message = request.desk.interactions.edit(_message(request), request.form, request.body.uploads)
    return ApiAnswer(body=_render(request, message))


def delete_answer(request: ApiRequest) -> ApiAnswer:
    """Delete a message of an interaction.

    https://discord.com/developers/docs/interactions/receiving-and-responding#delete-original-interaction-response
    """
    request.desk.interactions.delete(_message(request))
    return NO_CONTENT


def _state(request: ApiRequest) -> InteractionState:
    if request.snowflake("application_id") != request.realm.application.id:
        raise ApiError(404, 10015, "Unknown Webhook")
    return request.desk.interactions.by_token(request.path["token"])


def _message(request: ApiRequest) -> Message:
    return request.desk.interactions.find(_state(request), request.path["message_id"])


def _render(request: ApiRequest, message: Message) -> Payload:
    return message_payload(request.realm.world, message, request.realm.enabled_intents)
