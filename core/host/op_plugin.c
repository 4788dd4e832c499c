/* op plugin: switches a plugin of the organisation off, and on again. */
#include "host/request_internal.h"

#include <string.h>

struct switching {
    const char *plugin, *why;
    bool on;
};

static int switching_start(struct conversation *c, struct error *e)
{
    struct switching *s = arena_alloc(c->arena, sizeof *s);
    const char *action = NULL;
    int rc;
    *s = (struct switching){ 0 };
    c->state = s;
    if ((rc = request__text(c, "name", true, &s->plugin, NULL, e)) ||
        (rc = request__text(c, "action", true, &action, NULL, e)) ||
        (rc = request__text(c, "why", false, &s->why, NULL, e)))
        return rc;
    s->on = !strcmp(action, "on");
    if (!s->on && strcmp(action, "off") != 0)
        return request__refuse(e, "action", "\"action\" is on or off, not \"%.40s\"", action);
    return 0;
}

static int switching_turn(struct conversation *c, struct error *e)
{
    const struct switching *s = c->state;
    return script_switch(c->org->world.script, s->plugin, s->on, &c->actor, s->why, e);
}

static const char *const switching_keys[] = { "name", "action", "why", NULL };

const struct request_op op_plugin = { .name = "plugin",
                                      .keys = switching_keys,
                                      .writes = true,
                                      .start = switching_start,
                                      .turn = switching_turn };
