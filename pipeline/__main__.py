"""`python -m pipeline`, the same as `corpusmill`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
