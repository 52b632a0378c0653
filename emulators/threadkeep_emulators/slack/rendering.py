"""Records as Slack writes them in answers and events."""

from .records import Bot, Channel, Message, StoredFile, Team, User
from .text import rich_text
from .wire import Payload


def render_message(
    team: Team, channel: Channel, message: Message, *, base_url: str, has_metadata: bool = True
) -> Payload:
    """Build a message object (https://docs.slack.dev/reference/events/message/).

    Args:
        team: The workspace in which the message stands.
        channel: The conversation in which it stands.
        message: The message as it stands now.
        base_url: The emulator's own address, where files lie.
        has_metadata: Whether the app's metadata is shown.
    """
    shape: Payload = {"type": "message", "subtype": message.subtype, "user": message.user}
    shape |= {"ts": message.ts, "client_msg_id": message.client_msg_id, "text": message.text, "team": team.id}
    shape |= {"bot_id": message.bot_id, "app_id": message.app_id, "username": message.username}
    shape |= {"icons": message.icons, "edited": message.edited, "app_context": message.app_context}
    if message.bot_id is not None:
        shape["bot_profile"] = render_bot(team, team.bots[message.bot_id]) | {"team_id": team.id}
    if message.user in team.strangers:
        shape |= _foreign(*team.strangers[message.user])
    shape["blocks"] = _blocks(message)
    shape["attachments"] = message.attachments or None
    shape["files"] = [render_file(team, team.files[name], base_url) for name in message.files] or None
    shape["reactions"] = render_reactions(message) or None
    if has_metadata:
        shape["metadata"] = message.metadata
    if message.stream is not None:
        shape["streaming_state"] = "in_progress" if message.stream.state == "in_progress" else "completed"
    shape |= _thread_fields(channel, message)
    return {key: value for key, value in shape.items() if value is not None}


def render_reactions(message: Message) -> list[Payload]:
    """Build the list of reactions with who gave them."""
    return [{"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()]


def render_user(team: Team, user: User, *, has_email: bool) -> Payload:
    """Build a user object (https://docs.slack.dev/reference/objects/user-object/)."""
    profile: Payload = {
        "real_name": user.display_name,
        "display_name": user.display_name,
        "team": team.id,
        "image_72": f"https://{team.domain}.slack.com/avatars/{user.id}.png",
    }
    if has_email and user.email is not None:
        profile["email"] = user.email
    shape: Payload = {
        "id": user.id,
        "team_id": team.id,
        "name": user.name,
        "real_name": user.display_name,
        "deleted": False,
        "tz": user.tz,
        "tz_offset": user.tz_offset,
        "locale": user.locale,
        "is_bot": user.is_bot,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_app_user": False,
        "profile": profile,
    }
    whole = team.organisation
    if whole is not None:
        shape["enterprise_user"] = {
            "id": user.id,
            "enterprise_id": whole.id,
            "enterprise_name": whole.name,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "teams": [member.id for member in whole.members],
        }
    return shape


def render_bot(team: Team, bot: Bot) -> Payload:
    """Build a bot object, as bots.info and ``bot_profile`` show it."""
    icons = {"image_72": f"https://{team.domain}.slack.com/avatars/{bot.id}.png"}
    return {
        "id": bot.id,
        "app_id": bot.app_id,
        "user_id": bot.user_id,
        "name": bot.name,
        "deleted": False,
        "icons": icons,
    }


def render_channel(team: Team, channel: Channel) -> Payload:
    """Build a conversation object (https://docs.slack.dev/reference/objects/conversation-object/)."""
    shape: Payload = {
        "id": channel.id,
        "created": channel.created,
        "creator": channel.creator,
        "context_team_id": team.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": not channel.is_public,
        "is_archived": channel.is_archived,
        "is_member": team.bot_user in channel.members,
        "is_ext_shared": False,
        "num_members": len(channel.members),
    }
    if channel.kind == "im":
        shape["user"] = next((member for member in channel.members if member != team.bot_user), team.bot_user)
    else:
        shape |= {"name": channel.name, "name_normalized": channel.name}
    return shape


def render_file(team: Team, file: StoredFile, base_url: str, *, is_asked: bool = False) -> Payload:
    """Build a file object (https://docs.slack.dev/reference/objects/file-object/).

    Args:
        team: The workspace.
        file: The file.
        base_url: The emulator's own address, where files lie.
        is_asked: Whether files.info was asked, which alone describes files of other organisations.
    """
    if file.is_of_others and not is_asked:
        unknown: Payload = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
        return unknown | {"created": 0, "timestamp": 0, "user": ""}
    if file.mode in {"tombstone", "hidden_by_limit"}:
        return {"id": file.id, "mode": file.mode}
    private = f"{base_url}/files-pri/{team.id}-{file.id}"
    if file.mode == "external":
        where = {"external_type": "gdrive", "url_private": f"https://drive.example.com/{file.id}"}
    else:
        download = f"{private}/download/{file.name}"
        where = {"external_type": "", "url_private": f"{private}/{file.name}", "url_private_download": download}
    return where | {
        "id": file.id,
        "created": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2],
        "user": file.user,
        "size": len(file.content) if file.stated_size is None else file.stated_size,
        "mode": file.mode,
        "is_external": file.mode == "external",
        "is_public": False,
        "channels": list(file.channels),
        "file_access": "visible",
    }


def _foreign(user: User, home: str) -> Payload:
    """Build what Slack tells of a person from another organisation (https://docs.slack.dev/apis/slack-connect/)."""
    profile: Payload = {"real_name": user.display_name, "display_name": user.display_name, "team": home}
    profile |= {"name": user.name, "first_name": user.display_name, "avatar_hash": "0", "is_restricted": False}
    return {"team": home, "user_team": home, "source_team": home, "user_profile": profile}


def _blocks(message: Message) -> list[Payload] | None:
    if message.blocks:
        return message.blocks
    if message.bot_id is None and message.subtype is None and message.text:
        return [rich_text(message.text, f"b{message.ts}")]
    return None


def _thread_fields(channel: Channel, message: Message) -> Payload:
    if message.is_reply:
        root = channel.messages.get(message.thread_ts or "")
        return {"thread_ts": message.thread_ts, "parent_user_id": root.user if root else None}
    replies = channel.replies(message.ts)
    if not replies:
        return {}
    speakers = list(dict.fromkeys(reply.user for reply in replies if reply.user))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": speakers,
        "reply_users_count": len(speakers),
        "latest_reply": replies[-1].ts,
    }
