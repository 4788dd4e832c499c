/* Permissions that the code needs, against those that plugin.ini lists. What a
 * call writes is certain where it names a module (people.add) or a method of
 * one kind of row (r:timer); x:set on a row that is not known may be any. */
#include "script/check_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"

enum permission_need { NEED_NOTHING, NEED_PERHAPS, NEED_SURELY };

static bool permission_is_referral(const struct check_source *s, const struct check_use *use)
{
    return !strcmp(use->path, "?") && use->root == ROOT_PARAM && use->root_param >= 0 &&
           s->fns[use->root_fn].bound && s->fns[use->root_fn].referral == use->root_param;
}

static enum permission_need permission_of_method(const struct check_source *s,
                                                 const struct check_use *use,
                                                 const char *permission)
{
    bool timers = !strcmp(permission, "timers"), messages = !strcmp(permission, "messages");
    if (!strcmp(use->method, "timer"))
        return timers ? NEED_SURELY : NEED_NOTHING;
    if (!strcmp(use->method, "message"))
        return messages ? NEED_SURELY : NEED_NOTHING;
    if (!strcmp(use->method, "cancel"))
        return timers ? NEED_PERHAPS : NEED_NOTHING;
    if (!strcmp(use->method, "set"))
        return permission_is_referral(s, use) ? NEED_NOTHING : NEED_PERHAPS;
    return NEED_NOTHING;
}

/* r.subject.name, r.partner: reads a row of that entity through a reference. */
static bool permission_is_read(const struct check_use *use, const struct schema *schema)
{
    for (int e = 1; e < ENTITY_END; e++) {
        const struct schema *s = schema_of((enum entity)e);
        for (size_t i = 0; i < s->count; i++) {
            const struct column *column = &s->columns[i];
            size_t n = strlen(column->name);
            if (column->type != COLUMN_REF || column->ref != schema->entity || n < 4)
                continue;
            for (const char *at = use->path; (at = strchr(at, '.')); at++)
                if (!strncmp(at + 1, column->name, n - 3) && (!at[n - 2] || at[n - 2] == '.'))
                    return true;
        }
    }
    return false;
}

static enum permission_need permission_of(const struct check_source *s, const struct check_use *use,
                                          const char *permission)
{
    size_t n = strlen(permission);
    const struct schema *schema = schema_named(permission);
    bool declares = use->kind == USE_CALL && !strcmp(use->path, "baton.field") && use->arg_count &&
                    use->args[0].kind == EXPR_STRING && schema_named(use->args[0].text) == schema;
    if (schema && (declares || (use->path[0] == '?' && permission_is_read(use, schema))))
        return NEED_PERHAPS;
    if (use->kind != USE_CALL)
        return NEED_NOTHING;
    if (use->method)
        return permission_of_method(s, use, permission);
    if (strncmp(use->path, permission, n) != 0 || use->path[n] != '.')
        return NEED_NOTHING;
    static const char *const writing[] = { ".add", ".send", ".account", ".post", ".reverse" };
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
        if (!strcmp(use->path + n, writing[i]))
            return NEED_SURELY;
    return NEED_PERHAPS;
}

static bool permission_listed(struct check *c, const struct plugin *p, const char *permission,
                              int *line)
{
    struct ini *ini;
    char **list = NULL;
    bool listed = false;
    if (ini_load(&ini, arena_printf(c->memory, "%s/plugin.ini", p->dir), NULL) < 0)
        return true; /* said already */
    const struct ini_entry *entry = ini_find(ini, "plugin", "permissions");
    *line = entry ? entry->line : 0;
    if (ini_list(ini, "plugin", "permissions", &list, NULL) == 0)
        for (size_t i = 0; list && list[i]; i++)
            listed = listed || !strcmp(list[i], permission);
    mem_free(list);
    ini_free(ini);
    return listed;
}

static void permission_check(struct check *c, const struct plugin *p, const char *permission)
{
    int line = 0;
    bool listed = permission_listed(c, p, permission, &line), used = false;
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        for (size_t j = 0; s->plugin == p && !s->spec && j < s->use_count; j++) {
            enum permission_need need = permission_of(s, &s->uses[j], permission);
            used = used || need != NEED_NOTHING;
            if (need == NEED_SURELY && !listed)
                check__add(c, "permission-missing", p, s->file, s->uses[j].line,
                           "this writes %s, but plugin.ini does not list permission \"%s\"",
                           permission, permission);
        }
    }
    if (listed && line && !used && check__compiled(c, p))
        check__add(c, "permission-unused", p, arena_printf(c->memory, "%s/plugin.ini", p->name),
                   line, "permission \"%s\" is listed, but no code has to do with %s", permission,
                   permission);
}

void check__permissions(struct check *c, struct plugin *p)
{
    for (size_t i = 0; plugin_permissions[i]; i++)
        permission_check(c, p, plugin_permissions[i]);
}
