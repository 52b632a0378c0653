"""Who is in a thread: https://discord.com/developers/docs/resources/channel#thread-member-object ."""

from .gateway.events import thread_members_changed
from .model import ChannelState, User
from .realm import Realm
from .render import member_payload, thread_member_payload


def join_thread(realm: Realm, channel: ChannelState, user: User) -> None:
    """Put somebody into a thread; twice is once."""
    thread = channel.thread
    guild = realm.world.guild_of(channel)
    if thread is None or guild is None or user.id in thread.members or user.id not in guild.members:
        return
    thread.members[user.id] = realm.clock()
    added = thread_member_payload(channel, user, thread.members[user.id])
    added |= {"member": member_payload(guild.members[user.id])}
    if user.id == realm.bot.id:
        realm.tell(thread_members_changed(channel, [added], []))


def leave_thread(realm: Realm, channel: ChannelState, user: User) -> None:
    """Take somebody out of a thread."""
    thread = channel.thread
    if thread is not None and thread.members.pop(user.id, None) is not None and user.id == realm.bot.id:
        realm.tell(thread_members_changed(channel, [], [str(user.id)]))
