/* Requests as they come out of frames of the control socket: one per line of the input, one
 * conversation. Each is answered once, and the organisation works afterwards. Paths are bent into
 * the target's own folder: a request may name any file that its user may read. */
#include "fuzz_org.h"

static struct fuzz_org request_org; /* kept from input to input: opening one takes milliseconds */

static void request_close(void)
{
    fuzz_org_close(&request_org);
}

static void request_bend(json_t *request)
{
    static const char *const keys[] = { "path", "cwd" };
    for (int i = 0; i < 2; i++) {
        if (json_is_string(json_object_get(request, keys[i])))
            json_object_set_new(request, keys[i], json_sprintf("%s/x", request_org.dir));
    }
    json_object_del(request, "files");
}

static void request_ask(const char *line, size_t n)
{
    json_t *request = NULL;
    struct error e = { 0 };
    request_org.last = 0;
    buf_clear(&request_org.shown);
    if (json_read(line, n, &request, &e) == 0) {
        request_bend(request);
        conversation_start_value(request_org.talk, request_org.org, request);
    } else {
        conversation_start(request_org.talk, request_org.org, line, n);
    }
    fuzz_org_answered(&request_org);
    json_decref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char next[] = "{\"op\":\"eval\",\"text\":\"1 + 1\"}";
    if (!request_org.home)
        atexit(request_close);
    fuzz_org_open(&request_org, "simple_referral");
    const char *at = (const char *)data, *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        request_ask(at, (size_t)(stop - at));
        at = stop + 1;
    }
    request_ask(next, sizeof next - 1);
    FUZZ_CHECK(json_object_get(request_org.answer, "done") != NULL ||
               json_object_get(request_org.answer, "error") != NULL);
    return 0;
}
