"""A new thing to remember."""

from uuid import uuid4

from threadkeep.stores.base import Memo


def new_memo(text: str, now: float) -> Memo:
    """Give a memo whose id begins with the time: sorted by id, memos are sorted by age."""
    return Memo(memo_id=f"{round(now * 1e6):014x}{uuid4().hex[:8]}", text=text, created_at=now)
