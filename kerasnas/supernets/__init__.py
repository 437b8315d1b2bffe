"""Rules that train the shared weights of a supernet, a file a rule. Keras is imported with the first rule."""

import importlib

_HOMES = {
    "DARTS": "darts", "SNAS": "gumbel", "GDAS": "gumbel", "PCDARTS": "pc_darts", "DrNAS": "drnas",
    "BetaDARTS": "beta_darts", "ExpectedCost": "expected_cost", "Rule": "rule",
    "SinglePath": "single_path",
}  # fmt: skip

__all__ = ["DARTS", "GDAS", "PCDARTS", "SNAS", "BetaDARTS", "DrNAS", "ExpectedCost", "Rule", "SinglePath"]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'kerasnas.supernets' has no attribute '{name}'")
    return getattr(importlib.import_module(f"kerasnas.supernets.{_HOMES[name]}"), name)
