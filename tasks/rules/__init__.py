"""Pure decisions over data frames: no database, no clock, no network, no Prefect."""
