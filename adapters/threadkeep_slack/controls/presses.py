"""What a press, a form or a reaction means: pure functions from Slack's payloads to the core's events."""

from collections.abc import Mapping
from typing import Final, Literal

from threadkeep.chat.events import ActionPressed, FeedbackGiven, Place
from threadkeep.sessions import MessageKey
from threadkeep_slack.controls.forms import Purpose, read_fields
from threadkeep_slack.inbound.control_payloads import ButtonPress, Reaction, Submission
from threadkeep_slack.inbound.events import PLATFORM, user_key
from threadkeep_slack.workspace import Workspace

Rating = Literal[-1, 0, 1]

_THUMBS: Final[Mapping[str, Rating]] = {"+1": 1, "thumbsup": 1, "-1": -1, "thumbsdown": -1}
_RATINGS: Final[Mapping[str, Rating]] = {"1": 1, "-1": -1}


def rating_of(reaction: Reaction) -> Rating | None:
    """Give what a reaction says of an answer; None if it says nothing. A thumb may have any colour."""
    thumb = _THUMBS.get(reaction.reaction.partition("::")[0])
    return 0 if thumb is not None and reaction.type == "reaction_removed" else thumb


def pressed(
    press: ButtonPress, action: str, place: Place, names: Mapping[str, str], *, workspace: Workspace
) -> ActionPressed:
    """Give the press of a button, or the choice of an option.

    Args:
        press: The payload.
        action: The element's action.
        place: The conversation.
        names: Names of people by id, as far as known.
        workspace: The bot's installation.
    """
    element, user = press.actions[0], press.user.id
    return ActionPressed(
        key=_key(place, press.container.message_ts, f"press:{user}:{element.action_ts}"),
        place=place,
        user=user_key(user, workspace),
        speaker=names.get(user) or press.user.name or user,
        action=action,
        value=element.chosen,
        label=element.label,
    )


def submitted(
    submission: Submission, purpose: Purpose, place: Place, names: Mapping[str, str], *, workspace: Workspace
) -> ActionPressed:
    """Give the press of a button whose form was sent. Sent twice, a form is the same press."""
    user = submission.user.id
    return ActionPressed(
        key=_key(place, purpose.message, f"press:{user}:{submission.view.id}"),
        place=place,
        user=user_key(user, workspace),
        speaker=names.get(user) or submission.user.name or user,
        action=purpose.action,
        value=purpose.value,
        label=purpose.label,
        fields=read_fields(submission.view.state.values),
    )


def judged_by_press(press: ButtonPress, place: Place, *, workspace: Workspace) -> FeedbackGiven | None:
    """Give what a feedback button says of an answer; None if its value is none of ours."""
    element, user = press.actions[0], press.user.id
    rating = _RATINGS.get(element.chosen)
    if rating is None:
        return None
    key = _key(place, press.container.message_ts, f"feedback:{user}:{element.action_ts}")
    return FeedbackGiven(key=key, place=place, user=user_key(user, workspace), rating=rating)


def judged_by_reaction(reaction: Reaction, rating: Rating, place: Place, *, workspace: Workspace) -> FeedbackGiven:
    """Give what a reaction says of an answer."""
    key = _key(place, reaction.item.ts, f"feedback:{reaction.user}:{reaction.event_ts}")
    return FeedbackGiven(key=key, place=place, user=user_key(reaction.user, workspace), rating=rating)


def _key(place: Place, message: str, revision: str) -> MessageKey:
    session = place.session
    return MessageKey(
        platform=PLATFORM, workspace=session.workspace, channel=session.channel, message=message, revision=revision
    )
