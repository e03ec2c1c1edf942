"""Everything that can be known about a book without running it: what `tabbook check` reports."""
