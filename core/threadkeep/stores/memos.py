"""A thing to remember, and its stored form."""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final
from uuid import uuid4

from threadkeep.messages import clean_text
from threadkeep.stores.base import Memo

MOST_TOPICS: Final = 5
_LONGEST_TOPIC: Final = 40


def new_memo(
    text: str, now: float, *, topics: Sequence[str] = (), source: str | None = None, is_private: bool = False
) -> Memo:
    """Give a memo whose id begins with the time: sorted by id, memos are sorted by age."""
    return Memo(
        memo_id=f"{round(now * 1e6):014x}{uuid4().hex[:8]}",
        text=clean_text(text),
        created_at=now,
        updated_at=now,
        topics=plain_topics(topics),
        source=source,
        is_private=is_private,
    )


def said_again(memo: Memo, now: float, *, is_private: bool) -> Memo:
    """Give a memo that was said once more."""
    return replace(memo, updated_at=now, is_private=memo.is_private and is_private)


def changed_memo(memo: Memo, text: str, now: float, *, topics: Sequence[str] = ()) -> Memo:
    """Give a memo that says something else; without topics it keeps its own."""
    return replace(memo, text=clean_text(text), updated_at=now, topics=plain_topics(topics) or memo.topics)


def plain_topics(topics: Sequence[str]) -> tuple[str, ...]:
    """Give topics as they are kept: single, few, short, in small letters."""
    plain = (" ".join(clean_text(topic).lower().split())[:_LONGEST_TOPIC] for topic in topics)
    return tuple(dict.fromkeys(topic for topic in plain if topic))[:MOST_TOPICS]


def fingerprint(text: str) -> str:
    """Give 16 characters that are the same for texts which say the same but for case, spaces and a full stop."""
    plain = " ".join(clean_text(text).casefold().split()).rstrip(".! ")
    return sha256(plain.encode()).hexdigest()[:16]


def encode_memo(memo: Memo) -> str:
    """Give the stored form: the fingerprint, a line feed, JSON."""
    fields = [memo.created_at, memo.text, memo.updated_at, list(memo.topics), memo.source, int(memo.is_private)]
    return f"{fingerprint(memo.text)}\n{json.dumps(fields, ensure_ascii=False)}"


def decode_memo(memo_id: str, body: bytes) -> Memo:
    """Read the stored form."""
    created_at, text, updated_at, topics, source, is_private = json.loads(body.partition(b"\n")[2])
    return Memo(
        memo_id=memo_id,
        text=text,
        created_at=created_at,
        updated_at=updated_at,
        topics=tuple(topics),
        source=source,
        is_private=bool(is_private),
    )
