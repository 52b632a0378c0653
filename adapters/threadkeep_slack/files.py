"""Files on Slack: read those that people post, post those that the agent makes.

https://docs.slack.dev/messaging/working-with-files/
"""

import asyncio
from dataclasses import replace
from typing import Final

import structlog
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from threadkeep.chat.download import Downloaded, FileHosts, download
from threadkeep.chat.events import Place
from threadkeep.errors import FileNotReadError, PlatformError, PlatformUnavailableError
from threadkeep.files.limits import too_large
from threadkeep.messages import Attachment, File
from threadkeep_slack.inbound.attachments import to_attachment
from threadkeep_slack.inbound.payloads import SharedFile
from threadkeep_slack.limits import FILE_ATTEMPTS, FILE_RETRY_DELAY, FILE_SECONDS
from threadkeep_slack.text.escaping import escape
from threadkeep_slack.text.mentions import neutralise
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

_SLACK: Final = frozenset({"slack.com", "slack-gov.com"})
_HTML: Final = "text/html"
_CANVAS: Final = "application/vnd.slack-docs"
_ASSETS: Final = b"slack-edge.com"
_HTML_BEGINS: Final = (b"<!doctype html", b"<html")
_GONE: Final = frozenset({"file_deleted", "file_not_found"})
_NOT_ALLOWED: Final = "Slack does not let me read files here"


async def read_file(client: AsyncWebClient, attachment: Attachment, *, most: int) -> File:
    """Read a file that stands in a message.

    The token goes to Slack's file server only, whatever an event or a redirection names.

    Args:
        client: The client of the workspace.
        attachment: The file.
        most: The most bytes to read.

    Raises:
        FileNotReadError: It is too large, gone, outside of Slack, or closed to the bot.
        PlatformError: Slack is not reached or fails.
    """
    if not attachment.url and not attachment.note:
        attachment = await _described(client, attachment)
    if attachment.note:
        raise FileNotReadError(attachment.note)
    if attachment.size > most:
        raise too_large(most)
    answer = await _fetch(client, attachment.url, most=most)
    return File(name=attachment.name, media_type=attachment.media_type, data=_checked(answer, attachment))


async def send_file(client: AsyncWebClient, place: Place, file: File, *, caption: str = "") -> str:
    """Post a file and give Slack's id of it.

    Args:
        client: The client of the workspace.
        place: Where.
        file: The file.
        caption: Plain text that goes with it.

    Raises:
        PlatformError: It could not be posted.
    """
    if not file.data:
        raise PlatformError(f"Slack takes no empty file, and {file.name!r} is empty")
    session = place.session
    with platform_errors("files_upload_v2"):
        response = await client.files_upload_v2(
            filename=file.name,
            title=file.name,
            file=file.data,
            channel=session.channel,
            thread_ts=session.thread,
            initial_comment=_escaped(caption) or None,
        )
    files = response.get("files")
    found = files[0].get("id") if isinstance(files, list) and files and isinstance(files[0], dict) else None
    if not isinstance(found, str):
        raise PlatformError("Slack's files.completeUploadExternal named no file")
    return found


async def _described(client: AsyncWebClient, attachment: Attachment) -> Attachment:
    """Ask what a file is that came without anything but its id, as those of other organisations do."""
    with platform_errors("files.info"):
        try:
            response = await client.files_info(file=attachment.id)
        except SlackApiError as error:
            code = error.response.get("error")
            if code in _GONE:
                raise FileNotReadError("it is not there any more") from error
            if code == "missing_scope":
                _report_scope(attachment)
                raise FileNotReadError(_NOT_ALLOWED) from error
            raise
    try:
        described = to_attachment(SharedFile.model_validate(response.get("file")))
    except ValidationError as error:
        raise PlatformError("Slack's files.info described no file") from error
    if not described.url and not described.note:
        return replace(described, note=_NOT_ALLOWED)
    return described


async def _fetch(client: AsyncWebClient, url: str, *, most: int) -> Downloaded:
    if client.session is None:
        raise PlatformError("the Slack client has no HTTP session to read files with")
    hosts = FileHosts(
        origins=file_origins(client.base_url),
        headers={"Authorization": f"Bearer {client.token}"},
        proxy=client.proxy,
        seconds=FILE_SECONDS,
    )
    for attempt in range(1, FILE_ATTEMPTS):
        try:
            return await download(client.session, url, hosts, most=most)
        except PlatformUnavailableError:
            await asyncio.sleep(FILE_RETRY_DELAY * attempt)
    return await download(client.session, url, hosts, most=most)


def file_origins(api_url: str) -> frozenset[str]:
    """Give where the file server is that belongs to a Web API: of another host than Slack's, the host itself."""
    api = URL(api_url)
    if api.scheme == "https" and api.host in _SLACK:
        return frozenset({f"https://files.{api.host}"})
    return frozenset({str(api.origin())})


def _checked(answer: Downloaded, attachment: Attachment) -> bytes:
    if answer.location is not None:
        if _is_slack(answer.location):
            # Who may not read a file is sent to the sign-in page of the workspace.
            _report_scope(attachment)
            raise FileNotReadError(_NOT_ALLOWED)
        _log.warning("slack_file_elsewhere", file=attachment.id, host=answer.location.host)
        raise FileNotReadError("it lies outside of Slack")
    if answer.status in {401, 403}:
        _report_scope(attachment)
        raise FileNotReadError(_NOT_ALLOWED)
    if answer.status in {404, 410}:
        raise FileNotReadError("it is not there any more")
    if answer.status != 200:
        raise PlatformUnavailableError(f"Slack's file server answered {answer.status}")
    if _is_sign_in_page(answer, attachment):
        _report_scope(attachment)
        raise FileNotReadError(_NOT_ALLOWED)
    return answer.data


def _is_sign_in_page(answer: Downloaded, attachment: Attachment) -> bool:
    """Tell whether a page came instead of the file, with status 200: so Slack answers who may not read it."""
    is_page = answer.media_type == _HTML or answer.data[:64].lstrip().lower().startswith(_HTML_BEGINS)
    if not is_page:
        return False
    if attachment.media_type == _CANVAS:
        # A canvas is given as a page, and the length that Slack says is not that of the page.
        return _ASSETS in answer.data
    # A file may itself be a page; then it has the length that Slack says.
    return attachment.media_type != _HTML or (attachment.size > 0 and len(answer.data) != attachment.size)


def _is_slack(location: URL) -> bool:
    host = location.host or ""
    return any(host == name or host.endswith(f".{name}") for name in _SLACK)


def _report_scope(attachment: Attachment) -> None:
    _log.warning(
        "slack_file_refused",
        file=attachment.id,
        remedy="add files:read under OAuth & Permissions > Scopes and install the app again",
    )


def _escaped(text: str) -> str:
    """Give a text that mentions nobody (https://docs.slack.dev/messaging/formatting-message-text/#escaping)."""
    return neutralise(escape(text))
