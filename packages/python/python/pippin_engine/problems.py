"""Errors that a user can do something about; the process that started us shows them, without a traceback."""


class Problem(Exception):
    """A failure with one of the codes of @pippin/python, a sentence, and what to do next."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def unsupported(message: str) -> Problem:
    """The model is none that this engine can build."""
    return Problem(
        "PYTHON_MODEL_UNSUPPORTED",
        message,
        "Convert it with --engine pippin, or try --route transformers --program stateless: that library's module.",
    )
