from dataclasses import dataclass, field


@dataclass
class Timings:
    """How long one request took each time, in milliseconds, and how many SQL statements it needs."""

    rows: str
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    statements: int = 0
