/* SPDX-License-Identifier: MIT */
/* A cluster in memory (design.md section 5): partitions of the inbox, a changelog each, and members that take messages
 * in transactions. A transaction covers outputs, tells, changelog records and offsets, and all of it becomes visible at
 * the commit or never. What it appends has its place in a log from the moment that it is sent, as in Kafka: who reads
 * stops at the first record of an open transaction and skips those of an aborted one. */
#ifndef ULE_TESTS_SIMULATE_CLUSTER_H
#define ULE_TESTS_SIMULATE_CLUSTER_H

#include "loop/state.h"
#include "property/run.h"

enum { CLUSTER_PARTITIONS = 5, CLUSTER_MEMBERS = 3 };

enum cluster_visibility { CLUSTER_OPEN, CLUSTER_COMMITTED, CLUSTER_ABORTED };

/* A message of an inbox. */
struct cluster_entry {
    enum cluster_visibility visibility;
    uint8_t *bytes;
    size_t size;
    uint64_t effects; /* what came of it, a digest: the same at every delivery; 0 before the first */
};

/* A record of a changelog, or of an output topic in a transaction. */
struct cluster_change {
    char *key; /* empty: the partition's day */
    uint8_t *bytes;
    size_t size;
    int32_t due;
    bool present;
};
struct cluster_changes {
    struct cluster_change *items;
    size_t count, room;
};

struct cluster_place {
    unsigned partition;
    size_t offset;
};
struct cluster_places {
    struct cluster_place *items;
    size_t count, room;
};

struct cluster_output {
    struct ule_output output;
    int64_t at;
};

/* Of a member, or of a source consumer. */
struct cluster_transaction {
    bool open;
    bool fenced; /* its member has lost the partitions: it may not commit */
    struct cluster_places sent;
    /* a member's: */
    struct ule_arena *arena;
    struct cluster_output *outputs;
    size_t outputs_count, outputs_room;
    bool touched[CLUSTER_PARTITIONS];
    size_t offsets[CLUSTER_PARTITIONS];
    struct cluster_changes changes[CLUSTER_PARTITIONS];
};

struct cluster_partition {
    struct cluster_entry *inbox;
    size_t count, room;
    size_t committed;
    struct cluster_changes changelog;
    size_t applied; /* the store is as of this changelog offset */
    unsigned member;
    uint64_t stalled_until;
};

struct cluster {
    struct run *run; /* what was committed; its stores are the partitions' */
    unsigned partitions, members;
    struct cluster_partition all[CLUSTER_PARTITIONS];
    struct cluster_transaction transactions[CLUSTER_MEMBERS];
    struct ule_state_codec *codec;
    struct ule_arena *arena;
    struct ule_buffer stored, state, slot, encoded;
    uint64_t now; /* counts what was done */
    size_t commits, aborts, restores, ticks, messages;
    size_t rings; /* times that tells went round and were stopped */
    bool wrong;   /* printed */
};

/* Borrows the world. */
struct cluster *cluster_new(const struct world *world, unsigned partitions, unsigned members);
void cluster_free(struct cluster *cluster);

/* A record behind the others, as part of a transaction or, without one, at once. */
void cluster_send(struct cluster *cluster, struct cluster_transaction *transaction, unsigned number,
                  const struct ule_inbox_message *message);
void cluster_tick(struct cluster *cluster, unsigned partition, int32_t day);

/* The member takes up to `most` messages more into its transaction; returns how many there were. */
int cluster_take(struct cluster *cluster, unsigned member, int most);
/* Ends a transaction. A commit of one that is fenced is an abort. `store_lost`: the process ends after the commit and
 * before its store has it. */
void cluster_commit(struct cluster *cluster, struct cluster_transaction *transaction, bool store_lost);
void cluster_abort(struct cluster *cluster, struct cluster_transaction *transaction);
/* The member ends without a word and begins again, with its stores as of the last commit they saw, or with none. */
void cluster_crash(struct cluster *cluster, unsigned member, bool stores_kept);
/* The partition goes to another member. The former one may not know it yet. */
void cluster_move(struct cluster *cluster, unsigned partition, unsigned member);

/* Nothing to read and no transaction open. */
bool cluster_is_drained(const struct cluster *cluster);
/* The changelogs give the very stores that there are. */
bool cluster_restores_exactly(struct cluster *cluster);

#endif
