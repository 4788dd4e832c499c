/* Which worker hosts which organisation: a table by name, kept as long as the
 * front lives, so that an organisation stays where it is. A new one goes to a
 * worker of its own while there may be more of them, else to the one that has
 * fewest. */
#include "server/front_internal.h"

#include <string.h>

#include "baton/base/json.h"
#include "baton/base/memory.h"

static size_t places_at(const struct front *f, const char *org, bool *found)
{
    size_t low = 0, high = f->place_count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = (low + high) / 2;
        int order = strcmp(org, f->places[middle].org);
        *found = order == 0;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

static struct ward *places_ward(struct front *f)
{
    struct ward *best = f->ward_count ? f->wards[0] : NULL;
    for (size_t i = 1; i < f->ward_count; i++)
        if (f->wards[i]->orgs < best->orgs)
            best = f->wards[i];
    if (!best || (best->orgs && f->ward_count < f->ward_limit))
        best = ward__new(f); /* the limit is 1 at least */
    return best;
}

static void places_add(struct front *f, const char *org)
{
    bool found;
    size_t at = places_at(f, org, &found);
    if (found)
        return;
    struct ward *w = places_ward(f);
    if (f->place_count == f->place_room) {
        f->place_room = f->place_room ? 2 * f->place_room : 16;
        f->places = mem_resize(f->places, f->place_room * sizeof *f->places);
    }
    memmove(f->places + at + 1, f->places + at, (f->place_count - at) * sizeof *f->places);
    f->places[at] = (struct place){ .org = mem_dup(org), .ward = w };
    w->orgs++;
    f->place_count++;
}

static bool places_lists(char *const *names, const char *org)
{
    while (*names && strcmp(*names, org))
        names++;
    return *names != NULL;
}

static void places_drop_gone(struct front *f, char *const *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->place_count; i++) {
        struct place *p = &f->places[i];
        if (places_lists(names, p->org)) {
            f->places[kept++] = *p;
            continue;
        }
        p->ward->orgs--;
        mem_free(p->org);
    }
    f->place_count = kept;
}

int places__scan(struct front *f, struct error *e)
{
    char **names;
    int rc = home_orgs(f->home, &names, e);
    if (rc)
        return rc;
    places_drop_gone(f, names);
    for (char **name = names; *name; name++)
        places_add(f, *name);
    mem_free(names);
    for (size_t i = 0; i < f->ward_count; i++)
        ward__give(f->wards[i]);
    return 0;
}

int places__find(struct front *f, const char *org, struct ward **out, struct error *e)
{
    bool found;
    size_t at = places_at(f, org, &found);
    if (!found) { /* made since we looked last? */
        int rc = home_check_org(f->home, org, e);
        if (rc || (rc = places__scan(f, e)))
            return rc;
        at = places_at(f, org, &found);
    }
    if (!found)
        return error_set(e, ERROR_NOT_FOUND, "the organisation %.64s is just being removed", org);
    *out = f->places[at].ward;
    return 0;
}

void places__write(const struct front *f, const struct ward *w, struct jsonw *names)
{
    jsonw_open_array(names);
    for (size_t i = 0; i < f->place_count; i++)
        if (f->places[i].ward == w)
            jsonw_text(names, f->places[i].org);
    jsonw_close(names);
}

void places__free(struct front *f)
{
    for (size_t i = 0; i < f->place_count; i++)
        mem_free(f->places[i].org);
    mem_free(f->places);
}
