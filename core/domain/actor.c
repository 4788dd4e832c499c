/* Who acts, and with which roles. Roles come as the text of a staff row, so
 * that nothing has to be built for a check. */
#include <string.h>

#include "domain/domain_internal.h"

const char *const actor__ladder[] = { "junior", "specialist", "senior", "lead", "admin", NULL };

static int actor_rung(const char *role, size_t n)
{
    for (int i = 0; actor__ladder[i]; i++)
        if (strlen(actor__ladder[i]) == n && !memcmp(actor__ladder[i], role, n))
            return i;
    return -1;
}

int actor__each_role(const char *roles, actor__each each, void *context)
{
    const char *at = roles;
    while (*at) {
        size_t n = strcspn(at, ",");
        const char *word = at, *end = at + n;
        while (word < end && (*word == ' ' || *word == '\t'))
            word++;
        while (end > word && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        int rc = each(context, word, (size_t)(end - word));
        if (rc != 0)
            return rc;
        at += n;
        if (*at == ',')
            at++;
    }
    return 0;
}

struct actor_wanted {
    const char *role;
    int rung;
};

static int actor_matches(void *context, const char *word, size_t n)
{
    const struct actor_wanted *w = context;
    if (w->rung >= 0 && actor_rung(word, n) >= w->rung)
        return 1;
    return strlen(w->role) == n && !memcmp(w->role, word, n);
}

bool actor_has_role(const struct actor *a, const char *role)
{
    if (!a->roles)
        return true;
    struct actor_wanted w = { role, actor_rung(role, strlen(role)) };
    return actor__each_role(a->roles, actor_matches, &w) != 0;
}

bool actor_has_any_role(const struct actor *a, const char *const *roles)
{
    if (!roles || !a->roles)
        return true;
    for (; *roles; roles++)
        if (actor_has_role(a, *roles))
            return true;
    return false;
}
