"""minillm: the package behind a notebook-first companion to 大规模语言模型：从理论到实践.

Importing the package alone costs nothing; import the part you need, for example ``from minillm.ngram import NgramLM``.
"""

__version__ = "0.1.0"
