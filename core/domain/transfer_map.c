/* Headers of a file and where they go.
 *
 * A header is renamed by the caller's map or maps to itself; what it then says
 * must be id, version, a column, or "fields.x" with x declared. The columns
 * that an export adds for the reader (created_at_ms, ...) are known and
 * dropped, so that an export can be imported as it is. */
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "domain/transfer_internal.h"

#include <stdio.h>
#include <string.h>

struct transfer__map {
    struct arena *arena;
    const struct transfer *t;
    const struct schema *schema;
    const char **names; /* everything that a header may say, ended by NULL */
    size_t count, room;
};

static const char *const map_ignored[] = { "created_at_ms", "updated_at_ms", "last_event", "entity",
                                           NULL };

const struct field *transfer__field(const struct domain *d, enum entity entity,
                                    const char *workflow, const char *name)
{
    const struct field *f = NULL;
    for (size_t i = 0; entity == ENTITY_REFERRAL && !f && i < domain_graph_count(d); i++) {
        const struct graph *g = domain_graph_at(d, i);
        if (!workflow || !strcmp(graph_name(g), workflow))
            f = graph_field(g, name);
    }
    return f ? f : domain_field(d, entity, name);
}

static void map_add(struct transfer__map *m, const char *name)
{
    if (m->count + 1 >= m->room) {
        m->room = m->room ? m->room * 2 : 64;
        m->names = mem_resize(m->names, m->room * sizeof *m->names);
    }
    m->names[m->count++] = name;
    m->names[m->count] = NULL;
}

static void map_add_field(struct transfer__map *m, const char *name)
{
    char *full = arena_printf(m->arena, "fields.%s", name);
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->names[i], full))
            return;
    map_add(m, full);
}

static void map_collect(struct transfer__map *m, const struct domain *d)
{
    map_add(m, "id");
    map_add(m, "version");
    for (size_t i = 0; i < m->schema->count; i++)
        map_add(m, m->schema->columns[i].name);
    const struct field *f;
    for (size_t i = 0; (f = domain_field_at(d, m->schema->entity, i)); i++)
        map_add_field(m, f->name);
    for (size_t i = 0; m->schema->entity == ENTITY_REFERRAL && i < domain_graph_count(d); i++) {
        const struct graph *g = domain_graph_at(d, i);
        for (size_t j = 0; j < graph_field_count(g); j++)
            map_add_field(m, graph_field_at(g, j)->name);
    }
}

static bool map_lists(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

static int map_unknown(const struct transfer__map *m, const char *name, struct error *e)
{
    struct buf text = BUF_INIT;
    buf_puts(&text, "unknown column \"");
    text_printable(name, strnlen(name, 80), false, &text);
    buf_putc(&text, '"');
    text_suggest(name, m->names, &text);
    buf_printf(&text, "%s %s takes ", text.data[text.len - 1] == '?' ? "" : ";", m->schema->plural);
    for (size_t i = 0; i < m->count; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", m->names[i]);
    int rc = error_set(e, ERROR_INVALID, "%s", text.data);
    buf_free(&text);
    return rc;
}

/* Its index, or -1. A reference may be named without its _id, as in Lua. */
static int map_column(const struct transfer__map *m, const char *name)
{
    int column = schema_column(m->schema, name);
    if (column >= 0)
        return column;
    char full[64];
    snprintf(full, sizeof full, "%.32s_id", name);
    column = schema_column(m->schema, full);
    return column >= 0 && m->schema->columns[column].type == COLUMN_REF ? column : -1;
}

/* The part of a map that can be checked before the file is read. */
static int map_check(const struct transfer__map *m, struct error *e)
{
    for (size_t i = 0; i < m->t->map_count; i++) {
        const struct transfer_map *entry = &m->t->map[i];
        for (size_t j = 0; j < i; j++)
            if (!strcmp(entry->from, m->t->map[j].from))
                return error_set(e, ERROR_INVALID, "the map names the column \"%s\" twice",
                                 entry->from);
        if (!*entry->to || map_lists(m->names, entry->to) || map_lists(map_ignored, entry->to) ||
            map_column(m, entry->to) >= 0)
            continue;
        int rc = map_unknown(m, entry->to, e);
        error_prefix(e, "the map's \"%s=%s\"", entry->from, entry->to);
        return rc;
    }
    return 0;
}

int transfer__map_new(struct transfer__map **out, struct domain *d, const struct transfer *t,
                      struct error *e)
{
    if (t->entity <= ENTITY_NONE || t->entity >= ENTITY_END)
        return error_set(e, ERROR_INVALID, "there is no entity %d to import or export",
                         (int)t->entity);
    struct transfer__map *m = mem_new(struct transfer__map);
    m->arena = arena_new(0);
    m->t = t;
    m->schema = schema_of(t->entity);
    map_collect(m, d);
    int rc = map_check(m, e);
    if (rc)
        transfer__map_free(m);
    else
        *out = m;
    return rc;
}

void transfer__map_free(struct transfer__map *m)
{
    if (!m)
        return;
    arena_free(m->arena);
    mem_free(m->names);
    mem_free(m);
}

const struct schema *transfer__map_schema(const struct transfer__map *m)
{
    return m->schema;
}

static const struct transfer_map *map_entry(const struct transfer__map *m, const char *header)
{
    for (size_t i = 0; i < m->t->map_count; i++)
        if (!strcmp(m->t->map[i].from, header))
            return &m->t->map[i];
    return NULL;
}

bool transfer__map_names(const struct transfer__map *m, const char *header)
{
    return map_entry(m, header) != NULL;
}

int transfer__map_find(const struct transfer__map *m, const char *header,
                       struct transfer__target *out, struct error *e)
{
    const struct transfer_map *entry = map_entry(m, header);
    const char *name = entry ? entry->to : header;
    struct transfer__target target = { TARGET_DROP, NULL };
    if (!strcmp(name, "id"))
        target.column = TARGET_ID;
    else if (!strcmp(name, "version"))
        target.column = TARGET_VERSION;
    else if (*name && !map_lists(map_ignored, name)) {
        target.column = map_column(m, name);
        if (target.column < 0 && map_lists(m->names, name))
            target = (struct transfer__target){ TARGET_FIELD, name + strlen("fields.") };
        else if (target.column < 0 && !m->t->skip_unknown)
            return map_unknown(m, name, e);
    } else if (!entry && !*name && !m->t->skip_unknown)
        return error_set(e, ERROR_INVALID, "a column without a name");
    *out = target;
    return 0;
}

const char *transfer__target_name(const struct schema *s, const struct transfer__target *target,
                                  char *buffer, size_t size)
{
    switch (target->column) {
    case TARGET_DROP:
        return "";
    case TARGET_ID:
        return "id";
    case TARGET_VERSION:
        return "version";
    case TARGET_FIELD:
        snprintf(buffer, size, "fields.%s", target->field);
        return buffer;
    default:
        return s->columns[target->column].name;
    }
}

size_t transfer__guard(const char *text)
{
    size_t quotes = strspn(text, "'");
    return quotes && text[quotes] && strchr("=+-@\t\r", text[quotes]) ? 1 : 0;
}
