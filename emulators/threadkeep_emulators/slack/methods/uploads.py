"""files.info, and the two calls between which an app uploads a file.

https://docs.slack.dev/messaging/working-with-files/#uploading_files
"""

import mimetypes

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError, invalid_arguments
from threadkeep_emulators.slack.records import Channel, Message, PendingUpload, StoredFile
from threadkeep_emulators.slack.rendering import render_file
from threadkeep_emulators.slack.wire import Payload

_MOST_FILES = 10
# A table of its own: what the operating system adds would make it differ from machine to machine.
_TYPES = mimetypes.MimeTypes()


def get_file(call: Request) -> Payload:
    """Describe a file (https://docs.slack.dev/reference/methods/files.info)."""
    file = call.team.files.get(call.args.required("file"))
    is_seen = file is not None and any(call.team.bot_user in call.team.channels[name].members for name in file.channels)
    if file is None or not is_seen:
        raise SlackError("file_not_found")
    if file.mode == "tombstone":
        raise SlackError("file_deleted")
    return {"file": render_file(call.team, file, call.world.base_url, is_asked=True)}


def get_upload_url(call: Request) -> Payload:
    """Give an address to upload to (https://docs.slack.dev/reference/methods/files.getUploadURLExternal)."""
    name = call.args.required("filename")
    length = call.args.number("length", default=0)
    if length <= 0:
        # Slack takes a length of nothing for one that is not there.
        raise SlackError("missing_argument")
    if len(call.args.text("alt_txt") or "") > 1000:
        raise SlackError("alt_txt_too_large")
    file_id, ticket = call.world.ids.entity("F"), call.world.ids.secret()
    call.team.uploads[ticket] = PendingUpload(file_id=file_id, name=name, length=length)
    return {"upload_url": f"{call.world.base_url}/upload/v1/{ticket}", "file_id": file_id}


def complete_upload(call: Request) -> Payload:
    """Share what was uploaded (https://docs.slack.dev/reference/methods/files.completeUploadExternal)."""
    entries = call.args.structure("files", error="invalid_arguments")
    if not isinstance(entries, list) or not entries or len(entries) > _MOST_FILES:
        raise invalid_arguments("must be an array of 1 to 10 files [json-pointer:/files]")
    channel = _channel(call) if "channel_id" in call.args else None
    thread = _thread(call, channel)
    # All of them are looked for before the first is taken.
    tickets = [_ticket(call, entry) for entry in entries]
    stored = [_store(call, ticket, entry) for ticket, entry in zip(tickets, entries, strict=True)]
    if channel is not None:
        team = call.team
        draft = Message(
            channel="",
            ts="",
            text=call.args.text("initial_comment") or "",
            user=team.bot_user,
            bot_id=team.bot.id,
            app_id=team.bot.app_id,
            thread_ts=thread,
            subtype="file_share",
            files=[file.id for file in stored],
        )
        call.world.post(team, channel, draft)
    return {"files": [render_file(call.team, file, call.world.base_url, is_asked=True) for file in stored]}


def _channel(call: Request) -> Channel:
    channel = call.joined_channel("channel_id")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _thread(call: Request, channel: Channel | None) -> str | None:
    thread = call.args.text("thread_ts")
    if thread is None:
        return None
    if channel is None:
        raise invalid_arguments("thread_ts needs channel_id [json-pointer:/thread_ts]")
    root = channel.messages.get(thread)
    # A reply's own timestamp is none of a thread.
    if root is None or root.is_reply:
        raise SlackError("thread_not_found")
    return thread


def _ticket(call: Request, entry: object) -> str:
    wanted = entry.get("id") if isinstance(entry, dict) else None
    for ticket, upload in call.team.uploads.items():
        if upload.file_id == wanted and upload.content is not None:
            return ticket
    raise SlackError("file_not_found")


def _store(call: Request, ticket: str, entry: Payload) -> StoredFile:
    upload = call.team.uploads.pop(ticket)
    file = StoredFile(
        id=upload.file_id,
        name=upload.name,
        title=str(entry.get("title") or upload.name),
        mimetype=_TYPES.guess_type(upload.name)[0] or "application/octet-stream",
        content=upload.content or b"",
        user=call.team.bot_user,
        created=int(call.world.clock()),
    )
    call.team.files[file.id] = file
    return file


METHODS = (
    Method(name="files.info", perform=get_file, scopes=("files:read",), tier=4),
    Method(name="files.getUploadURLExternal", perform=get_upload_url, scopes=("files:write",), tier=4),
    Method(name="files.completeUploadExternal", perform=complete_upload, scopes=("files:write",), tier=4),
)
