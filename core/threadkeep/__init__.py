"""Chat bots that keep the thread: one agent in Slack threads, Discord channels and direct messages.

The names below are imported when they are used: ``import threadkeep`` itself loads no library.
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threadkeep.agent.agent import Agent
    from threadkeep.agent.approvals import Approval
    from threadkeep.agent.context import RunContext
    from threadkeep.agent.instructions import Instructions
    from threadkeep.agent.memory import Memory
    from threadkeep.agent.permissions import Allow
    from threadkeep.agent.printing import pprint_run_response
    from threadkeep.agent.questions import Choice, Question
    from threadkeep.agent.request import RunRequest
    from threadkeep.agent.state_items import StateItem
    from threadkeep.agent.summary import Summary
    from threadkeep.agent.tool_hooks import ToolHook
    from threadkeep.agent.toolkits import Toolkit
    from threadkeep.agent.tools import Tool, tool
    from threadkeep.chat.commands import Command, CommandContext
    from threadkeep.chat.elements import Button, ButtonStyle, Form, Option, Select, TextField
    from threadkeep.errors import (
        ConfigError,
        ContextTooLongError,
        EmptyAnswerError,
        InvalidKeyError,
        LeaseLostError,
        ModelAuthError,
        ModelError,
        ModelRateLimitError,
        ModelRequestError,
        ModelResponseError,
        ModelUnavailableError,
        PlaceGoneError,
        PlatformAuthError,
        PlatformError,
        PlatformRateLimitError,
        PlatformUnavailableError,
        RefusedError,
        StepLimitError,
        StoreConfigError,
        StoreError,
        StoreUnavailableError,
        ThreadkeepError,
        ToolError,
    )
    from threadkeep.files.limits import FileLimits
    from threadkeep.messages import Attachment, File, Message, Role, ToolCall
    from threadkeep.models.fallback import Fallback
    from threadkeep.models.limited import Limited
    from threadkeep.models.openai_chat import OpenAIChat
    from threadkeep.models.openai_responses import OpenAIResponses
    from threadkeep.models.prices import Price
    from threadkeep.models.recording import ModelCall, Recording
    from threadkeep.models.retrying import Retrying
    from threadkeep.models.scripted import ScriptedModel, Step
    from threadkeep.redactor import Redactor
    from threadkeep.runs import (
        ContentDelta,
        Decision,
        FileNotRead,
        Metrics,
        Run,
        RunCompleted,
        RunEvent,
        RunResponse,
        RunStarted,
        RunStatus,
        ToolCallCompleted,
        ToolCallProgressed,
        ToolCallStarted,
    )
    from threadkeep.runtime.bot import Bot
    from threadkeep.sessions import Session, SessionKey, UserKey
    from threadkeep.stores.base import Memo
    from threadkeep.stores.redis import RedisStore
    from threadkeep.stores.sqlite import SQLiteStore

_HOMES: Final = {
    "agent.agent": ("Agent",),
    "agent.approvals": ("Approval",),
    "agent.context": ("RunContext",),
    "agent.instructions": ("Instructions",),
    "agent.memory": ("Memory",),
    "agent.permissions": ("Allow",),
    "agent.printing": ("pprint_run_response",),
    "agent.questions": ("Choice", "Question"),
    "agent.request": ("RunRequest",),
    "agent.state_items": ("StateItem",),
    "agent.summary": ("Summary",),
    "agent.tool_hooks": ("ToolHook",),
    "agent.toolkits": ("Toolkit",),
    "agent.tools": ("Tool", "tool"),
    "chat.commands": ("Command", "CommandContext"),
    "chat.elements": ("Button", "ButtonStyle", "Form", "Option", "Select", "TextField"),
    "errors": (
        "ConfigError",
        "ContextTooLongError",
        "EmptyAnswerError",
        "InvalidKeyError",
        "LeaseLostError",
        "ModelAuthError",
        "ModelError",
        "ModelRateLimitError",
        "ModelRequestError",
        "ModelResponseError",
        "ModelUnavailableError",
        "PlaceGoneError",
        "PlatformAuthError",
        "PlatformError",
        "PlatformRateLimitError",
        "PlatformUnavailableError",
        "RefusedError",
        "StepLimitError",
        "StoreConfigError",
        "StoreError",
        "StoreUnavailableError",
        "ThreadkeepError",
        "ToolError",
    ),
    "files.limits": ("FileLimits",),
    "messages": ("Attachment", "File", "Message", "Role", "ToolCall"),
    "models.fallback": ("Fallback",),
    "models.limited": ("Limited",),
    "models.openai_chat": ("OpenAIChat",),
    "models.openai_responses": ("OpenAIResponses",),
    "models.prices": ("Price",),
    "models.recording": ("ModelCall", "Recording"),
    "models.retrying": ("Retrying",),
    "models.scripted": ("ScriptedModel", "Step"),
    "redactor": ("Redactor",),
    "runs": (
        "ContentDelta",
        "Decision",
        "FileNotRead",
        "Metrics",
        "Run",
        "RunCompleted",
        "RunEvent",
        "RunResponse",
        "RunStarted",
        "RunStatus",
        "ToolCallCompleted",
        "ToolCallProgressed",
        "ToolCallStarted",
    ),
    "runtime.bot": ("Bot",),
    "sessions": ("Session", "SessionKey", "UserKey"),
    "stores.base": ("Memo",),
    "stores.redis": ("RedisStore",),
    "stores.sqlite": ("SQLiteStore",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "Allow",
    "Approval",
    "Attachment",
    "Bot",
    "Button",
    "ButtonStyle",
    "Choice",
    "Command",
    "CommandContext",
    "ConfigError",
    "ContentDelta",
    "ContextTooLongError",
    "Decision",
    "EmptyAnswerError",
    "Fallback",
    "File",
    "FileLimits",
    "FileNotRead",
    "Form",
    "Instructions",
    "InvalidKeyError",
    "LeaseLostError",
    "Limited",
    "Memo",
    "Memory",
    "Message",
    "Metrics",
    "ModelAuthError",
    "ModelCall",
    "ModelError",
    "ModelRateLimitError",
    "ModelRequestError",
    "ModelResponseError",
    "ModelUnavailableError",
    "OpenAIChat",
    "OpenAIResponses",
    "Option",
    "PlaceGoneError",
    "PlatformAuthError",
    "PlatformError",
    "PlatformRateLimitError",
    "PlatformUnavailableError",
    "Price",
    "Question",
    "Recording",
    "Redactor",
    "RedisStore",
    "RefusedError",
    "Retrying",
    "Role",
    "Run",
    "RunCompleted",
    "RunContext",
    "RunEvent",
    "RunRequest",
    "RunResponse",
    "RunStarted",
    "RunStatus",
    "SQLiteStore",
    "ScriptedModel",
    "Select",
    "Session",
    "SessionKey",
    "StateItem",
    "Step",
    "StepLimitError",
    "StoreConfigError",
    "StoreError",
    "StoreUnavailableError",
    "Summary",
    "TextField",
    "ThreadkeepError",
    "Tool",
    "ToolCall",
    "ToolCallCompleted",
    "ToolCallProgressed",
    "ToolCallStarted",
    "ToolError",
    "ToolHook",
    "Toolkit",
    "UserKey",
    "pprint_run_response",
    "tool",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
