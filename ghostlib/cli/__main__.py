import sys

from ghostlib.cli import main

sys.exit(main())
