"""The life of one gateway connection: log in, connect, stay connected, close."""

import asyncio
from collections.abc import Callable

import discord
import structlog

from threadkeep.errors import PlatformError, PlatformUnavailableError
from threadkeep_discord.client import GatewayClient, Listeners
from threadkeep_discord.refusals import calling, gateway_refusal
from threadkeep_discord.settings import DiscordSettings

_log = structlog.get_logger(__name__)

_FIRST_DELAY = 1.0
_LONGEST_DELAY = 60.0
_CLOSE_SECONDS = 5.0


class GatewayConnection:
    """Own one client of discord.py and the task in which it listens.

    discord.py reconnects and resumes by itself. What it gives up on ends here, with a reason.

    Args:
        settings: Which bot, and where.
        allowed_mentions: Whom messages may ping.
        on_message: Called synchronously with each message, in the order of the gateway.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        *,
        allowed_mentions: discord.AllowedMentions,
        on_message: Callable[[discord.Message], None],
    ) -> None:
        self._settings = settings
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._is_ready = False
        self._failure: PlatformError | None = None
        self._task: asyncio.Task[None] | None = None
        self.client = GatewayClient(
            listeners=Listeners(on_ready=self._note_ready, on_message=on_message),
            message_content=settings.message_content,
            allowed_mentions=allowed_mentions,
            api_url=settings.api_url,
        )

    async def open(self, *, timeout: float) -> None:  # noqa: ASYNC109 - the limit of several steps, applied here
        """Log in and connect; returns when the gateway has accepted the bot.

        Raises:
            PlatformAuthError: Discord refuses the token or an intent.
            PlatformUnavailableError: It cannot be reached, or not within ``timeout`` seconds.
            PlatformError: It refuses for another reason.
        """
        try:
            async with asyncio.timeout(timeout):
                async with calling("log in"):
                    await self.client.login(self._settings.token.get_secret_value())
                self._task = asyncio.create_task(self._listen(), name="threadkeep discord gateway")
                await self._settled.wait()
        except TimeoutError as error:
            raise PlatformUnavailableError(f"Discord's gateway did not answer within {timeout:g} s") from error
        if self._failure is not None:
            raise self._failure

    async def wait_closed(self) -> None:
        """Return when the connection is closed.

        Raises:
            PlatformError: Discord ended it for good.
        """
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """Close the gateway and the HTTP client. Takes a few seconds at most."""
        # The listening ends first: discord.py's own answer to a socket that closes under it would overtake the code
        # with which the session is ended, and Discord would show the bot as present for minutes.
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.client.close()
        except TimeoutError:
            _log.warning("discord_close_timed_out")
            await self.client.http.close()
        finally:
            self.client.stop_heartbeats()
            self._over.set()

    def _note_ready(self) -> None:
        self._is_ready = True
        self._settled.set()

    async def _listen(self) -> None:
        try:
            await self._listen_until_closed()
        except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired) as error:
            self._failure = gateway_refusal(error)
            _log.error("discord_gateway_ended", reason=str(self._failure))
        except PlatformUnavailableError as error:
            self._failure = error
        finally:
            self._settled.set()
            self._over.set()

    async def _listen_until_closed(self) -> None:
        delay = _FIRST_DELAY
        while not self.client.is_closed():
            self._is_ready = False
            try:
                await self.client.connect()
            except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired):
                raise
            except Exception as error:  # discord.py lets go of errors in frames that it cannot read; they are reported
                if not self._settled.is_set():
                    raise PlatformUnavailableError(
                        f"Discord's gateway cannot be reached ({type(error).__name__})"
                    ) from error
                _log.exception("discord_gateway_failed", retry_in=delay)
                if self._is_ready:
                    delay = _FIRST_DELAY
                await self._drop_socket()
                await asyncio.sleep(delay)
                delay = min(_LONGEST_DELAY, delay * 2)

    async def _drop_socket(self) -> None:
        # discord.py leaves the socket open when it fails, and types it as always there.
        socket: discord.gateway.DiscordWebSocket | None = self.client.ws
        if socket is not None and socket.open:
            await socket.close()
