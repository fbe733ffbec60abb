"""Families: patterns that say similar things, by TF-IDF over character n-grams and DBSCAN."""
