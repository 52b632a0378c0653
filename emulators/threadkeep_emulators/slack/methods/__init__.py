"""The methods of the Web API that a bot calls, one module for each family."""

from threadkeep_emulators.slack.call import Method

from . import assistant, chat, conversations, identity, modals, oauth, reactions, streams, surfaces, uploads

METHODS: dict[str, Method] = {
    method.name: method
    for family in (assistant, chat, conversations, identity, modals, oauth, reactions, streams, surfaces, uploads)
    for method in family.METHODS
}

__all__ = ["METHODS"]
