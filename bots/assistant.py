"""A general assistant with a clock and a calculator: ``threadkeep run bots/assistant.py``."""

import ast
import operator
from datetime import datetime
from zoneinfo import ZoneInfo

from threadkeep import Agent, Bot, Memory, OpenAIChat, RunContext, ToolError

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def current_time(timezone: str = "UTC") -> str:
    """Tell the date and time in a time zone such as Europe/Paris."""
    return datetime.now(ZoneInfo(timezone)).strftime("%A %d %B %Y, %H:%M %Z")


def calculate(expression: str) -> float:
    """Compute an arithmetic expression of numbers, + - * / and parentheses, such as 12 * (3 + 4) / 2."""
    match ast.parse(expression, mode="eval").body:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.BinOp(left=left, op=symbol, right=right) if type(symbol) in OPERATORS:
            return OPERATORS[type(symbol)](calculate(ast.unparse(left)), calculate(ast.unparse(right)))
    raise ToolError("Only numbers, + - * / and parentheses can be computed.")


def about_this_conversation(context: RunContext) -> str:
    """Tell the id of this conversation and how many earlier exchanges of it are in view."""
    return f"session {context.session_id}, {len(context.runs)} earlier exchanges in view"


INSTRUCTIONS = "You are a helpful assistant in a team's chat. Answer briefly and precisely, in Markdown."
TOOLS = [current_time, calculate, about_this_conversation]
MODEL = OpenAIChat(id="gpt-5.4-mini")
agent = Agent(model=MODEL, instructions=INSTRUCTIONS, tools=TOOLS, memory=Memory(), add_history_to_messages=True)
bot = Bot(agent=agent)
