"""What is away for now."""


class Unavailable(RuntimeError):
    """Something that is needed does not work at this moment: asking again later helps. Answered by 503."""
