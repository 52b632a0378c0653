"""Direct messages between the bot and one person."""

from .flags import ChannelKind
from .gateway.events import channel_changed
from .model import ChannelState, User
from .realm import Realm


def direct_channel(realm: Realm, person: User) -> ChannelState:
    """Give the direct message with somebody, opened at its first use."""
    known = realm.world.direct_message(person)
    if known is not None:
        return known
    channel = ChannelState(id=realm.ids.snowflake(), kind=ChannelKind.DM, name=f"@{person.name}", recipient=person)
    realm.world.add_channel(channel)
    realm.tell(channel_changed(realm.world, channel, "CREATE"))
    return channel
