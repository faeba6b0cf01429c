"""Precision, recall and F1 of what was said against what is true, with Wilson intervals."""
import math
from dataclasses import dataclass, field

Z95 = 1.959964  # two-sided 95 %


def wilson(hits, n):
    """Bounds of a share; nothing is known of none (E. B. Wilson, JASA 22, 1927)."""
    if n == 0:
        return (0.0, 1.0)
    share, z2 = hits / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


@dataclass
class Score:
    """Of one detector on one set of data."""
    found: int = 0
    missed: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    def add(self, truths, said):
        """`truths`: keys; `said`: keys of signals. What is said twice is wrong once."""
        left = list(truths)
        for key in said:
            if key in left:
                left.remove(key)
                self.found += 1
            else:
                self.wrong.append(key)
        self.missed += left

    def merge(self, other):
        self.found += other.found
        self.missed += other.missed
        self.wrong += other.wrong

    @property
    def n(self):
        return self.found + len(self.missed)

    @property
    def precision(self):
        return self.found / (self.found + len(self.wrong)) if self.found + len(self.wrong) else 1.0

    @property
    def recall(self):
        return self.found / self.n if self.n else 1.0

    @property
    def f1(self):
        total = 2 * self.found + len(self.wrong) + len(self.missed)
        return 2 * self.found / total if total else 1.0

    def to_json(self):
        return {"n": self.n, "found": self.found, "false_negatives": len(self.missed), "false_positives": len(self.wrong),
                "precision": self.precision, "precision_95": wilson(self.found, self.found + len(self.wrong)),
                "recall": self.recall, "recall_95": wilson(self.found, self.n), "f1": self.f1,
                "missed": self.missed, "wrong": self.wrong}
