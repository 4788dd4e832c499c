/* One end of a stream of frames on the loop: 4 bytes length, big endian, then JSON. */
#ifndef SERVER_WIRE_INTERNAL_H
#define SERVER_WIRE_INTERNAL_H

#include <stdbool.h>
#include <uv.h>

#include "baton/base/buf.h"

struct error;

struct wire {
    uv_pipe_t pipe;
    struct buf in; /* read; what is before in_at was taken */
    size_t in_at;
    struct buf out; /* frames, not yet given to libuv */
    bool paused;    /* not reading: enough is here */
    bool ended;     /* all that the other end sent is in `in` */
    bool closing;   /* as soon as everything is sent */
    /* The other end is gone, or everything is sent and it is closing. Whoever is told drops it. */
    void (*gone)(struct wire *w);
    void (*freed)(struct wire *w); /* after wire__drop, from the loop */
};

void wire__open(struct wire *w, uv_loop_t *loop, void (*gone)(struct wire *),
                void (*freed)(struct wire *));
void wire__read(struct wire *w); /* begins reading */
void wire__drop(struct wire *w); /* now */
void wire__close_when_sent(struct wire *w);

/* The frame that waits; NULL: none that is whole. *n 0, or over LIMIT_FRAME_BYTES: no frame can be
 * so long, and where the next one begins is unknown. */
const char *wire__frame(const struct wire *w, size_t *n);
bool wire__has_frame(const struct wire *w);
void wire__take(struct wire *w);
/* True if it is {"op":WANTED,…}, and short: for words that may overtake what waits. */
bool wire__frame_is(const struct wire *w, const char *wanted);
void wire__resume(struct wire *w); /* reading, if there is room again */
/* Reads what has come, without the loop. False: the other end is gone. */
bool wire__receive(struct wire *w);

void wire__send(struct wire *w, const char *json, size_t n);
void wire__send_error(struct wire *w, const struct error *error);
void wire__flush(struct wire *w); /* drops nothing: may be called while wires are walked */
bool wire__full(const struct wire *w);
/* Answers a length that can't be, and closes. */
void wire__refuse_length(struct wire *w, size_t n);

#endif
