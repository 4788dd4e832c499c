/* Roles that a declared workflow names: are they known, does anybody hold them,
 * and can those who own a stage do anything there? */
#include "script/check_internal.h"

#include <string.h>

struct roles {
    struct check *c;
    const struct check_workflow *w;
    const char *file;
    int line;
    const char *what;           /* `stage "requested"` */
    struct check_names *unheld; /* lists of roles that were told of already */
};

static void roles_known(const struct roles *r, const char *role)
{
    static const char *const ladder[] = { "junior", "specialist", "senior", "lead", "admin" };
    struct check_names known = { 0 };
    struct error e;
    if (domain_check_role(r->c->script->domain, role, &e) == 0)
        return;
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++)
        check__name(r->c, &known, ladder[i]);
    const char *near = strstr(e.message, ", did you mean");
    check__add(r->c, "role-unknown", r->w->plugin, r->file,
               check__line(r->c, r->file, r->line, role),
               "%s: unknown role \"%s\"%s; add it to roles = of plugin.ini or org.ini if it is one",
               r->what, role, near ? near : check__near(r->c, &known, role));
}

/* Does nobody hold any of them? Who holds a higher built-in role counts too. */
static void roles_held(const struct roles *r, const char *const *roles, const char *to_what)
{
    const struct check_org *org = r->c->org;
    struct buf held = BUF_INIT, list = BUF_INIT;
    if (!org || !org->roles_held || !org->roles_held[0] || !roles) /* nobody yet: nothing to say */
        return;
    for (size_t i = 0; org->roles_held[i]; i++)
        buf_printf(&held, "%s%s", i ? ", " : "", org->roles_held[i]);
    const struct actor all = { .name = "staff", .roles = buf_text(&held) };
    for (size_t i = 0; roles[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", roles[i]);
    if (!actor_has_any_role(&all, roles) && !check__has(r->unheld, buf_text(&list))) {
        check__name(r->c, r->unheld, buf_text(&list));
        check__add(r->c, "role-unheld", r->w->plugin, r->file, r->line,
                   "%s: nobody in the organisation %s: %s", r->what, to_what, buf_text(&list));
    }
    buf_free(&held);
    buf_free(&list);
}

static void roles_each(const struct roles *r, const char *const *roles, const char *to_what)
{
    for (size_t i = 0; roles && roles[i]; i++)
        roles_known(r, roles[i]);
    roles_held(r, roles, to_what);
}

/* May anyone who owns the stage take anything that leaves it? */
static void roles_own(const struct roles *r, const struct check_stage *s)
{
    bool any = false, open = false;
    for (size_t i = 0; s->owner_roles && i < r->w->transition_count; i++) {
        const struct check_transition *t = &r->w->transitions[i];
        if (!check__leaves(t, s))
            continue;
        any = true;
        for (const char *const *role = s->owner_roles; *role; role++) {
            const struct actor owner = { .name = "owner", .roles = *role };
            open = open || actor_has_any_role(&owner, t->roles);
        }
    }
    if (any && !open)
        check__add(r->c, "stage-never-owned", r->w->plugin, r->file, r->line,
                   "%s: whoever may own it can take none of the transitions that leave it",
                   r->what);
}

void check__roles(struct check *c, struct check_workflow *w)
{
    struct check_names unheld = { 0 };
    struct roles r = { .c = c, .w = w, .unheld = &unheld };
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct check_stage *s = &w->stages[i];
        r.file = s->file;
        r.line = s->line;
        r.what = arena_printf(c->memory, "stage \"%s\"", s->name);
        roles_each(&r, s->owner_roles, "may own it");
        for (size_t j = 0; j < s->step_count; j++) {
            const char *const to[] = { s->steps[j].to, NULL };
            if (to[0])
                roles_each(&r, to, "is there to be told");
        }
        roles_own(&r, s);
    }
    for (size_t i = 0; i < w->transition_count; i++) {
        const struct check_transition *t = &w->transitions[i];
        r.file = t->file;
        r.line = t->line;
        r.what = arena_printf(c->memory, "transition \"%s\"", t->name);
        roles_each(&r, t->roles, "may take it");
        for (const char *const *role = t->approval.roles; role && *role; role++) {
            const char *const seat[] = { *role, NULL };
            roles_each(&r, seat, "may take the seat");
        }
    }
}
