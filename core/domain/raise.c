/* Commands and their handlers: who may write, how deep handlers may raise, and
 * that a command which failed half-way cannot be kept by catching the error.
 *
 * A verb that fails after it has written leaves its writes in the command. The
 * command must then be dropped; code that catches the error (pcall in a
 * handler) must not be able to save it. So the failure is remembered, until
 * the command ends. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "domain/domain_internal.h"
#include "domain/trace_internal.h"

void domain_command_begin(struct domain *d)
{
    d->commanding = true;
    d->spoiled = false;
    store_command_begin(d->store);
}

int domain_command_end(struct domain *d, bool keep, struct error *e)
{
    bool lost = keep && d->spoiled;
    d->commanding = false;
    d->spoiled = false;
    int rc = store_command_end(d->store, keep && !lost, e);
    if (rc == 0 && lost)
        return error_set(e, ERROR_CANCELLED, "nothing was kept, because a part failed: %s",
                         d->spoiled_why);
    return rc;
}

int domain__writable(struct domain *d, struct error *e)
{
    if (d->guarding > 0)
        return error_set(e, ERROR_DENIED,
                         "a guard only looks: writing belongs in an effect or a handler");
    assert(store_in_command(d->store));
    if (d->depth == 0)
        trace__reset(d);
    if (d->depth == 0 && !d->commanding)
        d->spoiled = false; /* whoever runs commands by hand drops one that failed */
    if (d->spoiled)
        return error_set(e, ERROR_CANCELLED,
                         "this command writes nothing more, because a part failed: %s",
                         d->spoiled_why);
    return 0;
}

void domain__spoil(struct domain *d, const struct error *why)
{
    if (d->spoiled)
        return;
    d->spoiled = true;
    snprintf(d->spoiled_why, sizeof d->spoiled_why, "%.*s", (int)sizeof d->spoiled_why - 1,
             why ? why->message : "no reason given");
}

int domain__enter(struct domain *d, const char *what, struct error *e)
{
    if (d->depth >= LIMIT_EFFECT_DEPTH)
        return error_set(e, ERROR_LIMIT,
                         "handlers raise events that raise events more than %d deep, at %s",
                         LIMIT_EFFECT_DEPTH, what);
    d->depth++;
    return 0;
}

int domain__leave(struct domain *d, int rc, struct error *e)
{
    d->depth--;
    if (rc == 0 && d->spoiled)
        return error_set(e, ERROR_CANCELLED,
                         "a handler caught an error that cannot be undone alone: %s",
                         d->spoiled_why);
    return rc;
}

int domain__raise(struct domain *d, const char *kind, const struct row *row, const char *detail,
                  size_t detail_len, struct error *e)
{
    const struct domain_hooks *h = &d->hooks;
    if (d->silent > 0 || !h->event || (h->listens && !h->listens(h->context, kind)))
        return 0;
    int rc = domain__enter(d, kind, e);
    if (rc < 0)
        return rc;
    rc = domain__leave(d, h->event(h->context, kind, row, detail, detail_len, e), e);
    return rc < 0 ? rc : trace__flush(d, e);
}

int domain__works(const struct domain *d, const char *plugin, int64_t *again_ms, struct error *e)
{
    const struct domain_hooks *h = &d->hooks;
    *again_ms = INT64_MAX;
    return h->serves ? h->serves(h->context, plugin, again_ms, e) : 0;
}

int domain__serves(const struct domain *d, const struct graph *g, struct error *e)
{
    int64_t again_ms;
    return domain__works(d, graph_plugin(g), &again_ms, e);
}

int domain__store(struct domain *d, struct store_change *change, const char *detail,
                  size_t detail_len, const struct row **out, struct error *e)
{
    if (detail_len > 2) {
        change->detail = detail + 1;
        change->detail_len = detail_len - 2;
    }
    int rc = store_change(d->store, change, out, e);
    if (rc == 0)
        trace__wrote(d);
    return rc;
}

int domain__record(struct domain *d, const struct store_change *record, struct error *e)
{
    int rc = store_record(d->store, record, e);
    if (rc == 0)
        trace__wrote(d);
    return rc;
}

int domain__tell(struct domain *d, int rc, const char *kind, const struct row *row,
                 const char *detail, size_t detail_len, const struct row **out, struct error *e)
{
    struct error local = { 0 };
    struct error *why = e ? e : &local;
    if (rc < 0) { /* the row may be gone: do not look at it */
        domain__spoil(d, why);
        return rc;
    }
    enum entity entity = row->entity;
    int64_t id = row->id;
    rc = domain__raise(d, kind, row, detail, detail_len, why);
    if (rc == 0) /* of an effect that no handler follows */
        rc = trace__flush(d, why);
    if (rc == 0 && d->hooks.event)
        rc = store_get(d->store, entity, id, &row, why); /* handlers may have changed it */
    if (rc < 0) {
        domain__spoil(d, why);
        return rc;
    }
    if (out)
        *out = row;
    return 0;
}

int domain__change(struct domain *d, struct store_change *change, const char *detail,
                   size_t detail_len, const struct row **out, struct error *e)
{
    const struct row *row;
    struct trace_event outer = trace__save(d);
    int rc = domain__store(d, change, detail, detail_len, &row, e);
    if (rc == 0)
        rc = domain__tell(d, 0, change->kind, row, detail, detail_len, out, e);
    trace__restore(d, outer);
    return rc;
}

/* "name.name": not one that the engine uses itself. */
static int emit_check_kind(const char *kind, struct error *e)
{
    size_t n = strlen(kind);
    bool good = n > 0 && n <= LIMIT_NAME_BYTES && kind[0] >= 'a' && kind[0] <= 'z';
    for (size_t i = 0; i < n; i++)
        good = good && ((kind[i] >= 'a' && kind[i] <= 'z') || (kind[i] >= '0' && kind[i] <= '9') ||
                        kind[i] == '_' || kind[i] == '.');
    if (!good)
        return error_set(e, ERROR_INVALID,
                         "event \"%.80s\": a kind is made of a-z, 0-9, _ and dots, such as "
                         "\"review.praised\", with at most %d characters",
                         kind, LIMIT_NAME_BYTES);
    for (enum entity i = ENTITY_NONE; i < ENTITY_END; i++) {
        const char *name = i == ENTITY_NONE ? "plugin" : schema_of(i)->name; /* breaker.c */
        size_t name_n = strlen(name);
        if (!strncmp(kind, name, name_n) && (kind[name_n] == '.' || kind[name_n] == '\0'))
            return error_set(e, ERROR_DENIED,
                             "event \"%s\": kinds that begin with \"%s.\" are the engine's own",
                             kind, name);
    }
    return 0;
}

int domain_emit(struct domain *d, const struct actor *actor, const char *kind, enum entity entity,
                int64_t id, const char *detail, size_t detail_len, struct error *e)
{
    const struct row *row = NULL;
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = emit_check_kind(kind, e);
    if (rc == 0 && detail_len > 0 &&
        (detail_len < 2 || detail[0] != '{' || detail[detail_len - 1] != '}'))
        rc = error_set(e, ERROR_INVALID, "event \"%s\": its detail must be a JSON object", kind);
    if (rc == 0 && entity != ENTITY_NONE)
        rc = store_get(d->store, entity, id, &row, e);
    if (rc < 0)
        return rc;
    struct store_change record = { .entity = entity,
                                   .id = entity == ENTITY_NONE ? 0 : id,
                                   .kind = kind,
                                   .actor = actor->name,
                                   .at_ms = domain_now(d) };
    if (detail_len > 2) {
        record.detail = detail + 1;
        record.detail_len = detail_len - 2;
    }
    struct error local = { 0 };
    struct error *why = e ? e : &local;
    rc = domain__record(d, &record, why);
    if (rc < 0)
        return rc;
    rc = domain__raise(d, kind, row, detail, detail_len, why);
    if (rc < 0)
        domain__spoil(d, why);
    return rc;
}
