"""Everything that a run of the command line imports: those that are forked from here find it there."""

import flows.cli
import flows.commands
import flows.following
import flows.intake
import flows.promises  # noqa: F401
from tasks.expectations import gx_module

gx_module()
