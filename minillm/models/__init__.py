"""Language models, from the feed-forward network of 2003 onwards."""
