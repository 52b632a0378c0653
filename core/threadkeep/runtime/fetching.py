"""Where a run gets the files of a conversation and the rights of people from, and where it sends files."""

from functools import partial

from threadkeep.agent.desk import SendFile
from threadkeep.chat.adapter import Adapter, ReadsFiles, SendsFiles
from threadkeep.chat.events import Place
from threadkeep.chat.rights import AskRights, TellsRights
from threadkeep.files.reading import Fetch
from threadkeep.messages import File
from threadkeep.sessions import UserKey


def fetch_from(adapter: Adapter, place: Place) -> Fetch | None:
    """Give what fetches the files of a place; None if its adapter reads none."""
    if isinstance(adapter, ReadsFiles):
        return partial(adapter.read_file, place)
    return None


def rights_from(adapter: Adapter, place: Place, user: UserKey) -> AskRights | None:
    """Give what asks for somebody's rights in a place; None if its adapter tells none."""
    if isinstance(adapter, TellsRights):
        return partial(adapter.rights, place, user)
    return None


def send_to(adapter: Adapter, place: Place) -> SendFile | None:
    """Give what posts files into a place; None if its adapter posts none."""
    if not isinstance(adapter, SendsFiles):
        return None

    async def send(file: File, caption: str) -> str:
        return await adapter.send_file(place, file, caption=caption)

    return send
