"""Reading payloads of Slack's, and leaving aside what is malformed or none of ours."""

from collections.abc import Mapping
from typing import TypeVar

import structlog
from pydantic import ValidationError

from threadkeep_slack.inbound.payloads import Envelope, Payload
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

PayloadT = TypeVar("PayloadT", bound=Payload)
EnvelopeT = TypeVar("EnvelopeT", bound=Envelope)


def read(model: type[PayloadT], body: Mapping[str, object]) -> PayloadT | None:
    """Read a payload; None, with a line in the log, if it is malformed: Slack would only repeat it."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in detail["loc"]) for detail in error.errors()})
        _log.warning("slack_event_malformed", event_id=event_id_of(body), fields=fields)
        return None


def read_envelope(
    model: type[EnvelopeT], body: Mapping[str, object], workspace: Workspace
) -> tuple[EnvelopeT, str] | None:
    """Read the outer payload of an event, and the workspace under which it is kept; None if it is not for us."""
    envelope = read(model, body)
    if envelope is None:
        return None
    team = workspace.team_of(envelope)
    if team is None:
        _log.warning("slack_event_of_another_workspace", event_id=envelope.event_id, team=envelope.team_id)
        return None
    return envelope, team


def event_id_of(body: object) -> str:
    """Give the id under which Slack knows a delivery, for the log; empty where there is none."""
    found = body.get("event_id") if isinstance(body, Mapping) else None
    return found[:128] if isinstance(found, str) else ""
