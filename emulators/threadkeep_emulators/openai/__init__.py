"""A local server that speaks OpenAI's Chat Completions and Responses, with scripts and an offline model."""

from .answers import Answer, FinishReason, ToolCall, Usage
from .conversation import ModelRequest, Turn
from .emulator import OpenAIEmulator
from .log import RequestLog, RequestRecord
from .offline import OfflineModel
from .scripts import UnusedAnswersError

__all__ = [
    "Answer",
    "FinishReason",
    "ModelRequest",
    "OfflineModel",
    "OpenAIEmulator",
    "RequestLog",
    "RequestRecord",
    "ToolCall",
    "Turn",
    "UnusedAnswersError",
    "Usage",
]
