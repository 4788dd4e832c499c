/* Message templates: text with {{name}} and {{#if name}} … {{else}} … {{/if}}.
 *
 * One pass over the text, no tree. Every name is looked up, in parts that are
 * dropped too, so that a misspelt one shows the first time and not on the day
 * that its condition holds. Values go straight to the output, which is never
 * read again: a value that looks like a template stays what it is. The result
 * is built apart and handed over whole. */
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/domain/outbox.h"

#include <string.h>

enum { TEMPLATE_DEPTH = 8, TEMPLATE_NAME_BYTES = 128 };

struct template_if {
    int line;     /* where it was opened */
    bool outside; /* what surrounds it is shown */
    bool holds, in_else;
};

struct template_run {
    const char *at;
    int line;
    struct template_if ifs[TEMPLATE_DEPTH];
    int depth;
    template_lookup lookup;
    void *context;
    struct buf out, value;
    struct error *e;
};

static bool template_shown(const struct template_run *t)
{
    if (!t->depth)
        return true;
    const struct template_if *top = &t->ifs[t->depth - 1];
    return top->outside && top->holds != top->in_else;
}

static int template_fail(struct template_run *t, int line, const char *message)
{
    int rc = error_set(t->e, ERROR_INVALID, "template: %s", message);
    error_at(t->e, "line %d", line);
    return rc;
}

static void template_copy(struct template_run *t, size_t n)
{
    if (template_shown(t))
        buf_add(&t->out, t->at, n);
    for (size_t i = 0; i < n; i++)
        t->line += t->at[i] == '\n';
    t->at += n;
}

/* Fills t->value. */
static int template_value(struct template_run *t, const char *name, size_t n)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    if (!n)
        return template_fail(t, t->line, "{{}} holds no name; write {{person.name}}");
    if (n > TEMPLATE_NAME_BYTES || strspn(name, allowed) < n) {
        int rc = error_set(t->e, ERROR_INVALID,
                           "template: {{%.*s}} is neither a name such as {{person.name}} nor "
                           "{{#if name}}, {{else}} or {{/if}}",
                           n > 60 ? 60 : (int)n, name);
        error_at(t->e, "line %d", t->line);
        return rc;
    }
    buf_clear(&t->value);
    int rc = t->lookup(t->context, name, n, &t->value, t->e);
    if (rc) {
        error_prefix(t->e, "template: {{%.*s}}", (int)n, name);
        error_at(t->e, "line %d", t->line);
    }
    return rc;
}

static int template_open_if(struct template_run *t, const char *name, size_t n)
{
    if (t->depth == TEMPLATE_DEPTH) {
        int rc = error_set(t->e, ERROR_LIMIT, "template: {{#if}} is nested deeper than %d",
                           TEMPLATE_DEPTH);
        error_at(t->e, "line %d", t->line);
        return rc;
    }
    int rc = template_value(t, name, n);
    if (rc)
        return rc;
    struct template_if opened = { .line = t->line,
                                  .outside = template_shown(t),
                                  .holds = t->value.len > 0 };
    t->ifs[t->depth++] = opened;
    return 0;
}

/* What stands between the braces, trimmed. */
static int template_tag(struct template_run *t, const char *tag, size_t n)
{
    if (n >= 3 && !memcmp(tag, "#if", 3) && (n == 3 || strchr(" \t", tag[3]))) {
        size_t skip = 3;
        while (skip < n && strchr(" \t", tag[skip]))
            skip++;
        return template_open_if(t, tag + skip, n - skip);
    }
    if (n == 4 && !memcmp(tag, "else", 4)) {
        if (!t->depth)
            return template_fail(t, t->line, "{{else}} stands outside of {{#if}}");
        if (t->ifs[t->depth - 1].in_else)
            return template_fail(t, t->line, "a second {{else}} in one {{#if}}");
        t->ifs[t->depth - 1].in_else = true;
        return 0;
    }
    if (n == 3 && !memcmp(tag, "/if", 3)) {
        if (!t->depth)
            return template_fail(t, t->line, "{{/if}} without an {{#if}} before it");
        t->depth--;
        return 0;
    }
    int rc = template_value(t, tag, n);
    if (rc || !template_shown(t))
        return rc;
    if (t->out.len + t->value.len > LIMIT_TEXT_BYTES) {
        rc = error_set(t->e, ERROR_LIMIT, "template: the text is longer than %d bytes",
                       LIMIT_TEXT_BYTES);
        error_at(t->e, "line %d", t->line);
        return rc;
    }
    buf_add(&t->out, t->value.data, t->value.len);
    return 0;
}

/* t->at stands on "{{". A tag ends on its own line; another "{{" first means that it was not
 * closed. */
static int template_braces(struct template_run *t)
{
    const char *tag = t->at + 2;
    const char *end = strstr(tag, "}}");
    if (!end || (size_t)(end - tag) > strcspn(tag, "\n{"))
        return template_fail(t, t->line, "{{ is not closed by }} on its line");
    const char *last = end;
    while (tag < last && strchr(" \t", *tag))
        tag++;
    while (last > tag && strchr(" \t", last[-1]))
        last--;
    int rc = template_tag(t, tag, (size_t)(last - tag));
    t->at = end + 2;
    return rc;
}

int template_render(const char *text, template_lookup lookup, void *context, struct buf *out,
                    struct error *e)
{
    struct template_run t = { .at = text, .line = 1, .lookup = lookup, .context = context, .e = e };
    int rc = 0;
    for (const char *open; (open = strstr(t.at, "{{"));) {
        template_copy(&t, (size_t)(open - t.at));
        rc = template_braces(&t);
        if (rc)
            goto out;
    }
    template_copy(&t, strlen(t.at));
    if (t.depth)
        rc = template_fail(&t, t.ifs[t.depth - 1].line, "{{#if}} is not closed by {{/if}}");
    else
        buf_add(out, t.out.data, t.out.len);
out:
    buf_free(&t.out);
    buf_free(&t.value);
    return rc;
}

/* Every name is known, and empty. */
static int template_check_name(void *context, const char *name, size_t n, struct buf *out,
                               struct error *e)
{
    (void)context;
    (void)name;
    (void)n;
    (void)out;
    (void)e;
    return 0;
}

int template_check(const char *text, struct error *e)
{
    struct buf ignored = BUF_INIT;
    int rc = template_render(text, template_check_name, NULL, &ignored, e);
    buf_free(&ignored);
    return rc;
}
