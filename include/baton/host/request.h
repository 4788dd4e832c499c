/* clang-format off */
/* A request: what the command line asks of an organisation, whether it is hosted in this process or
 * by a running server. The same JSON either way; answers come as frames.
 *
 * Request: {"op":"eval","org":"riverside","as":"S-3", …}   (as: optional, see org_actor; ?: optional)
 *
 *   op        keys                                         what comes
 *   --------  -------------------------------------------  ------------------------------------------
 *   eval      text, json?, cwd?                            out…, incomplete | done{now_ms}
 *   run       source, name, args?, cwd?, files?, dry_run?  out…, progress…, done{now_ms, changes?, text?}
 *   command   name, args?, cwd?, dry_run?                  out…, done{result, changes?, text?}
 *   report    name, args?, cwd?                            out…, done{result, columns, zone}
 *   complete  line, cursor, cwd?                           done{start, words}
 *   status                                                 done{status}
 *   explain   referral, transition?, reason?, note?,       done{result}: domain/explain.h
 *             outcome?, fields?
 *   explain   event                                        done{result}: domain/trace.h
 *   graph     workflow, format?, counts?                   done{text}
 *   calendar  action?:"show", month?                       done{month}
 *   calendar  action:"preview", path?                      done{moves}; writes nothing
 *   migrate   workflow?, preview?, undo?, since?,          progress…, done{result}
 *             skip_blocked?
 *   replay    plugins, since?, limit?                      progress…, done{result}
 *   import    entity, path, format?, map?, dry_run?,       progress…, refused…, done{report}
 *             skip_unknown?, separator?
 *   export    entity, path, format?, separator?,           progress…, data…, done{report}
 *             to?, part_of?
 *   audit     seq?                                         progress…, done{result}
 *   person    action:"show", person                        data…, done{result:{rows, copies}}
 *   person    action:"erase", person, reason?, with_open?  done{result:{events, rows:{…}, copies}}
 *   backup    action:"hold", where                         done{file_bytes}; org.db does not change now
 *   backup    action:"release"                             done{}; as does the end of the conversation
 *   backup    action:"note", where                         done{}: one more copy is in the history
 *   backup    action:"copies"                              done{copies:[{at_ms, what, where, by}]}
 *   plugin    name, action:"on"|"off", why?                done{}; of the role admin, or the operator
 *   settle                                                 done{}
 *   reload                                                 done{waiting:[text]}
 *
 *   of a server only:
 *   bar                                                    done{}; the organisation stays closed as long
 *                                                          as the connection lasts
 *   status    (without org)                                done{status of all}
 *   reload    (without org)                                done{waiting:[text]}
 *   stop      (without org)                                done{}
 *   cancel    (without org, while a request runs)          nothing; that one ends with "cancelled"
 *
 * Keys:
 *   path      absolute, of a regular file: a pipe could hold everybody up; of export also "-": rows as
 *             "data" frames. cwd, files: absolute too
 *   entity    people, partners, …; of export also "events": the history
 *   format    of import and export "csv" or "jsonl" (without: by the ending of the path);
 *             of graph "text", "mermaid", "dot" or "svg"
 *   map       {"Given Name":"name"} or ["Given Name=name"]
 *   args      of run a list of texts, of command and report an object
 *   json      results as JSON, a line each
 *   dry_run   nothing is kept; changes, text: domain/changes.h
 *   to        what the list of copies calls the export; with part_of it is not listed: it belongs to a
 *             larger one that is
 *   plugins   folders or names; limit: how many referrals are spelled out (200)
 *   path of calendar: another org.ini
 *
 * Answers:
 *   report of import, export  {lines, created, changed, unchanged, refused}
 *   columns of report         script.h
 *   result of audit           {ok, events, rows, erased, erasures, broken_seq, broken_why, differing,
 *                             differs, differs_why, head, origin, wanted (hash of event seq), now_ms}
 *   month of calendar         zone, week, month, days:[{date, weekday, working, school, holiday}],
 *                             working_days, school_days
 *   moves of calendar         settings:{holidays:[from, to], …}, looked, moved, steps, failed, left_out,
 *                             zone, moves:[{referral, title, workflow, stage, due_from_ms, due_to_ms,
 *                             error?}]
 *   result of migrate         {preview, undo, fits, mapped, blocked, deadline_moves, migrated, failed,
 *                             failures?, zone, rows:[…], rows_left_out, notes:[text]}: rows as
 *                             domain/version.h, those in the way first
 *   result of replay          {plugins, since_ms, zone, events, commands, finished, same, end, way,
 *                             deadlines, unknown, not_replayed, rows_left_out, notes:[text], rows:[…]}
 *     a row of it             {referral, title, workflow, class, recorded:{stage, outcome, closed_at_ms},
 *                             replayed:{…} or null, first?:{recorded, replayed, differs},
 *                             deadlines?:[{stage, from_ms, to_ms}], unknown?:{seq, at_ms, why}, why?}
 *     its class               end (another end), way (another way to the same), deadlines (they move,
 *                             nothing else), unknown, not_replayed
 *   status                    name, title, zone, clock, now_ms, next_due_ms, memory_bytes, file_bytes,
 *                             wal_bytes, events, dirty_rows, turns, commands, sqlite,
 *                             limits:{lua_bytes, call_ms, call_output_bytes, call_effects, call_rows,
 *                             call_bytes},
 *                             plugins:[{name, version, title, loaded, problem, off, off_why?,
 *                             off_since_ms?, off_again_ms? (null: not by itself), calls, failures,
 *                             cpu_ms, …}], declared:[{kind, name, plugin, help, args}],
 *                             workflows:[{name, title, version, plugin, stages, transitions, problem,
 *                             by_setting?}], undeclared:[text] (open referrals whose workflow is gone),
 *                             rows:{people:3, …}
 *   waiting of reload         what it means for open referrals, a text each (org_waiting)
 *   status of all             version, pid, confinement, workers:[{pid, orgs:[…], started_at_ms,
 *                             restarts, ended_last?, problem}], orgs:[{name, zone, awake, next_due_ms,
 *                             memory_bytes}]   (next_due_ms in its own time, null: nothing; of a worker
 *                             that does not answer in time, awake and memory_bytes are null)
 *
 * Frames:
 *   {"out":text,"stream":"print|info|warn|error"}
 *   {"progress":{done,total,label}}
 *   {"refused":{line,message}}
 *   {"notice":text}    also between requests
 *   {"data":text}
 *   last: {"done":{…}} or {"incomplete":true} or {"error":{code,message,where}}
 *
 * A session (variables of a REPL) lives as long as its `struct conversation`. */
/* clang-format on */
#ifndef BATON_HOST_REQUEST_H
#define BATON_HOST_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_t; /* jansson's */
struct org;
struct conversation;

/* One frame, as JSON text without newline. `last`: the request is answered. */
typedef void (*conversation_frame)(void *context, const char *json, size_t n, bool last);

struct conversation *conversation_new(conversation_frame frame, void *context);
void conversation_free(struct conversation *c);
/* Starts a request on an organisation. Either answered before it returns, or wants stepping. A
 * request that is malformed is answered with an error frame that has a JSON pointer in `where`. */
void conversation_start(struct conversation *c, struct org *o, const char *json, size_t n);
/* The same from JSON that was read already; borrowed. */
void conversation_start_value(struct conversation *c, struct org *o, struct json_t *request);
/* Several at once, of different conversations: those that are one command each share a turn. */
void conversation_start_many(struct conversation *const *c, struct json_t *const *requests,
                             size_t count, struct org *o);
/* Whether a request would be one command in a turn, so that waiting for others pays. */
bool conversation_shares(const struct json_t *request);
bool conversation_busy(const struct conversation *c);
void conversation_step(struct conversation *c); /* a slice of some 10 ms */
/* The same, because of something else; the answer says `why`, which stays valid. */
void conversation_stop(struct conversation *c, const char *why);
void conversation_cancel(struct conversation *c); /* what runs ends soon with "cancelled" */
bool conversation_has_session(const struct conversation *c);
struct org *conversation_org(const struct conversation *c);
/* The organisation is about to be closed or reloaded: drop its session, and fail what runs. */
void conversation_detach(struct conversation *c, const char *why);

#endif
