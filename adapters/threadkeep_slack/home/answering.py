"""What the setting of a channel means for a message in it. Pure functions."""

from threadkeep.chat.events import Addressing
from threadkeep_slack.home.notes import AnswerWhen
from threadkeep_slack.inbound.payloads import SlackMessage
from threadkeep_slack.text.markup import leading_mention


def addressed_in(
    addressing: Addressing | None, message: SlackMessage, kind: str, when: AnswerWhen
) -> Addressing | None:
    """Tell to whom a message is said; None for talk that does not concern the bot.

    Args:
        addressing: To whom it is said where nothing is set up.
        message: The message.
        kind: The kind of its conversation; settings are for channels.
        when: When the bot answers there.
    """
    if kind in {"im", "mpim"} or addressing in {Addressing.BOT, Addressing.OTHERS}:
        return addressing
    match when:
        case AnswerWhen.MENTIONED:
            return Addressing.OTHERS if addressing is Addressing.THREAD else addressing
        case AnswerWhen.ALWAYS:
            # At the top of the channel, too, what begins with somebody else's name is said to them.
            return addressing if leading_mention(message.text or "") else Addressing.BOT
        case AnswerWhen.FOLLOWED:
            return addressing
