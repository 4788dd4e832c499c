/* The payload of "person.erased", which the audit reads too: "seqs":"3-5,9". */
#ifndef BATON_DOMAIN_ERASE_INTERNAL_H
#define BATON_DOMAIN_ERASE_INTERNAL_H

#include "baton/store/store.h"

extern const char erase__kind[];
/* The payloads that it names, as ranges in order. */
void erase__each_range(const struct event *event,
                       void (*each)(void *context, int64_t first, int64_t last), void *context);

/* held.c: the rows that belong to a person, without end: mem_free(rows). */
struct held {
    struct held__row {
        enum entity entity;
        int64_t id;
    } * rows;
    size_t count, room;
};
struct domain;
struct error;
int held__gather(struct domain *d, int64_t person_id, struct held *out, struct error *e);

#endif
