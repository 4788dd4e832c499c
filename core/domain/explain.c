/* Explaining a transition: the rules of domain_advance, each asked by itself.
 *
 * A rule that says no gives its own message. For one that says yes a line is
 * made here of what it has asked; a rule that asked nothing is left out. */
#include "baton/domain/explain.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/domain/pause.h"
#include "domain/domain_internal.h"
#include "domain/words_internal.h"

struct explaining {
    struct move m;
    struct jsonw *w;
    bool may;
};

static void explain_line(struct explaining *x, const char *check, bool ok, const char *text,
                         const char *where)
{
    struct jsonw *w = x->w;
    jsonw_open_object(w);
    jsonw_key(w, "check");
    jsonw_text(w, check);
    jsonw_key(w, "ok");
    jsonw_bool(w, ok);
    jsonw_key(w, "text");
    jsonw_text(w, text);
    if (where && *where) {
        jsonw_key(w, "where");
        jsonw_text(w, where);
    }
    jsonw_close(w);
    x->may = x->may && ok;
}

/* Without the "R-12: " that every line would have. */
static void explain_refusal(struct explaining *x, const char *check, const struct error *why,
                            const char *where)
{
    char ref[32];
    row_id_format(ENTITY_REFERRAL, x->m.row->id, ref);
    size_t n = strlen(ref);
    const char *text = why->message;
    if (!strncmp(text, ref, n) && !strncmp(text + n, ": ", 2))
        text += n + 2;
    explain_line(x, check, false, text, why->where[0] ? why->where : where);
}

static void explain_words(const char *const *list, struct buf *out)
{
    struct words words = WORDS_INIT;
    words__add_all(&words, list);
    words__join(&words, out);
    words__free(&words);
}

/* What a rule that went has asked; nothing appended: nothing. */
static void explain_asked(const struct move *m, const char *rule, struct buf *out)
{
    const struct transition *t = m->t;
    const struct stage *stage = graph_stage(m->graph, m->stage);
    if (!strcmp(rule, "transition")) {
        buf_printf(out, "it leaves stage \"%s\"", m->from);
    } else if (!strcmp(rule, "version")) {
        int64_t runs = row_int(m->row, REFERRAL_WORKFLOW_VERSION);
        buf_printf(out, "it runs version %lld of %s", (long long)runs, graph_name(m->graph));
        if (runs != graph_version(m->graph))
            buf_printf(out, "; a locked transition goes all the same, into version %d",
                       graph_version(m->graph));
    } else if (t->locked && !strcmp(rule, "role")) {
        buf_printf(out, "it is locked: nothing stands before it%s%s", t->source ? ", by " : "",
                   t->source ? t->source : "");
    } else if (!strcmp(rule, "role") && t->roles) {
        buf_puts(out, "one of ");
        explain_words(t->roles, out);
        buf_printf(out, "; %s has %s", m->actor->name, m->actor->roles ? m->actor->roles : "all");
    } else if (!strcmp(rule, "reason") && m->a->reason) {
        buf_printf(out, "%s", m->a->reason);
    } else if (!strcmp(rule, "fields") && m->a->fields) {
        buf_puts(out, "what is given fits");
    } else if (!strcmp(rule, "required") && !t->locked && (t->required || stage->required)) {
        buf_puts(out, "every field that it needs is filled");
    } else if (!strcmp(rule, "approval") && t->approval) {
        buf_puts(out, "it is approved");
    } else if (!strcmp(rule, "guard") && t->guard >= 0 && !t->locked) {
        buf_puts(out, "lets it pass");
    }
}

/* Each field that is given, so that two wrong ones are two lines. */
static void explain_fields(struct explaining *x)
{
    const struct advance *a = x->m.a;
    struct json_slice value;
    const char *key;
    size_t at = 0, key_n;
    while (a->fields && jsons_next(a->fields, a->fields_len, &at, &key, &key_n, &value)) {
        struct buf one = BUF_INIT;
        struct error why;
        bool text = value.type == JSON_T_TEXT;
        buf_printf(&one, "{\"%.*s\":", (int)key_n, key);
        buf_add(&one, value.text - text, value.len + 2 * text);
        buf_putc(&one, '}');
        if (domain_check_fields(x->m.d, ENTITY_REFERRAL, x->m.graph, one.data, one.len, &why) < 0)
            explain_refusal(x, "fields", &why, NULL);
        buf_free(&one);
    }
}

/* A reason that is missing hides a note that is missing too. */
static void explain_note(struct explaining *x, const struct error *why)
{
    bool has_note = x->m.a->note && *x->m.a->note;
    if (x->m.t->note_required && !has_note && !strstr(why->message, "needs a note"))
        explain_line(x, "note", false, "a note is needed", NULL);
}

static void explain_rule(struct explaining *x, const struct advance__rule *rule)
{
    const char *where = !strcmp(rule->name, "guard") ? x->m.t->guard_where : NULL;
    struct buf asked = BUF_INIT;
    struct error why = { 0 };
    if (rule->check(&x->m, &why) == 0) {
        explain_asked(&x->m, rule->name, &asked);
        if (asked.len > 0)
            explain_line(x, rule->name, true, asked.data, where);
    } else if (!strcmp(rule->name, "fields")) {
        explain_fields(x);
    } else {
        explain_refusal(x, rule->name, &why, where);
        if (!strcmp(rule->name, "reason"))
            explain_note(x, &why);
    }
    buf_free(&asked);
}

/* That its deadline stands still stops nothing, and is worth knowing. */
static void explain_clock(struct explaining *x)
{
    struct buf text = BUF_INIT;
    domain_paused_text(x->m.d, x->m.row, &text);
    if (text.len > 0)
        explain_line(x, "clock", true, text.data, NULL);
    buf_free(&text);
}

static void explain_checks(struct explaining *x)
{
    struct error why = { 0 };
    if (advance__place(&x->m, &why) < 0) {
        explain_refusal(x, "version", &why, NULL);
        return;
    }
    const struct advance__rule *rule = advance__rules;
    if (rule->check(&x->m, &why) < 0) { /* the transition: without it there is nothing to ask */
        explain_refusal(x, rule->name, &why, NULL);
        return;
    }
    for (; rule->name; rule++)
        explain_rule(x, rule);
    explain_clock(x);
}

static void explain_one(struct explaining *x)
{
    struct buf checks = BUF_INIT;
    struct jsonw *w = x->w, inner;
    jsonw_start(&inner, &checks);
    x->w = &inner;
    x->may = true;
    jsonw_open_array(&inner);
    explain_checks(x);
    jsonw_close(&inner);
    x->w = w;
    jsonw_open_object(w);
    if (x->m.a->transition) {
        jsonw_key(w, "transition");
        jsonw_text(w, x->m.a->transition);
    }
    if (x->m.t) {
        jsonw_key(w, "to");
        jsonw_text(w, x->m.t->to >= 0 ? graph_stage(x->m.graph, x->m.t->to)->name : x->m.from);
    }
    jsonw_key(w, "may");
    jsonw_bool(w, x->may);
    jsonw_key(w, "checks");
    jsonw_raw(w, checks.data, checks.len);
    jsonw_close(w);
    buf_free(&checks);
}

int domain_explain(struct domain *d, const struct actor *actor, const struct advance *a,
                   struct jsonw *w, bool *may, struct error *e)
{
    struct explaining x = { .m = { .d = d, .actor = actor, .a = a, .now_ms = domain_now(d) },
                            .w = w };
    int rc = store_get(d->store, ENTITY_REFERRAL, a->referral_id, &x.m.row, e);
    if (rc < 0)
        return rc;
    explain_one(&x);
    advance__end(&x.m);
    if (may)
        *may = x.may;
    return 0;
}

int domain_explain_all(struct domain *d, const struct actor *actor, const struct advance *a,
                       struct jsonw *w, struct error *e)
{
    const struct row *row;
    int found[LIMIT_TRANSITIONS];
    int rc = store_get(d->store, ENTITY_REFERRAL, a->referral_id, &row, e);
    if (rc < 0)
        return rc;
    const struct graph *g = domain_graph(d, row_text(row, REFERRAL_WORKFLOW));
    bool pinned = g && row_int(row, REFERRAL_WORKFLOW_VERSION) != graph_version(g);
    size_t count = g ? domain_possible(d, row, found, LIMIT_TRANSITIONS) : 0;
    struct advance one = *a;
    jsonw_open_array(w);
    if (!g || pinned || (count == 0 && row_is_null(row, REFERRAL_CLOSED_AT_MS))) {
        one.transition = NULL;
        rc = domain_explain(d, actor, &one, w, NULL, e);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *name = graph_transition(g, found[i])->name;
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known = known || !strcmp(graph_transition(g, found[k])->name, name);
        one.transition = name;
        if (!known)
            rc = domain_explain(d, actor, &one, w, NULL, e);
    }
    jsonw_close(w);
    return rc;
}
