"""Lines -> records: where the header of a line ends and what it says, and which lines are one record."""
