"""What a claim and the other scripts give back of a session, in the words of the ports."""

from collections.abc import Sequence
from typing import Final

from threadkeep.chat.events import MessageReceived
from threadkeep.stores.base import Amendments, Claim, Lease
from threadkeep.stores.codec import decode_edit, decode_message, decode_run
from threadkeep.stores.redis.replies import as_bytes, as_fields, as_int, as_list, as_text
from threadkeep.stores.redis.sessions import read_session

_STEP: Final = "s:"


def read_claim(lease: Lease, reply: Sequence[object]) -> Claim:
    """Read the reply of a claim.

    Raises:
        StoreError: Something stored cannot be read.
    """
    run = as_fields(reply[6])
    return Claim(
        lease=lease,
        run_id=run["run_id"].decode(),
        attempt=as_int(reply[4]),
        events=tuple(read_item(as_bytes(item)) for item in as_list(reply[5])),
        steps={name.removeprefix(_STEP): value.decode() for name, value in run.items() if name.startswith(_STEP)},
        session=read_session(lease.session_id, as_fields(reply[7])),
        runs=tuple(decode_run(as_bytes(body)) for body in as_list(reply[8])),
        amendments=read_amendments(reply[10]),
        has_more=bool(as_int(reply[11])),
    )


def read_item(item: bytes) -> MessageReceived:
    """Read an item of an inbox, or of a dead letter: its head, the event and perhaps an edit, a line each.

    Raises:
        StoreError: It cannot be read.
    """
    return decode_message(*item.split(b"\n")[1:3])


def read_amendments(reply: object) -> Amendments:
    """Read identities and edits, one after the other; an empty edit is a deletion.

    Raises:
        StoreError: One of them cannot be read.
    """
    words = as_list(reply)
    return {
        as_text(identity): decode_edit(as_bytes(body)) if body else None
        for identity, body in zip(words[::2], words[1::2], strict=True)
    }
