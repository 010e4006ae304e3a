"""When work is done: a week's hours, in dates and out dates. An island: pure, and it knows no rows."""
