from minillm.grading.expect import close


def test_center(submission):
    close(submission.build("Center", [1.0, 2.0, 6.0]).get("value"), 3.0)


def test_spread(submission):
    close(submission.spread([1.0, 2.0, 6.0]), 3.0)
