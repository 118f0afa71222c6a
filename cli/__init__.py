"""The command line: arguments in, one workflow call, errors out as exit codes."""
