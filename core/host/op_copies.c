/* Copies that leave the organisation, noted and listed for whoever asks. */
#include "baton/domain/copies.h"
#include "host/request_internal.h"

struct copies_note {
    struct conversation *c;
    const char *what, *where;
};

static int copies_turn(void *context, struct org *o, struct error *e)
{
    const struct copies_note *n = context;
    return domain_note_copy(o->world.domain, &n->c->actor, n->what, n->where, e);
}

int copies__note(struct conversation *c, const char *what, const char *where, struct error *e)
{
    struct copies_note note = { c, what, where };
    return org_turn(c->org, copies_turn, &note, e);
}

struct copies_list {
    struct jsonw *w;
    bool people;
};

static int copies_one(void *context, const struct copy *copy)
{
    const struct copies_list *l = context;
    if (l->people && !domain_copy_has_people(copy->what))
        return 0;
    jsonw_open_object(l->w);
    jsonw_key(l->w, "at_ms");
    jsonw_int(l->w, copy->at_ms);
    jsonw_key(l->w, "what");
    jsonw_text(l->w, copy->what);
    jsonw_key(l->w, "where");
    jsonw_text(l->w, copy->where);
    jsonw_key(l->w, "by");
    jsonw_text(l->w, copy->actor);
    jsonw_close(l->w);
    return 0;
}

int copies__write(struct conversation *c, int64_t since_ms, bool people, struct jsonw *w,
                  struct error *e)
{
    struct copies_list list = { w, people };
    jsonw_key(w, "copies");
    jsonw_open_array(w);
    int rc = domain_copies(c->org->world.domain, since_ms, copies_one, &list, e);
    jsonw_close(w);
    return rc;
}
