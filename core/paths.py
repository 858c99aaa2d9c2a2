"""Where the lab lies on this disk: child processes start there, so that ``python -m core…`` finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
