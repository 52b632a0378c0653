"""What calls of models cost that belong to no run, and its stored form."""

import json
from dataclasses import dataclass
from typing import Final

from threadkeep.errors import StoreError
from threadkeep.runs import ModelUse

MAX_CHARGES: Final = 1000
"""How many charges of one session are kept: the latest ones."""
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a call of a model cost that was made for a session in the background.

    Attributes:
        session_id: The session.
        purpose: What it was made for: ``summary`` or ``memory``.
        use: What the model did.
        user_id: Who was answered in the run that it was made after, where known.
        at: When it was answered, in seconds since the epoch.
    """

    session_id: str
    purpose: str
    use: ModelUse
    user_id: str | None = None
    at: float = 0.0


def encode_charge(charge: Charge) -> bytes:
    """Give the stored form, without the session."""
    use = charge.use
    tokens = [use.calls, use.input_tokens, use.cached_tokens, use.output_tokens]
    fields = [_VERSION, charge.purpose, charge.user_id, charge.at, use.model, tokens, use.cost, use.is_estimated]
    return json.dumps(fields, separators=(",", ":")).encode()


def decode_charge(session_id: str, body: bytes) -> Charge:
    """Read the stored form.

    Raises:
        StoreError: It was written by a newer threadkeep, or is no charge.
    """
    version, *fields = json.loads(body)
    if version != _VERSION:
        raise StoreError(f"a stored charge has form {version}, and this threadkeep knows {_VERSION}: update threadkeep")
    purpose, user_id, at, model, (calls, sent, cached, written), cost, is_estimated = fields
    use = ModelUse(
        model=model,
        calls=calls,
        input_tokens=sent,
        cached_tokens=cached,
        output_tokens=written,
        cost=cost,
        is_estimated=is_estimated,
    )
    return Charge(session_id=session_id, purpose=purpose, use=use, user_id=user_id, at=at)
