"""What Slack tells: events, controls and what was missed, put into the core's vocabulary."""
