/* May it go? The checks of a transition, in the order that advance.h gives,
 * each with a message that says what would be right. */
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"
#include "domain/graph_internal.h"
#include "domain/words_internal.h"

/* "no transition "acept" from stage "requested", did you mean "accept"? Possible: accept, …" */
static int check_unknown(const struct move *m, struct error *e)
{
    const struct graph *g = m->graph;
    struct words possible = WORDS_INIT, leaves = WORDS_INIT;
    struct buf more = BUF_INIT;
    size_t count;
    const int *out = graph__leaving(g, m->stage, &count);
    for (size_t i = 0; i < count; i++)
        words__add(&possible, graph_transition(g, out[i])->name);
    for (size_t i = 0; i < g->transition_count; i++)
        if (!strcmp(g->transitions[i].name, m->a->transition))
            for (size_t j = 0; j < g->transitions[i].from_count; j++)
                words__add(&leaves, g->stages[g->transitions[i].from[j]].name);
    if (leaves.count > 0) {
        buf_puts(&more, " (it leaves ");
        words__join(&leaves, &more);
        buf_puts(&more, ").");
    } else {
        words__suggest(&possible, m->a->transition, &more);
    }
    buf_puts(&more, more.len > 0 ? " Possible: " : "; possible: ");
    words__join(&possible, &more);
    int rc = referral__refuse(m->row->id, e, ERROR_INVALID,
                              "no transition \"%.80s\" from stage \"%s\"%s", m->a->transition,
                              graph_stage(g, m->stage)->name, buf_text(&more));
    buf_free(&more);
    words__free(&leaves);
    words__free(&possible);
    return rc;
}

static int check_transition(struct move *m, struct error *e)
{
    const struct stage *stage = graph_stage(m->graph, m->stage);
    if (!m->a->transition)
        return referral__refuse(m->row->id, e, ERROR_INVALID, "no transition is named");
    int index = graph_find_transition(m->graph, m->stage, m->a->transition);
    if (index >= 0) {
        m->t = graph_transition(m->graph, index);
        return 0;
    }
    if (stage->final)
        return referral__refuse(m->row->id, e, ERROR_DENIED,
                                "it is closed (%s): nothing leaves stage \"%s\"",
                                row_text(m->row, REFERRAL_OUTCOME), stage->name);
    return check_unknown(m, e);
}

static int check_plugin(struct move *m, struct error *e)
{
    int rc = m->t->locked ? 0 : domain__serves(m->d, m->graph, e);
    if (rc < 0)
        error_prefix(e, "R-%lld", (long long)m->row->id);
    return rc;
}

static int check_version(struct move *m, struct error *e)
{
    return referral__check_version(m->row, m->a->based_on, e);
}

static int check_role(struct move *m, struct error *e)
{
    if (m->t->locked || actor_has_any_role(m->actor, m->t->roles))
        return 0;
    struct words wanted = WORDS_INIT;
    struct buf list = BUF_INIT;
    words__add_all(&wanted, m->t->roles);
    words__join(&wanted, &list);
    const char *has = m->actor->roles && *m->actor->roles ? m->actor->roles : "none";
    int rc = referral__refuse(m->row->id, e, ERROR_DENIED, "\"%s\" needs %s %s; %s has %.200s",
                              m->t->name, wanted.count == 1 ? "the role" : "one of the roles",
                              buf_text(&list), m->actor->name, has);
    buf_free(&list);
    words__free(&wanted);
    return rc;
}

/* Reason and note. */

static int check_text(const struct move *m, const char *what, const char *text, struct error *e)
{
    if (!text)
        return 0;
    size_t n = strlen(text);
    if (n > LIMIT_TEXT_BYTES)
        return referral__refuse(m->row->id, e, ERROR_LIMIT, "the %s has %zu bytes, more than %d",
                                what, n, LIMIT_TEXT_BYTES);
    if (!text_is_utf8(text, n))
        return referral__refuse(m->row->id, e, ERROR_INVALID, "the %s is not UTF-8 text", what);
    return 0;
}

static int check_unknown_reason(const struct move *m, struct error *e)
{
    const struct transition *t = m->t;
    const char *given = m->a->reason;
    struct words codes = WORDS_INIT;
    struct buf more = BUF_INIT;
    for (size_t i = 0; i < t->reason_count; i++)
        words__add(&codes, t->reasons[i].code);
    if (given)
        words__suggest(&codes, given, &more);
    buf_puts(&more, more.len > 0 ? " One of: " : given ? "; one of: " : ", one of: ");
    words__join(&codes, &more);
    int rc =
        given ? referral__refuse(m->row->id, e, ERROR_INVALID, "\"%s\" has no reason \"%.80s\"%s",
                                 t->name, given, buf_text(&more))
              : referral__refuse(m->row->id, e, ERROR_INVALID, "\"%s\" needs a reason%s", t->name,
                                 buf_text(&more));
    buf_free(&more);
    words__free(&codes);
    return rc;
}

static int check_reason(struct move *m, struct error *e)
{
    const struct transition *t = m->t;
    const struct reason *found = NULL;
    bool has_note = m->a->note && *m->a->note;
    for (size_t i = 0; m->a->reason && i < t->reason_count; i++)
        if (!strcmp(t->reasons[i].code, m->a->reason))
            found = &t->reasons[i];
    if (t->reason_count > 0 && !found)
        return check_unknown_reason(m, e);
    if (found && found->comment_required && !has_note)
        return referral__refuse(m->row->id, e, ERROR_INVALID,
                                "\"%s\" for reason \"%s\" needs a note", t->name, found->code);
    if (t->note_required && !has_note)
        return referral__refuse(m->row->id, e, ERROR_INVALID, "\"%s\" needs a note", t->name);
    int rc = check_text(m, "reason", m->a->reason, e);
    return rc < 0 ? rc : check_text(m, "note", m->a->note, e);
}

static int check_outcome(struct move *m, struct error *e)
{
    if (!m->a->outcome)
        return 0;
    if (m->t->to < 0 || !graph_stage(m->graph, m->t->to)->final)
        return referral__refuse(m->row->id, e, ERROR_INVALID,
                                "\"%s\" does not end it, so there is no outcome to give",
                                m->t->name);
    if (!*m->a->outcome)
        return referral__refuse(m->row->id, e, ERROR_INVALID, "the outcome is empty");
    return check_text(m, "outcome", m->a->outcome, e);
}

/* Fields. */

static int check_fields(struct move *m, struct error *e)
{
    if (!m->a->fields)
        return 0;
    int rc =
        domain_check_fields(m->d, ENTITY_REFERRAL, m->graph, m->a->fields, m->a->fields_len, e);
    if (rc < 0)
        error_prefix(e, "R-%lld", (long long)m->row->id);
    return rc;
}

static bool check_filled(const struct move *m, const char *name)
{
    const struct row *row = m->row;
    struct json_slice v;
    size_t n = strlen(name);
    if (m->a->fields && m->a->fields_len > 0 &&
        jsons_get(m->a->fields, m->a->fields_len, name, n, &v))
        return fields__filled(&v);
    if (row->fields.len > 0 && jsons_get(row->fields.s, row->fields.len, name, n, &v))
        return fields__filled(&v);
    int column = schema_column(schema_of(ENTITY_REFERRAL), name);
    return column >= 0 && !row_is_null(row, column) &&
           (row->v[column].type != VALUE_TEXT || row->v[column].len > 0);
}

static void check_name_field(const struct move *m, const char *name, struct buf *out)
{
    const struct field *f = graph_field(m->graph, name);
    buf_printf(out, "%s\"%s\"", out->len > 0 ? ", " : "", name);
    if (f && f->help)
        buf_printf(out, " (%s)", f->help);
}

static size_t check_missing(const struct move *m, const char *const *names, struct buf *out)
{
    size_t missing = 0;
    for (; names && *names; names++)
        if (!check_filled(m, *names)) {
            missing++;
            check_name_field(m, *names, out);
        }
    return missing;
}

/* What the stage asks for is asked for on the way forwards: not when it ends, not when it stays. */
static int check_required(struct move *m, struct error *e)
{
    const struct transition *t = m->t;
    const struct stage *stage = graph_stage(m->graph, m->stage);
    if (t->locked || (!t->required && !stage->required))
        return 0;
    struct buf list = BUF_INIT;
    size_t missing = check_missing(m, t->required, &list);
    if (t->to >= 0 && t->to != m->stage && !graph_stage(m->graph, t->to)->final)
        missing += check_missing(m, stage->required, &list);
    int rc = 0;
    if (missing > 0)
        rc = referral__refuse(m->row->id, e, ERROR_INVALID, "\"%s\" needs %s %s", t->name,
                              missing == 1 ? "field" : "fields", buf_text(&list));
    buf_free(&list);
    return rc;
}

/* The guard. */

void advance__call(const struct move *m, struct domain_call *call)
{
    *call = (struct domain_call){ .referral = m->row,
                                  .graph = m->graph,
                                  .transition = m->t,
                                  .from = m->from,
                                  .reason = m->a->reason,
                                  .note = m->a->note,
                                  .changes = m->a->fields,
                                  .approval = m->approval,
                                  .actor = m->actor,
                                  .now_ms = m->now_ms };
}

void advance__end(struct move *m)
{
    arena_free(m->memory);
    m->memory = NULL;
    m->approval = NULL;
}

static int check_guard(struct move *m, struct error *e)
{
    struct domain *d = m->d;
    struct domain_call call;
    if (m->t->guard < 0 || m->t->locked)
        return 0;
    if (!d->hooks.guard)
        return referral__refuse(m->row->id, e, ERROR_DENIED,
                                "the guard of \"%s\" cannot be asked: no plugin is loaded",
                                m->t->name);
    int rc = domain__enter(d, "a guard", e);
    if (rc < 0)
        return rc;
    advance__call(m, &call);
    d->guarding++;
    rc = d->hooks.guard(d->hooks.context, &call, e);
    d->guarding--;
    d->depth--;
    if (rc == 0)
        return 0;
    error_prefix(
        e, rc == -ERROR_DENIED ? "R-%lld: \"%s\" is refused" : "R-%lld: the guard of \"%s\" failed",
        (long long)m->row->id, m->t->name);
    if (rc != -ERROR_DENIED && m->t->guard_where)
        error_at(e, "%s", m->t->guard_where);
    return rc < 0 ? rc : -ERROR_DENIED;
}

/* In this order; domain_explain runs all of them, so each works alone once the first two went. */
const struct advance__rule advance__rules[] = {
    { "transition", check_transition }, { "plugin", check_plugin },
    { "version", check_version },       { "role", check_role },
    { "reason", check_reason },         { "outcome", check_outcome },
    { "fields", check_fields },         { "required", check_required },
    { "approval", approval__check },    { "children", children__check },
    { "guard", check_guard },           { NULL, NULL },
};

int advance__find(struct move *m, struct error *e)
{
    int rc = advance__place(m, e);
    return rc < 0 ? rc : check_transition(m, e);
}

int advance__check(struct move *m, struct error *e)
{
    int rc = advance__place(m, e);
    for (const struct advance__rule *r = advance__rules; rc == 0 && r->name; r++)
        rc = r->check(m, e);
    return rc;
}
