/* SPDX-License-Identifier: MIT */
/* The parts of `ule diff`: what is held of two recordings (diff_set.c), reading them (diff_read.c), what of them
 * converges (diff_picture.c), what a difference means (diff_meaning.c) and how it is told (diff_report.c).
 *
 * All keys are held in a sorted tree, each with the last value of either side: memory grows with the keys of the larger
 * recording, by about 400 bytes each (twice that with --picture). Bounding it would take a sorting of both recordings
 * on disk; a machine that can replay a country has that memory, and a difference is looked for seldom. */
#ifndef ULE_DIFF_H
#define ULE_DIFF_H

#include "avro/record.h"
#include "core/step.h"

#include <stdio.h>
#include <time.h>

enum ule_diff_side_name { ULE_DIFF_A, ULE_DIFF_B, ULE_DIFF_SIDES };

struct ule_diff_side {
    uint8_t *bytes; /* the last value, its header cleared; NULL: never there, or a tombstone */
    size_t size;
    uint64_t count;  /* events, tombstones too */
    uint64_t digest; /* of them in their order */
    int64_t version; /* of the last value */
    uint32_t met;    /* bit n: ule_diff_level(topic) was n in one of the values */
    char *label;     /* what to call it in place of `key`, NULL: its key */
};

/* Topics are counted as by ule_replay_output_name: the six of the core, the audit, dead letters by input. */
struct ule_diff_item {
    size_t topic;
    char *key; /* may hold person numbers: never shown where there is a label */
    struct ule_diff_side sides[ULE_DIFF_SIDES];
};

struct ule_diff_set {
    void *root;
    size_t count;
};

enum { ULE_DIFF_AUDIT = ULE_TOPIC_COUNT, ULE_DIFF_DEAD_LETTERS };
/* NULL for dead letters. */
const struct ule_record *ule_diff_record(size_t topic);
/* The enum field that says most of a value (state, access, ...), NULL where there is none. */
const struct ule_field *ule_diff_level(size_t topic);

struct ule_diff_options {
    const char *dirs[ULE_DIFF_SIDES];
    bool picture, json, summary;
};

/* diff_set.c */
/* The item of (topic, key), made where there is none. */
struct ule_diff_item *ule_diff_set_find(struct ule_diff_set *set, size_t topic, const char *key);
/* By topic and key. `visit` may not change the set. */
void ule_diff_set_walk(const struct ule_diff_set *set, void (*visit)(struct ule_diff_item *item, void *context),
                       void *context);
void ule_diff_set_close(struct ule_diff_set *set);
/* Takes over as the last value what is the same as the other side's, so that it is held once. NULL: none. */
void ule_diff_item_keep(struct ule_diff_item *item, enum ule_diff_side_name side, const uint8_t *bytes, size_t size);

/* diff_read.c */
struct ule_registry;
/* Reads a folder into `set`; shows progress on a terminal. `registry` may be NULL. */
enum ule_code ule_diff_read(const char *dir, enum ule_diff_side_name side, struct ule_registry *registry,
                            struct ule_diff_set *set, struct ule_error *error) ULE_MUST_CHECK;

/* diff_picture.c */
/* What converges of the last values in `all`, by person number where `all` has user keys (design.md section 2). */
void ule_diff_picture(const struct ule_diff_set *all, struct ule_diff_set *picture);
/* A field that a picture does not compare. */
bool ule_diff_unpictured(size_t topic, const char *field);

/* diff_meaning.c: one line of the summary. */
struct ule_diff_line {
    size_t topic;
    const char *change; /* "gain", "lose", "opened", ... */
    char what[96];      /* "NON_SENSITIVE -> SENSITIVE" */
    char rules[160];    /* that decided it; may be empty */
    uint64_t count;
};
/* One item that differs: its last values as JSON (NULL: none), and the fields that count and differ. */
struct ule_diff_change {
    const struct ule_diff_item *item;
    json_t *values[ULE_DIFF_SIDES];
    const struct ule_field *fields[32];
    size_t field_count;
};
/* False when the two are the same. Fills *change, whose values the caller gives back with ule_diff_change_close. */
bool ule_diff_change_open(const struct ule_diff_item *item, bool picture, struct ule_arena *arena,
                          struct ule_diff_change *change);
void ule_diff_change_close(struct ule_diff_change *change);
/* Calls `line` (count 1) at least once. */
void ule_diff_meaning(const struct ule_diff_change *change,
                      void (*line)(const struct ule_diff_line *line, void *context), void *context);
const char *ule_diff_title(size_t topic);
/* Personal, or free text in which there may be anything. */
bool ule_diff_hidden(size_t topic, const char *field);
/* What says enough of a value that only one side has. */
bool ule_diff_telling(size_t topic, const char *field);
/* The levels that only this side had, the last values aside: "SENSITIVE, NONE"; "" for none. */
void ule_diff_met_only(const struct ule_diff_item *item, enum ule_diff_side_name side, char *out, size_t size);
/* In the order in which they are told; an unknown one comes last. */
size_t ule_diff_change_rank(const char *change);

/* diff_report.c */
/* The number of keys that differ. */
uint64_t ule_diff_report(const struct ule_diff_set *set, const struct ule_diff_options *options, FILE *file);

#endif
