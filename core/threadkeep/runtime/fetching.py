"""Where a run gets the files of a conversation from, and where it sends files."""

from functools import partial

from threadkeep.agent.desk import SendFile
from threadkeep.chat.adapter import Adapter, ReadsFiles, SendsFiles
from threadkeep.chat.events import Place
from threadkeep.files.reading import Fetch
from threadkeep.messages import File


def fetch_from(adapter: Adapter, place: Place) -> Fetch | None:
    """Give what fetches the files of a place; None if its adapter reads none."""
    if isinstance(adapter, ReadsFiles):
        return partial(adapter.read_file, place)
    return None


def send_to(adapter: Adapter, place: Place) -> SendFile | None:
    """Give what posts files into a place; None if its adapter posts none."""
    if not isinstance(adapter, SendsFiles):
        return None

    async def send(file: File, caption: str) -> str:
        return await adapter.send_file(place, file, caption=caption)

    return send
