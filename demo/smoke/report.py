"""What smoke claims, and whether each claim held."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """The checks and their results."""

    lines: list[tuple[bool, str]] = field(default_factory=list)

    def claim(self, holds: bool, text: str) -> None:
        """Record a check and print it."""
        self.lines.append((holds, text))
        print(f"  {'ok    ' if holds else 'FAILED'}  {text}", flush=True)

    @property
    def all_true(self) -> bool:
        return all(holds for holds, _ in self.lines)
