"""Users, the application, the gateway's address and direct messages."""

from threadkeep_emulators.discord.dms import direct_channel
from threadkeep_emulators.discord.errors import ApiError
from threadkeep_emulators.discord.permissions import everywhere_in
from threadkeep_emulators.discord.render import application_payload, channel_payload, permissions_text, user_payload

from .request import ApiAnswer, ApiRequest, read_snowflake

_MOST_GUILDS = 200


def get_me(request: ApiRequest) -> ApiAnswer:
    """Give the bot: https://discord.com/developers/docs/resources/user#get-current-user ."""
    return ApiAnswer(body=user_payload(request.realm.bot))


def get_guilds(request: ApiRequest) -> ApiAnswer:
    """List the guilds that the bot is in.

    https://discord.com/developers/docs/resources/user#get-current-user-guilds
    """
    after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 200))
    if not 1 <= limit <= _MOST_GUILDS:
        raise ApiError(400, 50035, "Invalid Form Body")
    realm = request.realm
    mine = sorted(guild.id for guild in realm.world.guilds.values() if realm.bot.id in guild.members)
    found = [realm.world.guilds[guild_id] for guild_id in mine if guild_id > after][:limit]
    return ApiAnswer(
        body=[
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": permissions_text(everywhere_in(realm.world, realm.bot, guild)),
                "features": [],
            }
            for guild in found
        ]
    )


def get_user(request: ApiRequest) -> ApiAnswer:
    """Give an account: https://discord.com/developers/docs/resources/user#get-user ."""
    return ApiAnswer(body=user_payload(request.realm.world.user(request.snowflake("user_id"))))


def get_application(request: ApiRequest) -> ApiAnswer:
    """Give the application.

    https://discord.com/developers/docs/resources/application#get-current-application
    """
    realm = request.realm
    return ApiAnswer(body=application_payload(realm.application, realm.enabled_intents))


def get_gateway(request: ApiRequest) -> ApiAnswer:
    """Give the gateway's address: https://discord.com/developers/docs/events/gateway#get-gateway ."""
    return ApiAnswer(body={"url": request.realm.gateway.url})


def get_gateway_bot(request: ApiRequest) -> ApiAnswer:
    """Give the gateway's address and how many sessions may still be opened today.

    https://discord.com/developers/docs/events/gateway#get-gateway-bot
    """
    realm = request.realm
    guilds = sum(realm.bot.id in guild.members for guild in realm.world.guilds.values())
    return ApiAnswer(body={"url": realm.gateway.url, **realm.gateway.starts.describe(guilds)})


def open_dm(request: ApiRequest) -> ApiAnswer:
    """Open a direct message: https://discord.com/developers/docs/resources/user#create-dm ."""
    realm = request.realm
    recipient_id = read_snowflake("recipient_id", str(request.form.get("recipient_id")))
    recipient = realm.world.users.get(recipient_id)
    if recipient is None or recipient == realm.bot:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    if recipient.is_bot:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    return ApiAnswer(body=channel_payload(realm.world, direct_channel(realm, recipient)))
