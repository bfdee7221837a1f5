"""Partner feeds: pages asked for, kept, and turned into rows that take the same way as those of files."""
