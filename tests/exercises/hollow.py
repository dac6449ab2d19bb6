"""Programs that know nothing: zeros, ones and echoes in the very shapes of the right answers."""

from minillm.grading.exercise import Exercise

_SHAPED = '''
def _filled(value, fill):
    """A value of the same types and shapes that holds one number."""
    kind = type(value)
    if hasattr(value, "__next__"):
        return (_filled(item, fill) for item in value)
    if kind in (list, tuple, set):
        return kind(_filled(item, fill) for item in value)
    if kind is dict:
        return {key: _filled(item, fill) for key, item in value.items()}
    if kind in (bool, int, float, complex):
        return kind(fill)
    if kind is str:
        return ""
    if hasattr(value, "new_full"):
        return value.new_full(value.shape, fill)
    if hasattr(value, "dtype"):
        import numpy

        return numpy.full_like(value, fill)
    return value


def _refuse():
    raise ValueError("whatever it is")


def _hollow(function, answer):
    return lambda *args, **kwargs: answer(function, args, kwargs)


def _hollow_class(kind, answer):
    """Methods answer nothing; what is kept is the way it is built."""
    for owner in reversed(kind.__mro__[:-1]):
        if owner.__module__ == kind.__module__:
            for name, member in list(vars(owner).items()):
                if callable(member) and (not name.startswith("_") or name == "__call__"):
                    setattr(kind, name, _method(member, answer))
    return kind


def _method(function, answer):
    def call(self, *args, **kwargs):
        return answer(lambda *a, **k: function(self, *a, **k), args, kwargs)

    return call


_answer = {answer}
for _name in {asks}:
    _thing = globals()[_name]
    globals()[_name] = _hollow_class(_thing, _answer) if isinstance(_thing, type) else _hollow(_thing, _answer)
'''

ANSWERS = {
    "zeros": "lambda f, args, kwargs: _filled(f(*args, **kwargs), 0)",
    "ones": "lambda f, args, kwargs: _filled(f(*args, **kwargs), 1)",
    "echo of the first input": "lambda f, args, kwargs: (*args, *kwargs.values(), None)[0]",
    "echo of the last input": "lambda f, args, kwargs: (None, *args, *kwargs.values())[-1]",
    "an error at every call": "lambda f, args, kwargs: _refuse()",
}


def programs(exercise: Exercise) -> dict[str, str]:
    """For each kind of empty answer, a program that gives it whatever it is asked."""
    return {
        name: exercise.solution + _SHAPED.replace("{answer}", answer).replace("{asks}", repr(list(exercise.asks)))
        for name, answer in ANSWERS.items()
    }
