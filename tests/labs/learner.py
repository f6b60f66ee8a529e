# SPDX-License-Identifier: BSD-2-Clause
"""The author's proof of a lab."""

import place
from place import LABS, Failure, Skip

__all__ = ["LABS", "prove"]

EXIT_NO, EXIT_INVALID = 3, 5
# The effects of these labs are many times what others on the machine do to them.
FAST = ["--fast", "--max-foreign", "100", "--max-steal", "20"]
TRIES = 2  # a verdict on a machine that others use, too


def prove(lab, fast):
    """`lvt lab verify`: what it prints. A proof that fails is tried once more, and says so."""
    words = ["lab", "verify", lab] + (FAST if fast else [])
    told = []
    for left in range(TRIES - 1, -1, -1):
        with place.place() as here:
            status, out, err = here.lvt(*words, limit=1200)
        lines = out.splitlines()
        if status == EXIT_INVALID:
            raise Skip((err.strip() or out.strip()).splitlines()[-1])
        if not status:
            return told + lines
        if status != EXIT_NO or not left:
            raise Failure(f"exit {status}\n{out}\n{err}")
        told += ["not proved at the first try:", *lines]
    return told
