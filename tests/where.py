"""Where the models of the tests run: on the CPU, or where `LOFI_TEST_DEVICE=cuda make neural` says."""

from __future__ import annotations

import os
from typing import Any

DEVICE: Any = os.environ.get("LOFI_TEST_DEVICE", "cpu")
