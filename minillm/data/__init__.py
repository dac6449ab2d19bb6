"""Corpora: where the text comes from, and how it is cut into documents, sentences and words."""
