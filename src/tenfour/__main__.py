"""``python -m tenfour``."""

from tenfour.cli.main import main

main()
