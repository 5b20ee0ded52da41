"""What a path means: which kind of sensitive or protected file it names."""

from checkrein.detect.paths.classify import ORDINARY, Classification, Places, classify, rules_used

__all__ = ["ORDINARY", "Classification", "Places", "classify", "rules_used"]
