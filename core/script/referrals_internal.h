/* Referrals, for module, methods and completion. */
#ifndef SCRIPT_REFERRALS_INTERNAL_H
#define SCRIPT_REFERRALS_INTERNAL_H

#include "script/script_internal.h"

/* Opens one from the table at `index`; parent_id 0: what the table says. Returns its id. */
int64_t referrals__open(lua_State *L, int index, int64_t parent_id, const char *what);
/* The referral that a method was called on; raises otherwise. `what` is "referral:advance". */
int64_t referrals__self(lua_State *L, const char *what);
/* Arguments (r, name, options) as the domain takes them; `what` "referral:advance". */
struct advance;
struct advance referrals__read_advance(lua_State *L, const char *what);
/* Names of the transitions that leave its stage, each once; returns how many were put into out. */
size_t referrals__possible(lua_State *L, const struct row *row, const char **out, size_t room);

/* ---- referral_vote.c: r:vote, r:approval ---- */
int referrals__vote(lua_State *L);
int referrals__approval(lua_State *L);
/* Pushes what r:approval gives. */
struct approval_now;
void referrals__push_approval(lua_State *L, const struct approval_now *now);
/* A line for each approval of its stage, for the card. */
void referrals__show_approvals(lua_State *L, const struct row *row, const struct graph *g,
                               void (*line)(struct buf *out, const char *text), struct buf *out);

/* ---- referral_clock.c: r:pause, r:resume, r:clock ---- */
int referrals__pause(lua_State *L);
int referrals__resume(lua_State *L);
int referrals__clock(lua_State *L);

#endif
