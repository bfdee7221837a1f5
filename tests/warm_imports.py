"""What each run of the command line imports and reads: those that are forked from here find it there."""

import flows.cli
import flows.commands
import flows.following
import flows.intake
import flows.promises  # noqa: F401
from config.loader import load_config
from tasks.expectations import gx_module
from tasks.rules.statutory import FIRST_YEAR, statutory

gx_module()
# the shipped files are read again where they have changed, and a company's own always
load_config()
statutory([FIRST_YEAR])
