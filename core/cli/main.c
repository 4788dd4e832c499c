/* The program. Everything else is in cli.c, so that tests can link it. */
#include "baton/cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
