"""The toolchain of a book in several frameworks: one source, one page, a tab per framework.

A section flows one way through modules named after the stages: ``read`` → ``project`` →
``extract`` (the library) and ``execute`` (the outputs) → ``merge`` → ``render``.
"""

__version__ = "0.1.0"
