"""``response_url``: the address at which an app answers a click or a command.

https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
"""

import json
from dataclasses import dataclass

from aiohttp import web

from .arguments import Arguments
from .methods.content import read_content
from .problems import SlackError
from .records import Channel, EphemeralMessage, Message, Team
from .wire import Payload
from .world import World


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """Hold one issued address and what it still may do.

    Attributes:
        source: The message that was clicked; None for a command.
    """

    team: Team
    channel: Channel
    user: str
    issued_at: float
    uses: int = 0
    source: Message | None = None


class ResponseUrls:
    """Issue the addresses and serve them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, *, team: Team, channel: Channel, user: str, source: Message | None = None) -> str:
        """Give a new address that answers one interaction of a user."""
        key = self._world.ids.uuid()
        self._issued[key] = ResponseUrl(
            team=team, channel=channel, user=user, issued_at=self._world.clock(), source=source
        )
        return f"{self._world.base_url}/actions/{team.id}/{key}"

    async def handle(self, request: web.Request) -> web.Response:
        """Take one answer of the app."""
        issued = self._issued.get(request.match_info["key"])
        problem = self._problem(issued)
        if issued is None or problem:
            return _refuse(404, problem)
        try:
            self.apply(issued, _decode(await request.text()))
        except SlackError as error:
            return _refuse(400, error.code)
        issued.uses += 1
        return web.Response(text="ok")

    def apply(self, issued: ResponseUrl, answer: Payload) -> None:
        """Do what an answer asks for: replace or delete the clicked message, or post a new one.

        Raises:
            SlackError: As in chat.postMessage.
        """
        if answer.get("delete_original") and issued.source is not None:
            self._delete(issued, issued.source)
            return
        content = read_content(Arguments(answer))
        if content.is_empty:
            raise SlackError("no_text")
        if answer.get("replace_original") and issued.source is not None:
            self._replace(issued, issued.source, content.text or "", content.blocks or [])
            return
        draft = Message(
            channel=issued.channel.id,
            ts="",
            text=content.text or "",
            user=issued.team.bot_user,
            bot_id=issued.team.bot.id,
            app_id=self._world.app.id,
            thread_ts=answer.get("thread_ts"),
            blocks=content.blocks or [],
            attachments=content.attachments or [],
        )
        if answer.get("response_type") == "in_channel":
            self._world.post(issued.team, issued.channel, draft)
        else:
            self._world.post_ephemeral(issued.team, issued.channel, draft, issued.user)

    def apply_ack(self, url: str, answer: Payload) -> None:
        """Do what an app asks for in its acknowledgement of a command."""
        self.apply(self._issued[url.rpartition("/")[2]], answer)

    def _problem(self, issued: ResponseUrl | None) -> str:
        limits = self._world.limits
        if issued is None:
            return "no_service"
        if self._world.clock() - issued.issued_at > limits.response_url_lifetime:
            return "expired_url"
        return "used_url" if issued.uses >= limits.response_url_uses else ""

    def _delete(self, issued: ResponseUrl, source: Message) -> None:
        ephemeral = _find_ephemeral(issued.team, source)
        if ephemeral is not None:
            issued.team.ephemerals.remove(ephemeral)
            self._world.changes.ring()
        elif source.ts in issued.channel.messages:
            self._world.delete(issued.team, source)

    def _replace(self, issued: ResponseUrl, source: Message, text: str, blocks: list[Payload]) -> None:
        def change(message: Message) -> None:
            message.text, message.blocks = text, blocks

        if _find_ephemeral(issued.team, source) is not None:
            self._world.grow(source, change)
        elif source.ts in issued.channel.messages:
            self._world.edit(issued.team, source, change)
        else:
            raise SlackError("message_not_found")


def _find_ephemeral(team: Team, source: Message) -> EphemeralMessage | None:
    return next((shown for shown in team.ephemerals if shown.message is source), None)


def _decode(text: str) -> Payload:
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        raise SlackError("invalid_payload") from None
    if not isinstance(answer, dict):
        raise SlackError("invalid_payload")
    return answer


def _refuse(status: int, code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
