"""What is said, in the seeded runs and in those that are measured."""

QUESTION = "What did we say about the plan for the next release, and who wanted to look into it?"
END = "(end)"
CHUNKS = ["Answer:", *(f" word{number}" for number in range(1, 99)), f" {END}"]
ANSWER = "".join(CHUNKS)
INSTRUCTIONS = "You are a helpful assistant in a team's chat."
MODEL = "gpt-5.4-mini"
TEAM, PERSON = "T0BENCH001", "U0PERSON01"
HISTORY_RUNS = 3
