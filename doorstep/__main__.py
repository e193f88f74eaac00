"""`python -m doorstep`."""

import sys

from doorstep.project.cli import main

if __name__ == "__main__":
    sys.exit(main())
