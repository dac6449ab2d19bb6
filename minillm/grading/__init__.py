"""Auto-grading: a judge that never shares a process with the submission it judges."""
