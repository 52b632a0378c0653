"""Discord's numbers that matter to a bot, each with the page that gives it."""

from typing import Final

MESSAGE_LENGTH: Final = 2_000
"""Characters of a message: https://discord.com/developers/docs/resources/message#create-message

The page does not say whether a character is a code point or a UTF-16 unit; counting units is within both readings.
"""

LAYOUT_LENGTH: Final = 4_000
"""Characters of all texts of a message that is made of components.

https://discord.com/developers/docs/components/reference#text-display
"""

LAYOUT_COMPONENTS: Final = 40
"""Components of such a message, with those inside of others: https://discord.com/developers/docs/components/reference"""

NONCE_LENGTH: Final = 25
"""Characters of a nonce: https://discord.com/developers/docs/resources/message#create-message"""

THREAD_NAME_LENGTH: Final = 100
"""Characters of a thread's name: https://discord.com/developers/docs/resources/channel#start-thread-from-message"""

EDIT_INTERVAL: Final = 1.2
"""Seconds between visible changes of one reply.

Discord names the limits of a channel only in the headers of its answers (five messages or edits in five seconds are
usual), and all replies of a channel share them: https://discord.com/developers/docs/topics/rate-limits
"""

LONGEST_WAIT: Final = 30.0
"""Seconds that a call may wait for a rate limit inside discord.py before the reply is told; its least value."""

UNTOLD_WAIT: Final = 5.0
"""Seconds to wait for a limit of which Discord does not say how long it lasts."""

CALL_TIMEOUT: Final = 75.0
"""Seconds for one call: a wait for a rate limit, and discord.py's five tries 25 seconds apart in all."""

GLOBAL_REQUESTS: Final = 50
"""Requests a second of one bot: https://discord.com/developers/docs/topics/rate-limits#global-rate-limit"""

INVALID_REQUESTS: Final = 8_000
"""Requests that may be answered with 401, 403 or 429; Discord bans an address at 10,000.

https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

INVALID_SECONDS: Final = 600.0
"""Seconds within which those are counted."""

REFUSED_TOKEN_SECONDS: Final = 60.0
"""Seconds for which a token that was refused is not tried again."""

SESSION_STARTS: Final = 1_000
"""Gateway sessions that a bot may begin a day, where Discord was not asked for its number.

https://discord.com/developers/docs/events/gateway#session-start-limit-object
"""

SESSION_START_SECONDS: Final = 86_400.0
"""Seconds within which those are counted."""

IDENTIFY_SECONDS: Final = 5.0
"""Seconds between the beginnings of gateway sessions: https://discord.com/developers/docs/events/gateway#sharding"""

FILE_SECONDS: Final = 30.0
"""Seconds for one request for a file."""

FILE_ATTEMPTS: Final = 3
"""How often a file is asked for when Discord's file server fails."""

FILE_RETRY_DELAY: Final = 0.5
"""Seconds before it is asked for again; longer each time."""

HISTORY_PAGE: Final = 100
"""Messages of one page of history: https://discord.com/developers/docs/resources/message#get-channel-messages"""

LOOK_BACK_PAGES: Final = 5
"""Pages of history that are read to find a reply that may have been posted."""

BUTTONS_IN_ROW: Final = 5
"""Buttons of one row: https://discord.com/developers/docs/components/reference#action-row"""

ROWS: Final = 5
"""Rows under a message: https://discord.com/developers/docs/components/reference#action-row"""

TOKEN_SECONDS: Final = 890.0
"""Seconds for which an interaction can be answered, a little less than Discord's fifteen minutes.

https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
"""

GUEST_FOLLOW_UPS: Final = 5
"""Further messages of an answer where the bot was brought along by who asks.

https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message
"""

FORM_SECONDS: Final = 90 * 86_400.0
"""Seconds for which a button opens its form."""

COMMANDS: Final = 100
"""Commands of an application: https://discord.com/developers/docs/interactions/application-commands#registering-a-command"""

COMMAND_DESCRIPTION_LENGTH: Final = 100
"""Characters of what a command or its option says of itself.

https://discord.com/developers/docs/interactions/application-commands#application-command-object
"""

TYPING_INTERVAL: Final = 8.0
"""Seconds between signs of typing, each of which is shown for ten.

https://discord.com/developers/docs/resources/channel#trigger-typing-indicator
"""

TYPING_DELAY: Final = 0.6
"""Seconds before the first sign: an answer that begins sooner costs no call."""

CHOICES: Final = 25
"""Completions of what is being written in an option of a command.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-autocomplete
"""

COMPLETION_SECONDS: Final = 2.0
"""Seconds to find completions; Discord waits three."""

BOT_TURNS: Final = 5
"""How many messages of other bots are answered in a conversation before a person must have spoken in it."""

SESSIONS_REMEMBERED: Final = 5_000
"""Of how many conversations it is remembered how often bots spoke in them."""

CODE_WIDTH: Final = 80
"""How wide a table may be to be shown as code; Discord wraps lines of code that do not fit into its window."""
