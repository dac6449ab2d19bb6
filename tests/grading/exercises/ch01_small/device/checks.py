def test_runs(submission):
    assert submission.on_device(1.0) == 1.0
