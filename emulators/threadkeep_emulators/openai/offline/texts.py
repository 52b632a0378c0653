"""The few things that the offline model knows by heart, and the long texts that it can make."""

SELF_PORTRAIT = (
    "I am the offline model: a small set of fixed rules inside the emulator. There is no language model and no"
    " network behind me, so that a bot can be tried without a key. I answer from the messages that I was sent."
)
ROBOT_STORY = (
    "Rusty the robot was built to sweep an empty station. One night it found a seed between two tiles, and gave it"
    " its own lamp for a sun. By spring the station had a tree, and the trains began to stop again."
)
JOKE = "Why did the robot go on holiday? It needed to recharge its batteries."
QUANTUM = (
    "Quantum physics describes the smallest things, such as electrons and photons. They come in fixed portions"
    " called quanta, act both as waves and as particles, and have no definite place or speed until they are"
    " measured; until then one can only give the chances of each result."
)
LIGHT = "The speed of light in a vacuum is exactly 299,792,458 metres per second, about 300,000 km/s."
HIGHEST_COUNT = 1000
_CODE = '''```python
def greet(name: str) -> str:
    """Give a greeting."""
    return f"Hello, {name}!"


print(greet("thread"))
```'''


def long_text(topic: str, *, sections: int = 12) -> str:
    """Give a long text in Markdown with headings, lists, a quotation, a table and a block of code."""
    parts = [f"# A long text about {topic}", "I am the offline model, so this is **filler**, _not_ knowledge."]
    for number in range(1, sections + 1):
        parts += [
            f"## Part {number}",
            f"This is part {number} of {sections} about {topic}. "
            + " ".join(f"Sentence {number}.{line} is here to make the text longer." for line in range(1, 9)),
            "\n".join(f"- point {number}.{point} with `code` and **weight**" for point in range(1, 4)),
        ]
        if number == 2:
            parts.append(_CODE)
        if number == 3:
            parts += ["> A quotation, to be seen as one.", "| column | value |\n|---|---|\n| first | 1 |\n| last | 2 |"]
    return "\n\n".join([*parts, "That was the end of the long text."])


def counted(highest: int) -> str:
    """Count from 1, up to a limit that keeps the answer within reason."""
    last = min(highest, HIGHEST_COUNT)
    numbers = ", ".join(str(number) for number in range(1, last + 1))
    return numbers if last == highest else f"{numbers} ... and I stop here, {HIGHEST_COUNT} is enough."
