/* The log sink: the one mutable global (STYLE 3). Only host, server and cli
 * log; rooms below them return errors. One line each:
 * 2026-03-01T09:00:00.123Z warn org=riverside plugin pre_referral: ... */
#ifndef BATON_BASE_LOG_H
#define BATON_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_open(int fd, enum log_level level);                /* default: stderr, warn */
int log_level_parse(const char *word, enum log_level *out); /* 0 or -1 */
/* Control characters in the text are escaped; lines over 4 kB are cut, and say so. */
void log_write(enum log_level level, const char *org, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
