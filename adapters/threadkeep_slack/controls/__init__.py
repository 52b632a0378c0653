"""What people press, choose, fill in and command on Slack, and what only one of them sees."""
