/* What the options of a method may be called: the keys that its signature spells
 * out, and for one that writes or finds records their columns. For the prompt's
 * completion and for the check of sources. */
#include "script/handle_internal.h"

#include <ctype.h>
#include <string.h>

#include "script/records_internal.h"

static const struct option_records {
    const char *method;
    enum entity entity; /* ENTITY_NONE: that of the handle */
    bool finds;
} option_records[] = {
    { "set", ENTITY_NONE, false },         { "task", ENTITY_TASK, false },
    { "tasks", ENTITY_TASK, true },        { "refer", ENTITY_REFERRAL, false },
    { "children", ENTITY_REFERRAL, true }, { "notes", ENTITY_NOTE, true },
};

static void options_add(struct handle_options *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (!strcmp(o->names[i], name))
            return;
    if (o->count < HANDLE_OPTIONS_MAX)
        o->names[o->count++] = name;
}

/* Words before a "=" and the arrow: "r:pause{reason=, note=, version=} → r". */
static void options_read(struct arena *a, const char *signature, struct handle_options *o)
{
    const char *end = strstr(signature, "→");
    for (const char *at = signature; (at = strchr(at, '=')) && (!end || at < end); at++) {
        const char *begin = at;
        while (begin > signature && (isalnum((unsigned char)begin[-1]) || begin[-1] == '_'))
            begin--;
        const char *name = arena_dupn(a, begin, (size_t)(at - begin));
        if (strcmp(name, "column") != 0)
            options_add(o, name);
    }
}

/* As people write them first: owner, due; then as they are called: owner_id, due_at_ms. */
static void options_columns(struct arena *a, const struct schema *s, struct handle_options *o)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct column *c = &s->columns[i];
        size_t n = strlen(c->name), ending = c->type == COLUMN_REF ? 3 : 6;
        if ((c->type == COLUMN_REF || c->type == COLUMN_TIME) && n > ending)
            options_add(o, arena_dupn(a, c->name, n - ending));
        options_add(o, c->name);
    }
}

const char *const *handle__finding(void)
{
    static const char *const words[] = {
        "fields", "limit",   "after",   "order",         "open",          "overdue",
        "id",     "created", "updated", "created_at_ms", "updated_at_ms", NULL
    };
    return words;
}

bool handle__options(struct arena *a, enum entity entity, const char *method,
                     struct handle_options *o)
{
    static const char *const writing[] = { "fields", "version", NULL };
    const struct script_function *f = handle__method(entity, method);
    *o = (struct handle_options){ .count = 0 };
    if (!f)
        return false;
    options_read(a, f->signature, o);
    for (size_t i = 0; i < sizeof option_records / sizeof *option_records; i++) {
        const struct option_records *r = &option_records[i];
        if (strcmp(r->method, method) != 0)
            continue;
        options_columns(a, schema_of(r->entity ? r->entity : entity), o);
        for (const char *const *w = r->finds ? handle__finding() : writing; *w; w++)
            options_add(o, *w);
    }
    return o->count > 0;
}
