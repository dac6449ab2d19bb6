import numpy as np

from minillm.grading.expect import close, is_true


def test_numbers(submission, rng):
    x = rng.normal(size=5) + 3
    close(submission.double(x), 2 * x, causes={"squares": x**2})


def test_shape(submission):
    is_true(submission.double(np.ones((2, 3))).shape == (2, 3), "the shape changed")
