"""Files of a foreign system become leads by a mapping. Pure."""
