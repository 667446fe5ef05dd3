"""What a case gives: the runs it made, and figures, some of them with a goal."""
from dataclasses import dataclass, field


@dataclass
class Figure:
    name: str
    value: float
    low: float = None
    high: float = None
    at_most: float = None
    at_least: float = None
    unit: str = ""

    def is_met(self):
        """Whether the goal is reached; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    def words(self):
        text = f"{self.name}: {number(self.value)}{self.unit}"
        if self.low is not None:
            text += f" ({number(self.low)} to {number(self.high)})"
        if self.is_met() is not None:
            goal = f"≤ {self.at_most}" if self.at_most is not None else f"≥ {self.at_least}"
            text += f", goal {goal}: " + ("met" if self.is_met() else "MISSED")
        return text


@dataclass
class Result:
    runs: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def add(self, *words, **more):
        self.figures.append(Figure(*words, **more))


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
