/* Reading a request: every member typed, what nobody knows refused, errors with
 * a JSON pointer in `where` (DESIGN 13). */
#include "baton/base/text.h"
#include "host/request_internal.h"

#include <string.h>

static const struct request_op *const request_ops[] = {
    &op_eval,     &op_run,    &op_import, &op_export, &op_audit,  &op_status,  &op_complete,
    &op_command,  &op_report, &op_settle, &op_reload, &op_graph,  &op_migrate, &op_explain,
    &op_calendar, &op_replay, &op_person, &op_backup, &op_plugin,
};
enum { REQUEST_OPS = sizeof request_ops / sizeof *request_ops };

int request__refuse(struct error *e, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = error_setv(e, ERROR_INVALID, format, args);
    va_end(args);
    error_at(e, "/%s", key);
    return rc;
}

static int request_find_op(const char *name, const struct request_op **op, struct error *e)
{
    const char *names[REQUEST_OPS + 1];
    for (size_t i = 0; i < REQUEST_OPS; i++) {
        names[i] = request_ops[i]->name;
        if (!strcmp(name, names[i])) {
            *op = request_ops[i];
            return 0;
        }
    }
    names[REQUEST_OPS] = NULL;
    struct buf hint = BUF_INIT;
    text_suggest(name, names, &hint);
    int rc = request__refuse(e, "op", "no op \"%.64s\"%s", name, buf_text(&hint));
    buf_free(&hint);
    return rc;
}

static int request_check_keys(json_t *request, const struct request_op *op, struct error *e)
{
    const char *known[16] = { "op", "org", "as" };
    size_t n = 3;
    for (const char *const *p = op->keys; *p; p++)
        known[n++] = *p;
    known[n] = NULL;
    const char *key;
    json_t *value;
    json_object_foreach(request, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(key, known[i]))
            i++;
        if (known[i])
            continue;
        struct buf hint = BUF_INIT;
        text_suggest(key, known, &hint);
        int rc = request__refuse(e, key, "%s takes no \"%.64s\"%s", op->name, key, buf_text(&hint));
        buf_free(&hint);
        return rc;
    }
    return 0;
}

int request__check(json_t *request, const struct request_op **op, struct error *e)
{
    if (!json_is_object(request)) {
        int rc = error_set(e, ERROR_INVALID, "a request is a JSON object like {\"op\":\"status\"}");
        error_at(e, "/");
        return rc;
    }
    const char *name = json_string_value(json_object_get(request, "op"));
    if (!name)
        return request__refuse(e, "op", "a request needs a text \"op\", like \"eval\"");
    const struct request_op *found = NULL;
    int rc = request_find_op(name, &found, e);
    if (!rc)
        rc = request_check_keys(request, found, e);
    if (!rc)
        *op = found;
    return rc;
}

int request__text(struct conversation *c, const char *key, bool required, const char **out,
                  size_t *n, struct error *e)
{
    const json_t *v = json_object_get(c->request, key);
    if (!v || json_is_null(v))
        return required ? request__refuse(e, key, "%s needs \"%s\", a text", c->op->name, key) : 0;
    if (!json_is_string(v))
        return request__refuse(e, key, "\"%s\" must be a text", key);
    if (!n && strlen(json_string_value(v)) != json_string_length(v))
        return request__refuse(e, key, "\"%s\" must not hold a NUL byte", key);
    *out = json_string_value(v);
    if (n)
        *n = json_string_length(v);
    return 0;
}

int request__path(struct conversation *c, const char *key, bool required, const char **out,
                  struct error *e)
{
    const char *path = NULL;
    int rc = request__text(c, key, required, &path, NULL, e);
    if (rc || !path)
        return rc;
    if (path[0] != '/')
        return request__refuse(e, key, "\"%s\" must be an absolute path, it is \"%.200s\"", key,
                               path);
    *out = path;
    return 0;
}

int request__bool(struct conversation *c, const char *key, bool *out, struct error *e)
{
    const json_t *v = json_object_get(c->request, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_boolean(v))
        return request__refuse(e, key, "\"%s\" must be true or false", key);
    *out = json_is_true(v);
    return 0;
}

int request__int(struct conversation *c, const char *key, int64_t *out, struct error *e)
{
    const json_t *v = json_object_get(c->request, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_integer(v))
        return request__refuse(e, key, "\"%s\" must be a whole number", key);
    *out = json_integer_value(v);
    return 0;
}

int request__list(struct conversation *c, const char *key, bool paths, const char *const **out,
                  struct error *e)
{
    json_t *v = json_object_get(c->request, key);
    if (v && !json_is_null(v) && !json_is_array(v))
        return request__refuse(e, key, "\"%s\" must be a list of texts", key);
    size_t count = json_array_size(v);
    const char **list = arena_alloc(c->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(v, i);
        list[i] = json_string_value(item);
        if (list[i] && strlen(list[i]) == json_string_length(item) && (!paths || list[i][0] == '/'))
            continue;
        int rc = error_set(e, ERROR_INVALID, "\"%s\" must be a list of %s", key,
                           paths ? "absolute paths" : "texts");
        error_at(e, "/%s/%zu", key, i);
        return rc;
    }
    list[count] = NULL;
    *out = list;
    return 0;
}

int request__object(struct conversation *c, const char *key, const char **out, struct error *e)
{
    const json_t *v = json_object_get(c->request, key);
    if (!v || json_is_null(v)) {
        *out = "{}";
        return 0;
    }
    if (!json_is_object(v))
        return request__refuse(e, key, "\"%s\" must be an object", key);
    struct buf text = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &text);
    jsonw_value(&w, v);
    *out = arena_dup(c->arena, buf_text(&text));
    buf_free(&text);
    return 0;
}
