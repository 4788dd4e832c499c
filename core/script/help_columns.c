/* The columns of entities for help and the reference, read from the schema: a
 * line each with its names, its type, and what it holds. */
#include "script/help_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/buf.h"

enum { COLUMNS_NAME = 64 };

/* "subject, subject_id": what names another record is called by either. */
static size_t columns_name(const struct column *c, char name[COLUMNS_NAME])
{
    int n = (int)strlen(c->name);
    bool other = c->type == COLUMN_REF && n > 3;
    return (size_t)(other ? snprintf(name, COLUMNS_NAME, "%.*s, %s", n - 3, c->name, c->name)
                          : snprintf(name, COLUMNS_NAME, "%s", c->name));
}

static const char *columns_type(const struct column *c)
{
    static const char *const types[] = {
        [COLUMN_TEXT] = "text", [COLUMN_INT] = "int", [COLUMN_BOOL] = "bool",
        [COLUMN_REAL] = "real", [COLUMN_TIME] = "ms", [COLUMN_ANY] = "record",
    };
    return c->type == COLUMN_REF ? schema_of(c->ref)->name : types[c->type];
}

void help__columns(const struct schema *s, struct buf *out)
{
    char name[COLUMNS_NAME];
    size_t width = 0;
    for (size_t i = 0; i < s->count; i++) {
        size_t n = columns_name(&s->columns[i], name);
        width = n > width ? n : width;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct column *c = &s->columns[i];
        columns_name(c, name);
        buf_printf(out, "  %-*s  %-8s  %s%s\n", (int)width, name, columns_type(c), c->help,
                   c->flags & COLUMN_ENGINE ? " (by baton)" : "");
    }
}

void help__all_columns(struct buf *out)
{
    for (int e = ENTITY_NONE + 1; e < ENTITY_END; e++) {
        const struct schema *s = schema_of((enum entity)e);
        buf_printf(out, "\n%s (%c-1):\n", s->plural, s->letter);
        help__columns(s, out);
    }
}
