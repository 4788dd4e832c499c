/* `baton` and its commands. */
#ifndef BATON_CLI_CLI_H
#define BATON_CLI_CLI_H

/* Runs one command line; returns the exit code (baton help exit-codes). */
int cli_main(int argc, char **argv);

#endif
