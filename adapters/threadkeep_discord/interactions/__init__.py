"""What people do with commands, buttons, selects and forms, and what they are answered.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""
