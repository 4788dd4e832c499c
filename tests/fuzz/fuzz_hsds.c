/* The directory import (scripts/import_hsds.lua): the first byte says which of its three files the
 * rest is. It ends with a report or an explained error, and a second run changes nothing. */
#include "fuzz_org.h"

static struct fuzz_org hsds_org; /* kept from input to input: opening one takes milliseconds */

static const char *const hsds_names[] = { "organizations.csv", "services.csv", "locations.csv" };
static const char *const hsds_usual[] = {
    "organization_uuid,organization_name\no1,Legal Aid of the Bay\n",
    "service_uuid,organization_uuid,service_name,service_description\ns1,o1,Eviction,Help at law\n",
    "organization_uuid,location_name,location_uuid,location_address\no1,Main office,l1,Bay St 1\n",
};

static void hsds_close(void)
{
    fuzz_org_close(&hsds_org);
}

static void hsds_write(const char *name, const void *data, size_t n)
{
    FILE *file = fopen(name, "w");
    FUZZ_CHECK(file && fwrite(data, 1, n, file) == n && fclose(file) == 0);
}

static json_int_t hsds_events(void)
{
    static const char status[] = "{\"op\":\"status\"}";
    hsds_org.last = 0;
    conversation_start(hsds_org.talk, hsds_org.org, status, sizeof status - 1);
    fuzz_org_answered(&hsds_org);
    return json_integer_value(json_object_get(json_object_get(hsds_org.answer, "done"), "events"));
}

static void hsds_run(const char *source)
{
    json_t *files = json_pack("[s,s,s]", hsds_names[0], hsds_names[1], hsds_names[2]);
    json_t *request = json_pack("{s:s,s:s,s:s,s:o,s:s}", "op", "run", "name", "import_hsds.lua",
                                "source", source, "args", files, "cwd", hsds_org.dir);
    hsds_org.last = 0;
    buf_clear(&hsds_org.shown);
    conversation_start_value(hsds_org.talk, hsds_org.org, request);
    fuzz_org_answered(&hsds_org);
    json_decref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf source = BUF_INIT;
    struct error e = { 0 };
    if (!size)
        return 0;
    if (!hsds_org.home)
        atexit(hsds_close);
    fuzz_org_open(&hsds_org, "hsds_directory");
    for (size_t i = 0; i < 3; i++)
        hsds_write(hsds_names[i], hsds_usual[i], strlen(hsds_usual[i]));
    hsds_write(hsds_names[data[0] % 3], data + 1, size - 1);
    FUZZ_CHECK(!buf_read_file(&source, BATON_SOURCE_DIR "/scripts/import_hsds.lua", 1 << 20, &e));
    hsds_run(buf_text(&source));
    json_int_t events = hsds_events();
    hsds_run(buf_text(&source));
    FUZZ_CHECK(hsds_events() == events);
    buf_free(&source);
    return 0;
}
