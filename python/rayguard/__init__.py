"""rayguard checks KubeRay manifests. The package contains its binary, and no other code than what finds it."""

from rayguard.binary import find_binary

__all__ = ["find_binary"]
