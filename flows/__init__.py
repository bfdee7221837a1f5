"""The procedures: each reads as the paragraph of the handbook that it carries out, and the command line."""
