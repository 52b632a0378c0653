"""What stands in the files that people post, in a form that a model takes."""
