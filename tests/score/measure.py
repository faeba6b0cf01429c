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
    stated: list = field(default_factory=list)  # (confidence, whether it was true) of what was said

    def add(self, truths, said):
        """`truths`: keys; `said`: keys of signals with their confidence. What is said twice is wrong once."""
        left = list(truths)
        for key, confidence in said:
            self.stated.append((confidence, key in left))
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
        self.stated += other.stated

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

    @property
    def mean_confidence(self):
        return sum(c for c, _ in self.stated) / len(self.stated) if self.stated else None

    @property
    def brier(self):
        """Mean squared distance of what was stated from what was true (G. W. Brier, Monthly Weather Review 78, 1950)."""
        return sum((c - right) ** 2 for c, right in self.stated) / len(self.stated) if self.stated else None

    def to_json(self):
        return {"n": self.n, "found": self.found, "false_negatives": len(self.missed), "false_positives": len(self.wrong),
                "precision": self.precision, "precision_95": wilson(self.found, self.found + len(self.wrong)),
                "recall": self.recall, "recall_95": wilson(self.found, self.n), "f1": self.f1,
                "mean_confidence": self.mean_confidence, "brier": self.brier, "missed": self.missed, "wrong": self.wrong}


def calibration(scores, bins=10):
    """Of all that was said with a confidence in each bin: (from, to, n, true ones, mean confidence); bins without any are left out."""
    rows = []
    stated = [pair for s in scores for pair in s.stated]
    for i in range(bins):
        low, high = i / bins, (i + 1) / bins
        mine = [(c, right) for c, right in stated if low <= c < high or (i == bins - 1 and c == high)]
        if mine:
            rows.append((low, high, len(mine), sum(right for _, right in mine), sum(c for c, _ in mine) / len(mine)))
    return rows
