"""What leadflow is measured with: generated leads, the bare limits, a database server of its own."""
