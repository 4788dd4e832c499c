/* Fields of a declared workflow: those that are required exist and can be
 * filled, those that are declared are used. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/text.h"

/* The line that says `name =` in a file of the plugin; that of the workflow if none does. */
static int fields_line(const struct check *c, const struct check_workflow *w, const char *name,
                       const char **file)
{
    *file = w->file;
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        for (size_t t = 0; s->plugin == w->plugin && !s->spec && t + 1 < s->token_count; t++)
            if (s->tokens[t].kind == TOKEN_NAME && !strcmp(s->tokens[t].text, name) &&
                s->tokens[t + 1].kind == TOKEN_SIGN && !strcmp(s->tokens[t + 1].text, "=")) {
                *file = s->file;
                return s->tokens[t].line;
            }
    }
    return w->line;
}

static void fields_required(struct check *c, const struct check_workflow *w, const char *what,
                            const char *file, int line, const char *const *required)
{
    const struct schema *referral = schema_of(ENTITY_REFERRAL);
    struct check_names known = { 0 };
    for (size_t i = 0; i < w->field_count; i++)
        check__name(c, &known, w->fields[i].name);
    for (size_t i = 0; i < referral->count; i++)
        if (!(referral->columns[i].flags & COLUMN_ENGINE))
            check__name(c, &known, referral->columns[i].name);
    for (; required && *required; required++) {
        if (check__has(&known, *required))
            continue;
        bool engine = schema_column(referral, *required) >= 0;
        check__add(c, engine ? "required-not-settable" : "required-unknown", w->plugin, file,
                   check__line(c, file, line, *required),
                   engine ? "%s requires \"%s\", which only baton itself writes%s"
                          : "%s requires an unknown field \"%s\"%s",
                   what, *required, engine ? "" : check__near(c, &known, *required));
    }
}

void check__fields(struct check *c, struct check_workflow *w)
{
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct check_stage *s = &w->stages[i];
        fields_required(c, w, arena_printf(c->memory, "stage \"%s\"", s->name), s->file, s->line,
                        s->required);
    }
    for (size_t i = 0; i < w->transition_count; i++) {
        const struct check_transition *t = &w->transitions[i];
        fields_required(c, w, arena_printf(c->memory, "transition \"%s\"", t->name), t->file,
                        t->line, t->required);
    }
    for (size_t i = 0; i < w->field_count; i++) {
        const struct check_field *f = &w->fields[i];
        const char *file;
        int line = fields_line(c, w, f->name, &file);
        if (schema_column(schema_of(ENTITY_REFERRAL), f->name) >= 0)
            check__add(c, "field-is-column", w->plugin, file, line,
                       "field \"%s\": every referral has a column of that name", f->name);
        if (!f->help && check__compiled(c, w->plugin) &&
            check__mentions(c, w->plugin, f->name) <= 1)
            check__add(c, "field-unused", w->plugin, file, line,
                       "nothing names the field \"%s\"; if people fill it in, say what it is with "
                       "help = \"…\"",
                       f->name);
    }
}
