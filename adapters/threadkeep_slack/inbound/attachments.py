"""The files of a message: which can be read, and why others cannot.

https://docs.slack.dev/reference/objects/file-object/
"""

from typing import Final

from threadkeep.messages import Attachment, clean_text
from threadkeep_slack.inbound.payloads import SharedFile, SlackMessage

_MOST: Final = 50
_UNREADABLE: Final = {
    "external": "it lies outside of Slack",
    "tombstone": "it was deleted",
    "hidden_by_limit": "Slack hides it: the workspace's plan keeps no older files",
}
_CLOSED: Final = {
    "file_not_found": "it is not there any more",
    "access_denied": "Slack does not let me read it",
    "org_shared_not_allowed": "Slack does not let me read it",
}


def attachments_of(message: SlackMessage) -> tuple[Attachment, ...]:
    """Give the files of a message, for the agent to read."""
    return tuple(to_attachment(file) for file in (message.files or ())[:_MOST])


def to_attachment(file: SharedFile) -> Attachment:
    """Give the reference to a file.

    One of another organisation may come without anything but its id: what it is has to be asked then.
    """
    return Attachment(
        id=file.id or "",
        name=clean_text(file.name or file.title or ""),
        media_type=file.mimetype or "application/octet-stream",
        size=max(0, file.size or 0),
        url=file.url_private_download or file.url_private or "",
        note=_note(file),
    )


def _note(file: SharedFile) -> str:
    if file.id is None:
        return "Slack does not say which file it is"
    if file.is_external and file.mode not in _UNREADABLE:
        return _UNREADABLE["external"]
    return _UNREADABLE.get(file.mode or "") or _CLOSED.get(file.file_access or "", "")
