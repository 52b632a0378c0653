"""Tool calls as Slack's task cards, which a streamed message shows and changes."""

from dataclasses import dataclass, field, replace
from typing import Final

from threadkeep.chat.adapter import ReplyContent, ReplyState, Source, ToolActivity, ToolStatus
from threadkeep_slack.limits import CARD_TEXT, CARD_TITLE, STREAM_CARDS
from threadkeep_slack.replies.stream_calls import Chunk
from threadkeep_slack.text.mentions import neutralise

_STATES: Final = {ToolStatus.RUNNING: "in_progress", ToolStatus.DONE: "complete", ToolStatus.FAILED: "error"}
_OPEN: Final = "in_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A card as it was sent. Slack replaces title and status, and adds what else comes to what is there."""

    title: str
    status: str
    details: str = ""
    sources: tuple[Source, ...] = ()
    over: str = ""

    def closed(self, status: str) -> "_Card":
        """Give it as it stands when nobody tells of it any more."""
        if self.over:
            return replace(self, title=self.over, status="complete")
        return replace(self, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardsDraft:
    """What changes on the cards, and how they stand afterwards.

    Attributes:
        chunks: What to send.
    """

    chunks: tuple[Chunk, ...]
    cards: dict[str, _Card] = field(default_factory=dict)
    plan: str = ""


class TaskCards:
    """Knows the cards of the message that is being streamed.

    Args:
        has_plan: Whether the cards stand under one title.
    """

    def __init__(self, *, has_plan: bool) -> None:
        self._has_plan: Final = has_plan
        self._cards: dict[str, _Card] = {}
        self._plan = ""
        self._settled: set[str] = set()
        self._lines: dict[str, str] = {}

    @property
    def is_open(self) -> bool:
        """Tell whether a card shows that something runs."""
        return any(card.status == _OPEN for card in self._cards.values())

    def stays_open(self, content: ReplyContent) -> bool:
        """Tell whether a card that is open runs on."""
        running = {tool.id for tool in self._tools(content) if tool.status is ToolStatus.RUNNING}
        return any(card.status == _OPEN and name in running for name, card in self._cards.items())

    def draft(self, content: ReplyContent, *, is_final: bool = False) -> CardsDraft:
        """Give what to send so that the cards show this.

        Args:
            content: What should be seen.
            is_final: Whether the message ends with it: then no card stays open, which Slack would show as a failure.
        """
        cards = dict(self._cards)
        for tool in self._tools(content):
            if tool.id not in self._settled and (tool.id in cards or len(cards) < STREAM_CARDS):
                cards[tool.id] = _card(tool)
        running = {tool.id for tool in self._tools(content)}
        closed = "error" if content.state in (ReplyState.STOPPED, ReplyState.FAILED) else "complete"
        for name, card in cards.items():
            if card.status == _OPEN and (is_final or name not in running):
                cards[name] = card.closed(closed)
        return self._difference(cards)

    def close(self) -> CardsDraft:
        """Give what to send before the message is continued in another one: there the open cards are shown again."""
        return self._difference({name: card.closed("complete") for name, card in self._cards.items()})

    def accept(self, draft: CardsDraft) -> None:
        """Note that a draft was sent."""
        self._cards, self._plan = draft.cards, draft.plan

    def turn_page(self) -> None:
        """Begin a new message: what runs is shown there again, what has ended is not."""
        self._settled.update(name for name, card in self._cards.items() if card.status != _OPEN)
        self._cards, self._plan = {}, ""

    def _tools(self, content: ReplyContent) -> tuple[ToolActivity, ...]:
        """Give the tool calls; where nobody tells of them, the lines that say what is being done."""
        if content.tools:
            return content.tools
        for line in content.activity:
            self._lines.setdefault(line, f"activity-{len(self._lines)}")
        return tuple(ToolActivity(id=self._lines[line], title=line) for line in content.activity)

    def _difference(self, cards: dict[str, _Card]) -> CardsDraft:
        chunks: list[Chunk] = []
        plan = self._plan
        if self._has_plan and cards and (title := _plan_title(cards)) != plan:
            plan = title
            chunks.append({"type": "plan_update", "title": title})
        chunks.extend(
            _chunk(name, card, self._cards.get(name)) for name, card in cards.items() if card != self._cards.get(name)
        )
        return CardsDraft(chunks=tuple(chunks), cards=cards, plan=plan)


def _card(tool: ToolActivity) -> _Card:
    return _Card(
        title=_words(tool.title, CARD_TITLE) or "Working",
        status=_STATES[tool.status],
        details=neutralise(tool.details[:CARD_TEXT]),
        over=tool.over,
        sources=tool.sources,
    )


def _chunk(name: str, card: _Card, sent: _Card | None) -> Chunk:
    chunk: Chunk = {"type": "task_update", "id": name, "title": card.title, "status": card.status}
    before = sent.details if sent is not None else ""
    if card.details != before:
        added = card.details.removeprefix(before)
        chunk["details"] = added if card.details.startswith(before) else f"\n{added}"
    known = sent.sources if sent is not None else ()
    sources = [source for source in card.sources if source not in known]
    if sources:
        chunk["sources"] = [
            {"type": "url", "url": source.url, "text": _words(source.title, CARD_TITLE) or source.url}
            for source in sources
        ]
    return chunk


def _plan_title(cards: dict[str, _Card]) -> str:
    running = [card.title for card in cards.values() if card.status == _OPEN]
    if running:
        return running[-1]
    return "1 step" if len(cards) == 1 else f"{len(cards)} steps"


def _words(text: str, most: int) -> str:
    return neutralise(" ".join(text.split())[:most].rstrip(" .\N{HORIZONTAL ELLIPSIS}"))
