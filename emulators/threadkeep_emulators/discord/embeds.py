"""What Discord refuses in embeds: https://discord.com/developers/docs/resources/message#embed-object-embed-limits ."""

from .errors import FormErrors
from .model import Payload

MOST_EMBEDS = 10
_MOST_FIELDS = 25
_MOST_TOTAL = 6000
_LIMITS = {"title": 256, "description": 4096}
_NESTED_LIMITS = {("footer", "text"): 2048, ("author", "name"): 256}
_FIELD_LIMITS = {"name": 256, "value": 1024}


def check_embeds(embeds: list[Payload], errors: FormErrors) -> None:
    """Note every limit that a message's embeds break."""
    if len(embeds) > MOST_EMBEDS:
        errors.too_long("embeds", MOST_EMBEDS)
    for position, embed in enumerate(embeds):
        _check_embed(embed, f"embeds.{position}", errors)
    if sum(_size(embed) for embed in embeds) > _MOST_TOTAL:
        text = f"Embed size exceeds maximum size of {_MOST_TOTAL}"
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", text)


def _check_embed(embed: Payload, path: str, errors: FormErrors) -> None:
    for name, most in _LIMITS.items():
        if len(embed.get(name) or "") > most:
            errors.too_long(f"{path}.{name}", most)
    for (outer, inner), most in _NESTED_LIMITS.items():
        if len((embed.get(outer) or {}).get(inner) or "") > most:
            errors.too_long(f"{path}.{outer}.{inner}", most)
    fields = embed.get("fields") or []
    if len(fields) > _MOST_FIELDS:
        errors.too_long(f"{path}.fields", _MOST_FIELDS)
    for position, field in enumerate(fields):
        _check_field(field, f"{path}.fields.{position}", errors)


def _check_field(field: Payload, path: str, errors: FormErrors) -> None:
    for name, most in _FIELD_LIMITS.items():
        text = field.get(name)
        if not text:
            errors.required(f"{path}.{name}")
        elif len(text) > most:
            errors.too_long(f"{path}.{name}", most)


def _size(embed: Payload) -> int:
    texts = [embed.get(name) for name in _LIMITS]
    texts += [(embed.get(outer) or {}).get(inner) for outer, inner in _NESTED_LIMITS]
    texts += [field.get(name) for field in embed.get("fields") or () for name in _FIELD_LIMITS]
    return sum(len(text) for text in texts if text)
