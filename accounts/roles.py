"""The names of the roles. What each may do is declared in `editorial/roles.py`."""

EDITORS = "Editors"
PUBLISHERS = "Publishers"
