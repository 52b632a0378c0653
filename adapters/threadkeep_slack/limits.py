"""What Slack allows, each number with its source, and how much of it we use."""

from typing import Final

MARKDOWN_LENGTH: Final = 12_000
"""Most characters of ``markdown_text`` in one call (https://docs.slack.dev/reference/methods/chat.postMessage/)."""

PART_LENGTH: Final = 11_000
"""Most characters that we put into one message. Slack does not say in which unit it counts and refuses some texts
below its own limit, so a part stays clear of it."""

EDIT_INTERVAL: Final = 1.2
"""Seconds between two visible changes of one reply. chat.update is Tier 3: at least 50 calls a minute, counted per
workspace (https://docs.slack.dev/apis/web-api/rate-limits/)."""

EDITS_PER_MINUTE: Final = 50
"""How many edits a minute all replies of a workspace share (Tier 3, as above)."""

EDIT_BURST: Final = 10
"""How many of them may come at once: Slack tolerates short bursts above a tier, without promising how short."""

UNKNOWN_RETRY_AFTER: Final = 10.0
"""Seconds to wait where Slack answers 429 without the Retry-After that it documents."""

ACKNOWLEDGE_WITHIN: Final = 3.0
"""Seconds until Slack takes an event for undelivered (https://docs.slack.dev/apis/events-api/)."""

NAME_LOOKUP_SECONDS: Final = 0.8
"""How long an event waits for the name of its speaker, counted from its arrival: well inside the three seconds."""

HAND_OVER_SECONDS: Final = 10.0
"""How long an event may wait for its turn and for the store. Beyond it Slack has long begun to deliver it again."""

GATHER_SECONDS: Final = 0.01
"""How long an event waits for earlier ones of its channel, where several sockets are open: messages that Slack sends
one right after the other may come over two of them."""

EVENTS_IN_FLIGHT: Final = 1_000
"""How many events may be handed over at once. Slack delivers at most 30,000 an hour, about 8 a second
(https://docs.slack.dev/apis/events-api/#rate-limiting); more than this means that the store stands still. Further
frames of a socket wait unread, further requests over HTTP are refused."""

REQUEST_BYTES: Final = 1_048_576
"""The largest request body that is read. Events are far smaller: 40,000 characters of text and its blocks."""

WEB_API_SECONDS: Final = 20.0
"""Time limit of one call of the Web API."""

CONNECT_SECONDS: Final = 15.0
"""How long the first connection may take."""

PING_SECONDS: Final = 5.0
"""Seconds between the pings on a socket. slack_sdk takes a socket for dead after four of them without an answer, and
waits as long between attempts to connect again."""

SOCKET_DOWN_SECONDS: Final = 30.0
"""How long a socket may be down before its address is thrown away: Slack's addresses carry a ticket for one use, and
slack_sdk goes on trying the same one."""

SOCKETS: Final = 1
"""How many sockets a process opens. With two, events come over the other while Slack renews one of them; without, Slack
delivers them again after some seconds. But then each event waits a little for earlier ones on the other socket."""

MOST_SOCKETS: Final = 10
"""How many sockets Slack allows to an app (https://docs.slack.dev/apis/events-api/using-socket-mode/)."""

SLOT_SECONDS: Final = 20.0
"""For how long a process holds its share of them without saying that it is still there."""

SLOT_HEARTBEAT: Final = 5.0
"""Seconds between two such signs."""

RENEWAL_SECONDS: Final = 5.0
"""How long a socket waits, before it is renewed, for another one of the process that is being renewed."""

DRAIN_SECONDS: Final = 5.0
"""How long ``stop`` waits for events that are being handed over."""

CACHED_NAMES: Final = 5_000
"""How many people, conversations and threads of messages are remembered, of each."""

PLACES_REMEMBERED: Final = 5_000
"""How many people's latest places are remembered, for their slash commands."""

NAME_TTL: Final = 3_600.0
"""Seconds for which a name is remembered; people change theirs rarely."""

FAILED_LOOKUP_TTL: Final = 60.0
"""Seconds for which a failed look-up is not repeated."""

LOOKUPS_IN_FLIGHT: Final = 50
"""How many look-ups may run at once. users.info is Tier 4: at least 100 a minute."""

MENTIONED_NAMES: Final = 5
"""How many people mentioned in one message are looked up by name."""

LOOK_BACK_PAGES: Final = 5
"""How many pages are read to find a message of ours that may have been posted."""

LOOK_BACK_SECONDS: Final = 86_400.0
"""How long before the question a message of ours is looked for. A repeated run may answer further questions, which were
asked after the first attempt had posted."""

LOOK_BACK_PAGE: Final = 200
"""Messages on each (https://docs.slack.dev/reference/methods/conversations.replies/ recommends at most 200)."""

CATCH_UP_PAGES: Final = 10
"""How many pages of a place are read to find what was missed."""

CATCH_UP_ATTEMPTS: Final = 5
"""How often a page is asked for, when Slack asks to wait or fails. Both methods are Tier 3: 50 calls a minute."""

CATCH_UP_DELAY: Final = 1.0
"""Seconds before a page is asked for again after Slack failed; longer each time."""

CATCH_UP_NAMES_SECONDS: Final = 5.0
"""How long the names of a missed message are waited for."""
