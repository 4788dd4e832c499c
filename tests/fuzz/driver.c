/* Drives a fuzz target without libFuzzer: driver CORPUS_DIR [RUNS].
 *
 * Each file of the corpus as it is, then RUNS mutations: bits flipped, bytes
 * written, stretches cut, doubled, or taken from another file. The sequence is
 * the same each time. The input at work is kept in fuzz-crash-PID until it went
 * well, so that a crash leaves it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "fuzz.h"

enum { DRIVER_FILES = 256, DRIVER_INPUT_BYTES = 16 * 1024, DRIVER_RUNS = 2000 };

struct driver {
    struct buf files[DRIVER_FILES];
    size_t count;
    uint64_t random;
    char crash_name[64];
    struct buf input;
};

static uint64_t driver_random(struct driver *d, uint64_t below)
{
    d->random ^= d->random << 13;
    d->random ^= d->random >> 7;
    d->random ^= d->random << 17;
    return below ? d->random % below : 0;
}

static int driver_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void driver_read(struct driver *d, const char *dir)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, driver_by_name);
    if (n < 0) {
        perror(dir);
        exit(2);
    }
    for (int i = 0; i < n; i++) {
        char path[1024];
        struct error e = { 0 };
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && d->count < DRIVER_FILES &&
            buf_read_file(&d->files[d->count++], path, DRIVER_INPUT_BYTES, &e)) {
            fprintf(stderr, "%s\n", e.message);
            exit(2);
        }
        free(names[i]);
    }
    free(names);
}

/* A copy of exactly the input's size, so that reading beyond it is seen. */
static void driver_run(struct driver *d)
{
    int fd = open(d->crash_name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, buf_text(&d->input), d->input.len) < 0) {
        perror(d->crash_name);
        exit(2);
    }
    close(fd);
    uint8_t *exact = mem_alloc(d->input.len + 1);
    memcpy(exact, buf_text(&d->input), d->input.len);
    LLVMFuzzerTestOneInput(exact, d->input.len);
    mem_free(exact);
}

static void driver_splice(struct driver *d, size_t at)
{
    const struct buf *other = &d->files[driver_random(d, d->count)];
    size_t from = driver_random(d, other->len + 1);
    size_t n = driver_random(d, other->len - from + 1);
    struct buf out = BUF_INIT;
    buf_add(&out, buf_text(&d->input), at);
    buf_add(&out, buf_text(other) + from, n);
    buf_add(&out, buf_text(&d->input) + at, d->input.len - at);
    buf_free(&d->input);
    d->input = out;
}

static void driver_cut(struct driver *d, size_t at)
{
    size_t n = driver_random(d, d->input.len - at + 1);
    memmove(d->input.data + at, d->input.data + at + n, d->input.len - at - n);
    d->input.len -= n;
}

/* A bit turned over, or a byte that means something to a reader. */
static void driver_write(char *byte, bool turn, uint64_t random)
{
    static const char bytes[] = "\0\n\r\t \"'\\{}[]()<>;:,=%#-+.0189aZ~\x7f\x80\xc3\xff";
    if (turn)
        *byte = (char)((unsigned char)*byte ^ (unsigned char)(1u << random % 8));
    else
        *byte = bytes[random % (sizeof bytes - 1)];
}

static void driver_mutate(struct driver *d)
{
    size_t at = driver_random(d, d->input.len + 1);
    if (!d->input.len || driver_random(d, 4) == 0) {
        driver_splice(d, at);
    } else if (driver_random(d, 4) == 0) {
        driver_cut(d, at);
    } else {
        at = driver_random(d, d->input.len);
        driver_write(&d->input.data[at], driver_random(d, 2), driver_random(d, UINT32_MAX));
    }
    if (d->input.len > DRIVER_INPUT_BYTES)
        d->input.len = DRIVER_INPUT_BYTES;
}

int main(int argc, char **argv)
{
    struct driver d = { .random = 0x9e3779b97f4a7c15 };
    long runs = argc > 2 ? strtol(argv[2], NULL, 10) : DRIVER_RUNS;
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS_DIR [RUNS]\n", argv[0]);
        return 2;
    }
    driver_read(&d, argv[1]);
    FUZZ_CHECK(d.count > 0);
    snprintf(d.crash_name, sizeof d.crash_name, "/tmp/fuzz-crash-%d", (int)getpid());
    for (long i = -(long)d.count; i < runs; i++) {
        const struct buf *base = &d.files[i < 0 ? (uint64_t)-i - 1 : driver_random(&d, d.count)];
        buf_clear(&d.input);
        buf_add(&d.input, buf_text(base), base->len);
        for (uint64_t n = i < 0 ? 0 : 1 + driver_random(&d, 6); n > 0; n--)
            driver_mutate(&d);
        driver_run(&d);
    }
    unlink(d.crash_name);
    printf("%zu files, %ld mutations\n", d.count, runs);
    for (size_t i = 0; i < d.count; i++)
        buf_free(&d.files[i]);
    buf_free(&d.input);
    return 0;
}
