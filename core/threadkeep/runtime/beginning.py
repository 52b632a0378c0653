"""Beginning a run: of the agent, for what was said, or of a command."""

from threadkeep.agent.loop import AgentRun
from threadkeep.chat.speakers import to_messages
from threadkeep.runtime.commands import begin_command
from threadkeep.runtime.context import conversation, note_on, said_before
from threadkeep.runtime.order import Mark, Order, SpokenRun, unmarked


async def begin_run(order: Order) -> tuple[AgentRun | SpokenRun, Mark]:
    """Begin the run that answers some messages; give with it what completes its record.

    Raises:
        LeaseLostError: Another worker holds the session.
    """
    if order.event.command is not None:
        return await begin_command(order)
    most = order.settings.context_messages
    before = await said_before(order.claim, order.events, order.adapter, journal=order.journal, most=most)
    request = order.request((*before.messages, *to_messages(order.events)), note_on(order.event, before))
    found = await conversation(order.claim, order.store.history, shown=order.agent.needed_runs)
    return order.begin(request, found), unmarked
