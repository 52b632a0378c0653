"""What a modal may hold, and what Slack makes of it (https://docs.slack.dev/reference/views/modal-views)."""

from collections.abc import Iterator

from .blocks import complaints_of
from .problems import invalid_arguments
from .records import Team
from .wire import Payload
from .world import World

MAX_BLOCKS = 100
MAX_TITLE = 24
MAX_METADATA = 3_000


def check_modal(view: object) -> Payload:
    """Give a view back if Slack would open it as a modal.

    Raises:
        SlackError: ``invalid_arguments`` with what is wrong.
    """
    if not isinstance(view, dict) or view.get("type") != "modal" or not isinstance(view.get("blocks"), list):
        raise invalid_arguments("must be a modal with blocks: view")
    complaints = [*_heading(view), *complaints_of(view["blocks"]), *_blocks(view)]
    if complaints:
        raise invalid_arguments(*complaints)
    return view


def render_modal(world: World, team: Team, view: Payload) -> Payload:
    """Complete a view with what Slack adds when it opens it."""
    view_id = world.ids.entity("V")
    blocks = [block | {"block_id": block.get("block_id") or world.ids.entity("")[:5]} for block in view["blocks"]]
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **view,
        "id": view_id,
        "team_id": team.id,
        "app_id": world.app.id,
        "app_installed_team_id": team.id if team.organisation is None else team.organisation.id,
        "bot_id": team.bot.id,
        "blocks": blocks,
        "state": {"values": {}},
        "hash": f"{int(world.clock())}.{world.ids.uuid()[:8]}",
        "root_view_id": view_id,
        "previous_view_id": None,
    }


def _heading(view: Payload) -> Iterator[str]:
    if not _is_title(view.get("title")):
        yield f"title must be a plain_text of 1 to {MAX_TITLE} characters"
    for name in ("submit", "close"):
        if view.get(name) is not None and not _is_title(view[name]):
            yield f"{name} must be a plain_text of 1 to {MAX_TITLE} characters"
    if len(str(view.get("private_metadata", ""))) > MAX_METADATA:
        yield f"must be less than {MAX_METADATA + 1} characters: private_metadata"
    for name in ("callback_id", "external_id"):
        if len(str(view.get(name, ""))) > 255:
            yield f"must be less than 256 characters: {name}"


def _blocks(view: Payload) -> Iterator[str]:
    blocks = view["blocks"]
    if len(blocks) > MAX_BLOCKS:
        yield f"no more than {MAX_BLOCKS} items allowed: blocks"
    if any(block.get("type") == "input" for block in blocks) and view.get("submit") is None:
        yield "submit is required where there is an input block"
    named = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(set(named)) < len(named):
        yield "block_id must be unique within the view"


def _is_title(value: object) -> bool:
    is_plain = isinstance(value, dict) and value.get("type") == "plain_text"
    return isinstance(value, dict) and is_plain and 1 <= len(str(value.get("text", ""))) <= MAX_TITLE
