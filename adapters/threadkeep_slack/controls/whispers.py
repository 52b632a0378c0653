"""What one person alone sees: ephemeral messages, and answers at the address of a command."""

from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from threadkeep.chat.elements import Elements
from threadkeep.errors import PlatformError, PlatformRateLimitError, PlatformUnavailableError
from threadkeep.sessions import SessionKey
from threadkeep_slack.limits import UNKNOWN_RETRY_AFTER
from threadkeep_slack.logs import sdk_logger
from threadkeep_slack.replies.blocks import summary, to_blocks
from threadkeep_slack.text.mentions import neutralise
from threadkeep_slack.web_api import platform_errors

_URL: Final = "response_url"


class Whispers:
    """Shows messages to one person of a conversation. Slack keeps none of them: reloaded, they are gone.

    Args:
        client: The client of the bot.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client: Final = client

    async def post(self, session: SessionKey, user: str, text: str, elements: Elements = ()) -> str:
        """Show a message to somebody in a conversation of which the bot is a member; give Slack's id of it.

        https://docs.slack.dev/reference/methods/chat.postEphemeral/

        Args:
            session: Where.
            user: Slack's id of the person.
            text: What it says, as Markdown.
            elements: What stands under it.

        Raises:
            PlatformError: As ``platform_errors`` says.
        """
        words: dict[str, Any] = {"markdown_text": neutralise(text)}
        if elements:
            words = {"text": summary(text), "blocks": to_blocks(text, elements)}
        with platform_errors("chat.postEphemeral"):
            response = await self._client.chat_postEphemeral(
                channel=session.channel, user=user, thread_ts=session.thread, **words
            )
        return str(response.get("message_ts") or "")

    async def answer(self, url: str, text: str, elements: Elements = ()) -> None:
        """Show a message to who gave a command, at the address that came with it.

        Args:
            url: The address.
            text: What it says, as Markdown.
            elements: What stands under it.

        Raises:
            PlatformRateLimitError: Slack asks to wait.
            PlatformUnavailableError: Slack is not reached, or fails.
            PlatformError: The address is used up or too old.
        """
        webhook = AsyncWebhookClient(url, session=self._client.session, logger=sdk_logger(), retry_handlers=[])
        with platform_errors(_URL):
            response = await webhook.send(
                text=summary(text),
                blocks=to_blocks(text, elements),
                response_type="ephemeral",
                replace_original=False,
            )
        if response.status_code == 429:
            raise PlatformRateLimitError(f"Slack's {_URL} asks to wait", retry_after=UNKNOWN_RETRY_AFTER)
        if response.status_code >= 500:
            raise PlatformUnavailableError(f"Slack's {_URL} answered {response.status_code}")
        if response.status_code != 200:
            raise PlatformError(f"Slack's {_URL} answered {response.status_code}")
