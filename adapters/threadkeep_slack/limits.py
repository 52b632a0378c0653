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
"""How many of them previews may make at once, before they keep a steady pace."""

STREAMS_PER_MINUTE: Final = 20
"""How many streams a minute may begin, and how many may end, in a workspace: both methods are Tier 2."""

APPENDS_PER_MINUTE: Final = 100
"""How often a minute all streams of a workspace may grow (Tier 4)."""

APPEND_BURST: Final = 20
"""How many of them may come at once, before they keep a steady pace."""

BUDGET_SECONDS: Final = 61.0
"""The stretch in which calls are counted: Slack's minute, and what two clocks and the way there may differ by."""

PREVIEW_SHARE: Final = 0.8
"""How much of a budget previews may use; the rest is there for what must be shown."""

STREAM_ROTATION: Final = 240.0
"""Age in seconds at which the next good place ends a streamed message: Slack ends it at about 300
(slackapi/python-slack-sdk#1859)."""

STREAM_ROTATION_LATEST: Final = 275.0
"""Age in seconds at which any place ends it."""

STREAMED_SHARE: Final = 0.85
"""How full a streamed message becomes as long as it is not known where it will end."""

STREAM_CARDS: Final = 40
"""How many task cards one message shows, of the 50 blocks that Slack allows."""

CARD_TEXT: Final = 500
"""Most characters of a task card's details: Slack counts them into the length of the message."""

CARD_TITLE: Final = 150
"""Most characters of a task card's title."""

STREAM_REFUSED_SECONDS: Final = 600.0
"""For how long streaming is not tried again where Slack refused it."""

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

REQUEST_SECONDS: Final = 10.0
"""So long the body of a request may take to come. Slack itself gives an answer three seconds
(https://docs.slack.dev/apis/events-api/#responding)."""

WEB_API_SECONDS: Final = 20.0
"""Time limit of one call of the Web API."""

CONNECT_SECONDS: Final = 15.0
"""How long the first connection may take."""

PING_SECONDS: Final = 5.0
"""Seconds between the pings on a socket."""

SILENT_PINGS: Final = 4
"""During how many pings nothing at all may come before a socket is taken for dead."""

RECONNECT_SECONDS: Final = 1.0
"""The longest wait before a socket is tried again the first time; it doubles with each attempt."""

RECONNECT_MOST_SECONDS: Final = 30.0
"""The longest of these waits."""

STEADY_SECONDS: Final = 10.0
"""How old a socket must be for its end to be an accident: the next is opened without a wait."""

RETIRE_QUIET_SECONDS: Final = 1.0
"""For how long nothing may have come over a replaced socket before it is closed; not after a mere warning."""

RETIRE_SECONDS: Final = 15.0
"""After how long it is closed in any case. Slack closes it about ten seconds after its warning."""

SOCKETS: Final = 1
"""How many sockets a process opens. One is enough: when Slack has it renewed, the next is open before it closes. With
two, events come over the other when one breaks, but each event waits a little for earlier ones on the other socket."""

MOST_SOCKETS: Final = 10
"""How many sockets Slack allows to an app (https://docs.slack.dev/apis/events-api/using-socket-mode/)."""

SLOT_SECONDS: Final = 20.0
"""For how long a process holds its share of them without saying that it is still there."""

SLOT_HEARTBEAT: Final = 5.0
"""Seconds between two such signs."""

FILE_SECONDS: Final = 30.0
"""Time limit of one request for a file."""

FILE_ATTEMPTS: Final = 3
"""How often a file is asked for when Slack's file server fails."""

FILE_RETRY_DELAY: Final = 0.5
"""Seconds before it is asked for again; longer each time."""

DRAIN_SECONDS: Final = 5.0
"""How long ``stop`` waits for events that are being handed over."""

CACHED_NAMES: Final = 5_000
"""How many people, conversations and threads of messages are remembered, of each."""

GROUP_TEAMS: Final = 10
"""In how many workspaces of an organisation a user group is looked for."""

PLACES_REMEMBERED: Final = 5_000
"""How many people's latest places are remembered, for their slash commands."""

PARTICIPANTS: Final = 50
"""How many people of a conversation are remembered by name, for the model to mention."""

NAME_TTL: Final = 3_600.0
"""Seconds for which a name is remembered; people change theirs rarely."""

MEMBERS_TTL: Final = 60.0
"""Seconds for which it is believed who is in a user group. usergroups.list is Tier 2: at least 20 a minute."""

FAILED_LOOKUP_TTL: Final = 60.0
"""Seconds for which a failed look-up is not repeated."""

LOOKUPS_IN_FLIGHT: Final = 50
"""How many look-ups may run at once. users.info is Tier 4: at least 100 a minute."""

MENTIONED_NAMES: Final = 5
"""How many people mentioned in one message are looked up by name."""

BOT_TURNS: Final = 5
"""How many messages of other bots are answered in a conversation before a person must have spoken in it."""

SAID_BEFORE_PAGE: Final = 999
"""Most replies of a thread that are read in one page, which Slack allows below 1,000; it gives the oldest first
(https://docs.slack.dev/reference/methods/conversations.replies/)."""

SAID_BEFORE_SECONDS: Final = 86_400.0
"""How long before a mention the talk of a channel still belongs to it."""

SAID_BEFORE_NAMES_SECONDS: Final = 1.5
"""How long the names of those who spoke before are waited for."""

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

TOKEN_RENEWAL_SECONDS: Final = 7_200.0
"""How long before it expires a token is renewed. Tokens that rotate live for twelve hours
(https://docs.slack.dev/authentication/using-token-rotation/), so there is time for many attempts."""

TOKEN_LEAST_SECONDS: Final = 60.0
"""For how long a token must still work to be used: the longest call, and clocks that differ."""

RENEWAL_LOCK_SECONDS: Final = 60.0
"""How long the lock of a renewal holds: longer than the call and the writes under it together."""

RENEWAL_SAVE_SECONDS: Final = 20.0
"""How long it is tried to keep renewed tokens while the store is away."""

RENEWAL_WAIT_SECONDS: Final = 10.0
"""How long a call waits for another process that renews the token."""

RENEWAL_POLL: Final = 0.1
"""Seconds between two looks at what another process does, or two attempts to write."""

RENEWAL_RETRY_SECONDS: Final = 60.0
"""Seconds before a failed renewal is tried again."""

INSTALLS_HEARTBEAT: Final = 2.0
"""Seconds between two looks whether installations were changed by another process, or must be renewed."""

INSTALLS_NOTE_SECONDS: Final = 2_592_000.0
"""For how long the latest change of installations is noted."""

BRANCHES_OPEN: Final = 1_000
"""How many workspaces' names and clients a process holds; those that were not used for long are read again."""

INSTALL_SECONDS: Final = 300.0
"""How long somebody may take to install the app, from opening the page until Slack sends them back."""

ABILITY_SECONDS: Final = 600.0
"""For how long a feature that Slack refused to the app is not tried again."""

SESSIONS_PER_MINUTE: Final = 50
"""How many statuses and titles of sessions a minute a workspace is given. Slack does not say; a client of others counts
them as Tier 3."""

SESSION_BURST: Final = 20
"""How many of them may come at once, before they keep a steady pace."""

STATUS_ATTEMPTS: Final = 8
"""How often it is tried to show that the bot is not at work any more."""

STATUS_DELAY: Final = 0.5
"""Seconds before that is tried again; longer each time."""

STATUS_REFRESH: Final = 90.0
"""Seconds after which the line under a thread is set again: Slack takes it away after two minutes
(https://docs.slack.dev/reference/methods/assistant.threads.setStatus/)."""

STATUS_WAIT: Final = 1.0
"""How long the end of a reply waits for its status; then it is set beside everything else."""

ERRANDS_AT_ONCE: Final = 1_000
"""How many small things are done for a workspace at once, beside its events."""

ERRANDS_END_SECONDS: Final = 3.0
"""How long they may go on when the bot stops."""

SUGGESTED_PROMPTS: Final = 4
"""How many prompts Slack suggests at most
(https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts/)."""

PROMPTS_SECONDS: Final = 86_400.0
"""For how long prompts that were suggested to somebody are not suggested again."""

PEOPLE_REMEMBERED: Final = 10_000
"""Of how many people it is remembered what they look at, and when their tab was filled."""

LOOKING_SECONDS: Final = 1_800.0
"""For how long what somebody was looking at counts."""

LOOKING_READ_SECONDS: Final = 0.3
"""How long a message waits to learn from the store what its author is looking at."""

DIRECTS_ASK_SECONDS: Final = 1.5
"""How long the first direct message of a workspace waits for the answer whether each begins a thread: well inside the
three seconds."""

DIRECTS_SECONDS: Final = 3_600.0
"""For how long a workspace in which they do not is not asked again."""

NOTES_HEARTBEAT: Final = 2.0
"""Seconds between two looks whether another process has changed how the bot is set up in a workspace."""

NOTES_READ_SECONDS: Final = 1.0
"""How long an event waits for them, the first time and after a change."""

NOTES_CHANGE_SECONDS: Final = 86_400.0
"""For how long such a change is announced."""

CHANNELS_SET_UP: Final = 2_000
"""In how many channels of a workspace it may be set when the bot answers."""

HOME_SECONDS: Final = 3.0
"""Seconds between two renewals of one person's Home tab by opening it."""

HOME_SESSIONS: Final = 10
"""How many conversations the Home tab shows."""

HOME_MEMOS: Final = 20
"""How many memories it shows."""

ANSWER_URL_SECONDS: Final = 1_740.0
"""For how long a slash command is answered at its own address, which Slack takes for 30 minutes
(https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses)."""

ANSWER_URLS: Final = 1_000
"""How many such addresses a process remembers; the store has them all."""

FORM_SECONDS: Final = 2.0
"""How long opening a form may take: what lets us open it ends after three seconds."""

QUOTE_LENGTH: Final = 1_500
"""Most characters of a message about which a question is asked: they travel with the form, which takes 3,000."""

LAST_PLACE_NOTED: Final = 10.0
"""Seconds after which it is noted again for other processes that somebody still speaks in the same thread."""

LAST_PLACE_SECONDS: Final = 604_800.0
"""For how long a slash command means the thread in which its author spoke last."""
