"""The village in English."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from minillm.data.text import tokenize_words
from minillm.data.village import english_frames, lexicon, question_frames
from minillm.data.village.english_grammar import count, inflect, listing, number, with_article
from minillm.data.village.plan import Message
from minillm.data.village.queries import Query
from minillm.data.village.realizer import SUBJECT, Frames, Realizer
from minillm.data.village.schema import Event, Value


class Word(Protocol):
    """Anything of the lexicon with an English word."""

    @property
    def en(self) -> str:
        """The word."""
        ...


_NOMINATIVE = {"f": "she", "m": "he"}
_ACCUSATIVE = {"f": "her", "m": "him"}
_POSSESSIVE = {"f": "her", "m": "his"}
_ADULT = 18


class English(Realizer):
    """Writes one text in English.

    Example:
        >>> import random
        >>> from minillm.data.village.chronicle import record
        >>> English(record(0), random.Random(0)).value(7, "coins")
        'seven coins'

    Source: Surface realization with templates: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """

    events: ClassVar[Frames] = english_frames.EVENTS
    facts: ClassVar[Frames] = english_frames.FACTS
    quotes: ClassVar[Frames] = english_frames.QUOTES
    questions: ClassVar[Frames] = question_frames.ENGLISH

    def person(self, entity: str, form: str) -> str:
        """A name, a pronoun, or a word for kin."""
        person = self.chronicle.person[entity]
        if form in _KIN:
            return _KIN[form][person.sex]
        if form in ("nom", "acc", "own"):
            self.mention(entity)
            return {"nom": _NOMINATIVE, "acc": _ACCUSATIVE, "own": _POSSESSIVE}[form][person.sex]
        pronoun = form in ("", "poss") and self.pronoun_is_safe(entity) and self.rng.random() < 0.85
        new = self.is_new(entity)
        self.mention(entity)
        if form == "names":
            return f"{person.en}'s"
        if form == "poss":
            return _POSSESSIVE[person.sex] if pronoun else f"{person.en}'s"
        if pronoun:
            return (_NOMINATIVE if self.at_start else _ACCUSATIVE)[person.sex]
        if new and self.at_start and form == "" and self.rng.random() < 0.15:
            return self._with_job(entity)
        return person.en

    def place(self, entity: str, form: str) -> str:
        """A name, or the phrase for being there."""
        site = lexicon.SITES[entity]
        here = entity in self.now or (self.pronoun_is_safe(entity) and self.rng.random() < 0.9)
        self.mention(entity)
        if form in ("at", "to") and here:
            return "there"
        if form == "at" and self.is_home(entity):
            return "at home"
        phrase = f"the {site.en}"
        prefix = {"at": f"{site.preposition} ", "in": f"{site.preposition} ", "to": "to "}.get(form, "")
        return prefix + phrase

    def thing(self, entity: str, form: str) -> str:
        """A noun with what tells it apart, or a pronoun."""
        kind = lexicon.KINDS[self.chronicle.thing[entity].kind]
        if form == "noun":
            self.mention(entity)
            return kind.en
        likely = 1.0 if entity in self.now else 0.6
        pronoun = form == "" and self.pronoun_is_safe(entity) and self.rng.random() < likely
        new = self.is_new(entity)
        if pronoun:
            self.mention(entity)
            return "it"
        phrase = " ".join([*self._adjectives(entity, new, form), kind.en])
        if form == "new":
            phrase = with_article(phrase)
        elif form != "bare":
            phrase = f"{self._determiner(entity, new, form)} {phrase}"
        self.mention(entity)
        return phrase

    def value(self, value: Value, form: str) -> str:
        """The words for a number, a color and the like."""
        if form == "aged":
            person = self.chronicle.person[str(self.roles["a"])]
            girl, boy = ("girl", "boy") if int(value) < _ADULT else ("woman", "man")
            return with_article(f"{number(int(value))}-year-old {girl if person.sex == 'f' else boy}")
        if form == "day":
            return lexicon.DAYS[int(value)].en
        if form == "coins":
            return count(int(value), "coin", "coins")
        if form == "number":
            return number(int(value))
        if form == "job":
            return with_article(lexicon.JOBS[str(value)].en)
        return _TERMS[form][str(value)].en

    def ask(self, query: Query) -> str:
        """The question, as it is written."""
        question = super().ask(query)
        return question[0].upper() + question[1:]

    def answer(self, query: Query) -> str:
        """The answer to a question, as short as it can be."""
        self.asking, self.time = True, self.chronicle.now
        if query.sort == "time":
            day, part = (int(value) for value in query.value)
            return f"on {lexicon.DAYS[day].en} {lexicon.PARTS[part].en}"
        if query.sort == "number":
            return number(int(query.value[0]))
        if query.sort in ("person", "place", "thing"):
            write = {"person": self.person, "place": self.place, "thing": self.thing}[query.sort]
            return listing([write(str(value), "name") for value in query.value])
        return str(query.value[0]) if query.sort == "yes_no" else _TERMS[query.sort][str(query.value[0])].en

    def verb(self, lemma: str, plural: bool) -> str:
        """A verb in the tense of the sentence."""
        return inflect(lemma, self.tense, plural)

    def join(self, clauses: Sequence[str]) -> str:
        """Clauses with one subject as one clause."""
        relative = clauses[0].endswith((" girl", " boy", " woman", " man"))
        return (" who " if relative else " and ").join(clauses)

    def tell_two(self, first: Event, second: Event, link: str) -> str:
        """Two events in one sentence."""
        self.enter(first)
        walks: Sequence[str] = self.events[self.event_key(first)]
        if link == "where":  # "home from the mill, where" would say that it happened at the mill
            walks = [frame for frame in walks if "{q}" not in frame]
        frame = self.choose(walks, joined=True)
        self.tense = "perfect" if link == "after" else "past"
        opening = self.fill(frame)
        self.tense = "past"
        self.enter(second)
        frame = self.choose(self.events[self.event_key(second)], joined=True)
        if link != "and":
            frame = frame.replace(" {at:p}", "")
        if link == "and":
            return f"{opening} and {self.fill(frame[len(SUBJECT) :], subject=False)}"
        agent = _NOMINATIVE[self.chronicle.person[second.agent].sex]
        rest = f"{agent} {self.fill(frame[len(SUBJECT) :], subject=False)}"
        return f"after {opening}, {rest}" if link == "after" else f"{opening}, where {rest}"

    def finish(self, body: str, message: Message) -> tuple[str, tuple[str, ...]]:
        """The written sentence and its words."""
        if message.kind == "quote":
            body = f'"{body[1].upper()}{body[2:]}'
        else:
            body = self._with_adverb(body, message)
            body = f"{body[0].upper()}{body[1:]}."
        return body, tuple(tokenize_words(body, "en", lower=False))

    def _with_adverb(self, body: str, message: Message) -> str:
        if not message.adverb:
            return body
        last = self.event_near(message)
        day, part = lexicon.DAYS[last.day].en, lexicon.PARTS[last.part].en
        adverbs = {
            "part": [f"on {day} {part}"],
            "same_day": [f"in the {part}", f"that {part}", "later that day"],
            "next_day": [f"the next {part}", f"on {day} {part}"],
            "then": ["then", "after that", "soon afterwards", "a little later"],
            "since": ["from then on", "now"],
            "now": ["in the end", "now"],
        }
        adverb = self.fresh_adverb(adverbs[message.adverb])
        simple = not message.link and ":" not in body and "," not in body
        if message.adverb == "part" and simple and (message.tense == "perfect" or self.rng.random() < 0.3):
            return f"{body} {adverb}"
        return f"{adverb} {body}" if adverb in ("then", "now") else f"{adverb}, {body}"

    def _with_job(self, entity: str) -> str:
        name = self.chronicle.person[entity].en
        job = self.chronicle.one(entity, "job", self.time)
        if job is None or job.value == "pupil" or "v" in self.roles:
            return name
        self.support.append(job.id)
        return f"{name}, the {lexicon.JOBS[str(job.value)].en},"

    def _adjectives(self, entity: str, new: bool, form: str) -> list[str]:
        """The color or the material, where it is needed to tell the thing from others, or for a fuller picture."""
        looks = self.chronicle.looks(entity)
        if form != "new" and entity in (*self.before, *self.now) and self.pronoun_is_safe(entity):
            return []
        words = []
        rich = form == "new" or (new and not self.asking and form != "plain" and self.rng.random() < 0.7)
        if looks == "color" and (rich or self.chronicle.twins(entity)):
            words.append(lexicon.COLORS[str(self.cite(entity, "color"))].en)
        if looks == "material" and (rich or self.chronicle.twins(entity)):
            words.append(lexicon.MATERIALS[str(self.cite(entity, "material"))].adjective_en)
        return words

    def _determiner(self, entity: str, new: bool, form: str) -> str:
        owner = self.chronicle.one(entity, "owner", self.time)
        if owner is None or form == "plain" or self.asking:
            return "the"
        person = self.chronicle.person[str(owner.value)]
        rivals = [other for other in self.now if other != person.id and self.rivals(person.id, other)]
        if person.id in self.now and entity not in self.now and not rivals and self.rng.random() < 0.5:
            self.support.append(owner.id)
            return _POSSESSIVE[person.sex]
        if new and person.id in self.known and person.id not in self.now and self.rng.random() < 0.5:
            self.support.append(owner.id)
            self.mention(person.id)
            return f"{person.en}'s"
        return "the"


_KIN = {
    "parent": {"f": "mother", "m": "father"},
    "child": {"f": "daughter", "m": "son"},
    "sibling": {"f": "sister", "m": "brother"},
    "spouse": {"f": "wife", "m": "husband"},
}
_TERMS: dict[str, Mapping[str, Word]] = {
    "job": lexicon.JOBS,
    "color": lexicon.COLORS,
    "material": lexicon.MATERIALS,
    "like": lexicon.LIKES,
    "skill": lexicon.SKILLS,
    "mood": lexicon.MOODS,
    "weather": lexicon.WEATHER,
}
