"""What becomes of a lead while it is followed: one pure function of facts, rules and a moment, over frames."""
