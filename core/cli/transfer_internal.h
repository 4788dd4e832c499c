/* What import and export share: the words of their command lines, and their reports. */
#ifndef CLI_TRANSFER_INTERNAL_H
#define CLI_TRANSFER_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

struct ask;
struct cli;
struct error;
struct jsonw;
struct schema;

int transfer_entity(const char *word, const struct schema **out, struct error *e);
/* "csv" or "jsonl": --format, or the ending of the file's name. */
int transfer_format(const struct cli *c, const char **out, struct error *e);
/* --separator as one character, or NULL. */
int transfer_separator(const struct cli *c, const char **out, struct error *e);
void transfer_write_separator(const struct cli *c, struct jsonw *w); /* one that was checked */
/* A pipe or device, or what only this process knows by that name (/dev/fd/3): whoever hosts the
 * organisation can't open it. */
bool transfer_is_own(const char *path);
const json_t *transfer_report(const struct ask *a);
long long transfer_number(const json_t *report, const char *key);

#endif
