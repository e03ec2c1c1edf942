"""Lets ``python -m tabbook`` run the command line."""

import sys

from tabbook.cli import main

sys.exit(main())
