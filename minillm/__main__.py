"""``python -m minillm``: the command line, where the script ``minillm`` is not on the path."""

from minillm.cli import main

if __name__ == "__main__":
    main()
