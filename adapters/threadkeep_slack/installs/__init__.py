"""Where the app is installed, and how it comes to be: manifest, OAuth, tokens, and what is missing."""
