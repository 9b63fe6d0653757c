"""Imports every family of guards, which registers them: who looks up a guard here finds all of them."""

from types import ModuleType

from domain.guards import anywhere, booking, closing, opening, reaching, transfer
from domain.guards.check import GUARDS, sentence

FAMILIES: tuple[ModuleType, ...] = (reaching, opening, booking, transfer, closing, anywhere)

__all__ = ["FAMILIES", "GUARDS", "sentence"]
