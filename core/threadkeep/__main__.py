"""``python -m threadkeep``: the same as the command ``threadkeep``."""

from threadkeep.cli import main

if __name__ == "__main__":
    main()
