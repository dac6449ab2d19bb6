"""A small world that can be simulated, told of in English and Chinese, and asked about.

The layers, each free of the next: `schema` and `lexicon` (what there is), `ledger`, `founding`, `simulation` and
`episodes` (what happens), `chronicle` (what was, looked up), `plan` and `queries` (what to say and to ask), `realizer`,
`english` and `chinese` (how to say it), `world` (what a reader uses).
"""

from minillm.data.village.schema import Event, Fact, Person, Place, Question, Scene, Sentence, Text, Thing
from minillm.data.village.world import World, build

__all__ = [
    "Event",
    "Fact",
    "Person",
    "Place",
    "Question",
    "Scene",
    "Sentence",
    "Text",
    "Thing",
    "World",
    "build",
]
