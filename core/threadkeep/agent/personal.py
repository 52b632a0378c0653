"""What is remembered of one person, over all their accounts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from threadkeep.agent.memory import Memory, Person, chosen, may_be_told, memo_text, shares
from threadkeep.agent.relevance import words_of
from threadkeep.chat.speakers import plain_name, speaker_of
from threadkeep.errors import ToolError
from threadkeep.messages import Message, Role
from threadkeep.stores.base import Memo, Store
from threadkeep.stores.memos import fingerprint

MOST_READ: Final = 500
"""How many memos of a person are looked at: the latest ones."""
_LONGEST_FACT: Final = 300
_MOST_PEOPLE: Final = 10


async def memos_of(store: Store, user_id: str, *, limit: int) -> tuple[Memo, ...]:
    """List what is remembered of a person, of all their linked accounts, the oldest first.

    Raises:
        StoreUnavailableError: The store cannot be reached.
    """
    own, accounts = await asyncio.gather(store.memories.list(user_id, limit=limit), store.links.of(user_id))
    others = [account for account in accounts if account != user_id]
    found = await asyncio.gather(*(store.memories.list(account, limit=limit) for account in others))
    listed = [
        replace(memo, user_id=account)
        for account, memos in zip((user_id, *others), (own, *found), strict=True)
        for memo in memos
    ]
    return tuple(sorted(listed, key=lambda memo: memo.memo_id)[-limit:])


def people_in(messages: Sequence[Message], user_id: str, speaker: str) -> Mapping[str, str]:
    """Give the names of those who take part in a shared conversation by their ids: the latest who spoke, sorted.

    Args:
        messages: What the model is shown of the conversation.
        user_id: Who is answered.
        speaker: Their name.
    """
    people = {user_id: plain_name(speaker)}
    for message in reversed(messages):
        said = speaker_of(message)
        if said is not None and said.user_id and (len(people) < _MOST_PEOPLE or said.user_id in people):
            people[said.user_id] = people.get(said.user_id) or said.name
    return dict(sorted(people.items()))


async def person(
    store: Store, memory: Memory, user_id: str, name: str, said: str, *, most: int, tokens: int, others_in: str | None
) -> Person:
    """Give what the model is to be shown of a person.

    Args:
        store: Where it is remembered.
        memory: How much is shown.
        user_id: Who.
        name: Their name.
        said: What was just said in the conversation.
        most: How many memos to show.
        tokens: How many tokens they may have.
        others_in: The conversation, where others read the answer.

    Raises:
        StoreUnavailableError: The store cannot be reached.
    """
    memos = await memos_of(store, user_id, limit=MOST_READ)
    if not memory.share_private:
        memos = tuple(memo for memo in memos if may_be_told(memo, others_in))
    return Person(user_id=user_id, name=name, memos=chosen(memos, said, most=most, tokens=tokens))


async def people(
    store: Store, memory: Memory, present: Mapping[str, str], said: str, *, others_in: str
) -> tuple[Person, ...]:
    """Give what the model is to be shown of those who take part in a shared conversation.

    Args:
        store: Where it is.
        memory: How much is shown.
        present: Their names by their ids.
        said: What was just said.
        others_in: The conversation.

    Raises:
        StoreUnavailableError: The store cannot be reached.
    """
    most, tokens = shares(memory, present)
    return tuple(
        await asyncio.gather(
            *(
                person(store, memory, user_id, name, said, most=most, tokens=tokens, others_in=others_in)
                for user_id, name in present.items()
            )
        )
    )


def words_said(messages: Sequence[Message]) -> str:
    """Give what the user said last, for choosing what belongs to it."""
    return "\n".join(message.content for message in messages if message.role is Role.USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The memories of who is answered, for the tools of a run.

    Attributes:
        store: Where they are.
        user_id: Whose.
        session_id: The conversation.
        is_private: Whether it is a direct message, a private channel or a group.
        is_shared: Whether others read the answer.
    """

    store: Store
    user_id: str
    session_id: str
    is_private: bool
    is_shared: bool

    async def remember(self, fact: str, topics: Sequence[str] = ()) -> Memo:
        """Remember something.

        Raises:
            ToolError: It is blank or too long.
        """
        try:
            text = memo_text(fact, _LONGEST_FACT)
        except ValueError as error:
            raise ToolError(str(error)) from error
        for known in await self._known():
            # Also one that another account of the person has learnt.
            if known.user_id != self.user_id and fingerprint(known.text) == fingerprint(text):
                return known
        memories = self.store.memories
        return await memories.add(self.user_id, text, topics=topics, source=self.session_id, is_private=self.is_private)

    async def forget(self, fact: str) -> Memo:
        """Forget something, told by its own words or by words that stand in no other memo.

        Raises:
            ToolError: Nothing is remembered that is meant by it, or more than one thing.
        """
        known = await self._known()
        meant = [memo for memo in known if fingerprint(memo.text) == fingerprint(fact)]
        if not meant:
            asked = words_of(fact)
            meant = [memo for memo in known if asked and asked <= words_of(memo.text)]
        if len(meant) != 1:
            what = "nothing like that is remembered" if not meant else "several memories are like that: name one whole"
            raise ToolError(what)
        await self.store.memories.remove(meant[0].user_id, meant[0].memo_id)
        return meant[0]

    async def _known(self) -> tuple[Memo, ...]:
        memos = await memos_of(self.store, self.user_id, limit=MOST_READ)
        others_in = self.session_id if self.is_shared else None
        return tuple(memo for memo in memos if may_be_told(memo, others_in))
