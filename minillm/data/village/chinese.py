"""The village in Chinese. Inside this module blanks separate words; they vanish in the finished text."""

from collections.abc import Sequence
from typing import ClassVar

from minillm.data.village import chinese_frames, lexicon, question_frames
from minillm.data.village.chinese_grammar import count, listing, number
from minillm.data.village.plan import Message
from minillm.data.village.queries import Query
from minillm.data.village.realizer import SUBJECT, Frames, Realizer
from minillm.data.village.schema import Event, Value

_PRONOUN = {"f": "她", "m": "他"}
_ADULT = 18


class Chinese(Realizer):
    """Writes one text in Chinese.

    Example:
        >>> import random
        >>> from minillm.data.village.chronicle import record
        >>> Chinese(record(0), random.Random(0)).value(2, "coins")
        '两 枚 硬币'

    Source: Surface realization with templates: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """

    conjunction = " ， "
    events: ClassVar[Frames] = chinese_frames.EVENTS
    facts: ClassVar[Frames] = chinese_frames.FACTS
    quotes: ClassVar[Frames] = chinese_frames.QUOTES
    questions: ClassVar[Frames] = question_frames.CHINESE

    def phrase(self, form: str, role: str) -> str:
        """The noun phrase for a slot; only the first one of a clause is its subject."""
        phrase = super().phrase(form, role)
        self.at_start = False
        return phrase

    def person(self, entity: str, form: str) -> str:
        """A name, a pronoun, or a word for kin."""
        person = self.chronicle.person[entity]
        if form == "sibling":
            return self._sibling(entity)
        if form in _KIN:
            return _KIN[form][person.sex]
        if form in ("nom", "acc"):
            self.mention(entity)
            return _PRONOUN[person.sex]
        pronoun = form in ("", "poss") and self.pronoun_is_safe(entity) and self.rng.random() < 0.7
        new, start = self.is_new(entity), self.at_start
        self.mention(entity)
        name = _PRONOUN[person.sex] if pronoun else person.zh
        if form == "poss":
            return f"{name} 的"
        if new and start and form == "" and self.rng.random() < 0.15:
            return self._with_job(entity)
        return name

    def place(self, entity: str, form: str) -> str:
        """A name, or the phrase for being there."""
        site = lexicon.SITES[entity]
        here = entity in self.now or (self.pronoun_is_safe(entity) and self.rng.random() < 0.9)
        self.mention(entity)
        inside = f"{site.zh} {site.suffix}".strip()
        if form == "in":
            return f"在 {inside}"
        if form == "at" and self.is_home(entity):
            return "在 家 里"
        if form in ("at", "loc"):
            phrase = "那里" if here else inside
            return f"在 {phrase}" if form == "at" else phrase
        return site.zh

    def thing(self, entity: str, form: str) -> str:
        """A noun with what tells it apart, or a pronoun."""
        kind = lexicon.KINDS[self.chronicle.thing[entity].kind]
        if form == "measure":
            return kind.measure
        if form == "noun":
            self.mention(entity)
            return kind.zh
        likely = 1.0 if entity in self.now else 0.3
        if form == "" and self.pronoun_is_safe(entity) and self.rng.random() < likely:
            self.mention(entity)
            return "它"
        adjective = self._adjective(entity, form)
        determiner = f"一 {kind.measure}" if form == "new" else self._determiner(entity, form, kind.measure)
        if adjective.endswith("色") and not determiner.endswith("的") and form != "bare":
            adjective += " 的"
        self.mention(entity)
        return " ".join(word for word in (determiner, adjective, kind.zh) if word)

    def value(self, value: Value, form: str) -> str:
        """The words for a number, a color and the like."""
        if form == "aged":
            person = self.chronicle.person[str(self.roles["a"])]
            noun = ("女孩", "男孩") if int(value) < _ADULT else ("女人", "男人")
            return f"一 个 {number(int(value))} 岁 的 {noun[person.sex == 'm']}"
        if form == "day":
            return lexicon.DAYS[int(value)].zh
        if form == "coins":
            return count(int(value), "枚", "硬币")
        if form == "number":
            return number(int(value))
        return _TERMS[form][str(value)]

    def ask(self, query: Query) -> str:
        """The question, as it is written."""
        return "".join(super().ask(query).split())

    def answer(self, query: Query) -> str:
        """The answer to a question, as short as it can be."""
        self.asking, self.time = True, self.chronicle.now
        if query.sort == "time":
            day, part = (int(value) for value in query.value)
            answer = f"{lexicon.DAYS[day].zh} {lexicon.PARTS[part].zh}"
        elif query.sort == "number":
            counted = int(query.value[0])
            answer = "两" if counted == 2 and query.kind.startswith(("count", "price")) else number(counted)
        elif query.sort in ("person", "place", "thing"):
            write = {"person": self.person, "place": self.place, "thing": self.thing}[query.sort]
            answer = listing([write(str(value), "name") for value in query.value])
        elif query.sort == "yes_no":
            answer = {"yes": "是", "no": "不 是"}[str(query.value[0])]
        else:
            answer = _TERMS[query.sort][str(query.value[0])]
        return "".join(answer.split())

    def verb(self, lemma: str, plural: bool) -> str:
        """A verb in the tense of the sentence."""
        raise AssertionError("Chinese frames have no verb slots")

    def join(self, clauses: Sequence[str]) -> str:
        """Clauses with one subject as one clause."""
        return " ， ".join(clauses)

    def tell_two(self, first: Event, second: Event, link: str) -> str:
        """Two events in one sentence."""
        self.enter(first)
        opening = self.fill(self.choose(self.events[self.event_key(first)], joined=True))
        self.enter(second)
        frame = self.choose(self.events[self.event_key(second)], joined=True)
        if link == "where" and "{at:p}" not in frame and "{loc:p}" not in frame:
            frame = frame.replace(SUBJECT, f"{SUBJECT}{{at:p}} ", 1)
        elif link == "after":
            frame = frame.replace(" {at:p}", "")
            opening = f"{opening.removesuffix(' 了')} 以后"
        return f"{opening} ， {self.fill(frame[len(SUBJECT) :], subject=False)}"

    def finish(self, body: str, message: Message) -> tuple[str, tuple[str, ...]]:
        """The written sentence and its words."""
        if message.kind != "quote":
            body = f"{self._adverb(message)}{body} 。"
        words = tuple(body.split())
        return "".join(words), words

    def _adverb(self, message: Message) -> str:
        if not message.adverb:
            return ""
        last = self.event_near(message)
        day, part = lexicon.DAYS[last.day].zh, lexicon.PARTS[last.part].zh
        adverbs = {
            "part": [f"{day} {part} ， ", f"{day} {part} "],
            "same_day": [f"{part} ， ", f"当天 {part} ， "],
            "next_day": [f"第二天 {part} ， ", f"{day} {part} ， "],
            "then": ["然后 ， ", "接着 ， ", "不久 ， ", "过 了 一会儿 ， "],
            "since": ["从此 ， ", "从 那 以后 ， ", "现在 "],
            "now": ["最后 ， ", "现在 "],
        }
        recalled = "原来 ， " if message.tense == "perfect" else ""
        return recalled + self.fresh_adverb(adverbs[message.adverb])

    def _sibling(self, entity: str) -> str:
        """Brothers and sisters are called by who is older."""
        other = str(self.roles["b" if self.roles["a"] == entity else "a"])
        ages = [int(self.cite(person, "age") or 0) for person in (entity, other)]
        return _SIBLING[self.chronicle.person[entity].sex][ages[0] > ages[1]]

    def _with_job(self, entity: str) -> str:
        name = self.chronicle.person[entity].zh
        job = self.chronicle.one(entity, "job", self.time)
        if job is None or job.value == "pupil" or "v" in self.roles:
            return name
        self.support.append(job.id)
        return f"{lexicon.JOBS[str(job.value)].zh} {name}"

    def _adjective(self, entity: str, form: str) -> str:
        """The color or the material, where it is needed to tell the thing from others, or for a fuller picture."""
        if form != "new" and entity in (*self.before, *self.now) and self.pronoun_is_safe(entity):
            return ""
        new = self.is_new(entity) and not self.asking
        rich = form == "new" or (new and form != "plain" and self.rng.random() < 0.7)
        if not rich and not self.chronicle.twins(entity):
            return ""
        if self.chronicle.looks(entity) == "color":
            return lexicon.COLORS[str(self.cite(entity, "color"))].zh
        return lexicon.MATERIALS[str(self.cite(entity, "material"))].adjective_zh

    def _determiner(self, entity: str, form: str, measure: str) -> str:
        if form == "bare":
            return ""
        owner = self.chronicle.one(entity, "owner", self.time)
        if self.asking:
            return f"那 {measure}"
        if form == "plain" or owner is None:
            return f"那 {measure}" if self.rng.random() < 0.5 else ""
        person = self.chronicle.person[str(owner.value)]
        rivals = [other for other in self.now if other != person.id and self.rivals(person.id, other)]
        if person.id in self.now and entity not in self.now and not rivals and self.rng.random() < 0.4:
            self.support.append(owner.id)
            return f"{_PRONOUN[person.sex]} 的"
        if self.is_new(entity):
            if person.id not in self.known or person.id in self.now or self.rng.random() < 0.5:
                return ""
            self.support.append(owner.id)
            self.mention(person.id)
            return f"{person.zh} 的"
        return f"那 {measure}" if self.rng.random() < 0.6 else ""


_KIN = {
    "parent": {"f": "妈妈", "m": "爸爸"},
    "child": {"f": "女儿", "m": "儿子"},
    "spouse": {"f": "妻子", "m": "丈夫"},
}
_SIBLING = {"f": ("妹妹", "姐姐"), "m": ("弟弟", "哥哥")}
_SKY = {
    "sunny": "阳光 很 好",
    "rainy": "下 着 雨",
    "windy": "刮 着 风",
    "cloudy": "天 很 阴",
    "foggy": "起 了 雾",
}
_TERMS = {
    "color": {key: term.zh for key, term in lexicon.COLORS.items()},
    "material": {key: material.zh for key, material in lexicon.MATERIALS.items()},
    "like": {key: term.zh for key, term in lexicon.LIKES.items()},
    "skill": {key: skill.zh for key, skill in lexicon.SKILLS.items()},
    "mood": {key: term.zh for key, term in lexicon.MOODS.items()},
    "weather": {key: term.zh for key, term in lexicon.WEATHER.items()},
    "job": {key: job.zh for key, job in lexicon.JOBS.items()},
    "sky": _SKY,
}
