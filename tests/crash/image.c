/* From the diary to the files that a power cut could have left.
 *
 * The replay goes through the diary once. Of each inode it keeps the content that is safe and the
 * writes and truncations since its last sync; of the folder, the names that are safe and the
 * creations and deletions since. An image takes the safe part and some of the rest. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "disk_internal.h"

enum { SECTOR = 512 };

struct inode {
    struct buf safe;
    bool named; /* safely */
    size_t *pending, count, room;
};

struct disk_replay {
    struct inode *inodes;
    size_t at;                   /* operations that were gone through */
    size_t *folder, count, room; /* creations and deletions that are not safe */
    uint64_t random;
};

struct disk_replay *disk_replay_new(void)
{
    struct disk_replay *r = mem_new(struct disk_replay);
    r->inodes = mem_zero((disk__diary()->inode_count + 1) * sizeof *r->inodes);
    return r;
}

void disk_replay_free(struct disk_replay *r)
{
    for (size_t i = 0; i < disk__diary()->inode_count; i++) {
        buf_free(&r->inodes[i].safe);
        mem_free(r->inodes[i].pending);
    }
    mem_free(r->inodes);
    mem_free(r->folder);
    mem_free(r);
}

static void list_add(size_t **list, size_t *count, size_t *room, size_t value)
{
    if (*count == *room) {
        *room = *room ? *room * 2 : 16;
        *list = mem_resize(*list, *room * sizeof **list);
    }
    (*list)[(*count)++] = value;
}

static uint64_t replay_random(struct disk_replay *r)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return r->random;
}

/* A size that a file did not have before is filled with zeros. */
static void content_resize(struct buf *b, size_t size)
{
    if (size > b->len) {
        buf_reserve(b, size - b->len);
        memset(b->data + b->len, 0, size - b->len);
    }
    b->len = size;
}

static void content_write(struct buf *b, size_t offset, const uint8_t *data, size_t n)
{
    if (!n)
        return;
    if (offset + n > b->len)
        content_resize(b, offset + n);
    memcpy(b->data + offset, data, n);
}

static void content_apply(struct buf *b, const struct op *op)
{
    if (op->kind == OP_TRUNCATE)
        content_resize(b, (size_t)op->offset);
    else
        content_write(b, (size_t)op->offset, op->data, op->len);
}

static void content_apply_torn(struct disk_replay *r, struct buf *b, const struct op *op)
{
    for (size_t at = 0; at < op->len; at += SECTOR) {
        size_t n = op->len - at < SECTOR ? op->len - at : SECTOR;
        if (replay_random(r) & 1)
            content_write(b, (size_t)op->offset + at, op->data + at, n);
    }
}

/* ---- going on ---- */

static void folder_apply(struct disk_replay *r, const struct op *op, bool *named)
{
    for (size_t i = 0; op->kind == OP_CREATE && i < disk__diary()->inode_count; i++)
        if (!strcmp(disk__diary()->names[i], disk__diary()->names[op->inode]))
            named[i] = false;
    (void)r;
    named[op->inode] = op->kind == OP_CREATE;
}

/* Everything that happened to the folder is safe. */
static void folder_settle(struct disk_replay *r)
{
    size_t inodes = disk__diary()->inode_count;
    bool *named = mem_zero(inodes + 1);
    for (size_t i = 0; i < inodes; i++)
        named[i] = r->inodes[i].named;
    for (size_t i = 0; i < r->count; i++)
        folder_apply(r, &disk__diary()->ops[r->folder[i]], named);
    for (size_t i = 0; i < inodes; i++)
        r->inodes[i].named = named[i];
    mem_free(named);
    r->count = 0;
}

static void replay_op(struct disk_replay *r, size_t index)
{
    const struct op *op = &disk__diary()->ops[index];
    struct inode *node = &r->inodes[op->inode];
    switch (op->kind) {
    case OP_WRITE:
    case OP_TRUNCATE:
        list_add(&node->pending, &node->count, &node->room, index);
        return;
    case OP_CREATE:
    case OP_DELETE:
        list_add(&r->folder, &r->count, &r->room, index);
        return;
    case OP_DELETE_SYNC:
        list_add(&r->folder, &r->count, &r->room, index);
        folder_settle(r);
        return;
    case OP_SYNC:
        for (size_t i = 0; i < node->count; i++)
            content_apply(&node->safe, &disk__diary()->ops[node->pending[i]]);
        node->count = 0;
        if (!node->named)
            folder_settle(r);
    }
}

/* ---- the image ---- */

static void image_file(struct disk_replay *r, const struct inode *node, enum disk_left left,
                       const char *path)
{
    struct buf content = BUF_INIT;
    buf_add(&content, node->safe.data ? node->safe.data : "", node->safe.len);
    for (size_t i = 0; i < node->count && left != DISK_NOTHING; i++) {
        const struct op *op = &disk__diary()->ops[node->pending[i]];
        if (left == DISK_ALL || (left == DISK_SOME && replay_random(r) & 1) ||
            (left == DISK_TORN && op->kind == OP_TRUNCATE && replay_random(r) & 1))
            content_apply(&content, op);
        else if (left == DISK_TORN && op->kind == OP_WRITE)
            content_apply_torn(r, &content, op);
    }
    FILE *file = fopen(path, "w");
    if (!file || (content.len && fwrite(content.data, 1, content.len, file) != content.len) ||
        fclose(file))
        perror(path);
    buf_free(&content);
}

void disk_image(struct disk_replay *r, size_t at, enum disk_left left, uint64_t seed,
                const char *dir)
{
    const struct diary *d = disk__diary();
    while (r->at < at && r->at < d->count)
        replay_op(r, r->at++);
    r->random = seed * 0x9E3779B97F4A7C15u + 1;
    bool *named = mem_zero(d->inode_count + 1);
    size_t happened = left == DISK_NOTHING ? 0
                      : left == DISK_ALL   ? r->count
                                           : replay_random(r) % (r->count + 1);
    for (size_t i = 0; i < d->inode_count; i++)
        named[i] = r->inodes[i].named;
    for (size_t i = 0; i < happened; i++)
        folder_apply(r, &d->ops[r->folder[i]], named);
    for (int pass = 0; pass < 2; pass++) /* a name that was taken again is written, not removed */
        for (size_t i = 0; i < d->inode_count; i++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s", dir, d->names[i]);
            if (pass == 0)
                unlink(path);
            else if (named[i])
                image_file(r, &r->inodes[i], left, path);
        }
    mem_free(named);
}
