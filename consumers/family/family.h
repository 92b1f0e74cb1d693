/* SPDX-License-Identifier: MIT */
/* ule-family on Kafka: partitions of the inbox, each with a store that is a cache of its changelog; the stepper; and
 * what must happen to a partition before a message, between messages, and at a commit. */
#ifndef ULE_FAMILY_FAMILY_H
#define ULE_FAMILY_FAMILY_H

#include "avro/framing.h"
#include "base/clock.h"
#include "loop/dead_letter.h"
#include "loop/poison.h"
#include "loop/process.h"
#include "loop/stepper.h"

#include "kafka/reader.h"

enum family_stage {
    FAMILY_NEW,       /* given out, not looked at yet */
    FAMILY_RESTORING, /* its changelog is being read */
    FAMILY_READY,
    FAMILY_TICKING, /* within a Tick that takes more than one transaction: no message is taken meanwhile */
};

struct family_partition {
    struct family *family;
    int32_t number;
    enum family_stage stage;
    struct ule_store *store;             /* NULL while NEW */
    int64_t next;                        /* of the inbox: where to go on */
    int64_t position;                    /* of the changelog: what the store is as of */
    int64_t delivered;                   /* likewise when the open transaction is committed */
    int64_t as_of;                       /* wall clock: all of the changelog that there was then is in the store */
    int32_t today;                       /* the last day whose Tick is done, ULE_DATE_NONE before the first */
    int32_t ticking;                     /* the day that a Tick goes to */
    int32_t asked;                       /* the last day that a Tick was written for, whoever wrote it */
    bool changed;                        /* today, asked or quarantined, since the last commit */
    bool fresh;                          /* the group has no offset in the inbox */
    int64_t begun;                       /* wall clock: when the changelog got its first record; 0: it has none */
    struct ule_census census, committed; /* of the store: with the batch, and as of the last commit */
    bool uncounted;                      /* the census is made when all is restored */
    char **quarantined;                  /* entities */
    size_t quarantined_count;
    int64_t restore_to, restored; /* of the changelog; restored counts records */
    int64_t restore_as_of;        /* wall clock, when restore_to was its end */
};

struct family_output {
    const char *topic; /* as it is called here */
    int32_t partitions;
    struct ule_framing framing;
};

struct family {
    const struct ule_config *config;
    struct ule_permits permits;
    const char *abort_on_event, *abort_on_tick_of; /* of the environment; NULL but in a test */
    struct ule_task task;
    struct ule_worker *worker;
    struct ule_stepper *stepper;
    struct ule_state_codec *codec;
    struct ule_reader *messages;
    struct ule_registry *registry; /* of the outputs' schemas; NULL: none */
    const char *inbox, *changelog;
    const char *topics[1]; /* the inbox, for the task */
    struct family_output outputs[ULE_TOPIC_COUNT];
    struct ule_dead_letters letters;
    struct family_partition *partitions;
    size_t partitions_count;
    struct ule_kafka_reader *restorer; /* NULL: nothing is being restored */
    size_t *restoring;                 /* by the order of the starts: index into partitions */
    size_t restoring_count;
    int64_t restore_shown, restore_began, restore_uncommitted;
    int64_t day_looked;              /* steady clock */
    int64_t shown, stores_looked;    /* likewise */
    struct ule_stepper_counts noted; /* what is in the metrics already */
    size_t tick_turn;                /* index into partitions: whose slice of a Tick comes next */
    bool sliced;                     /* the open transaction has a slice of a Tick */
    bool others_turn;                /* between two slices: a batch of messages, where there are any */
    bool took;                       /* a message, since the last turn */
    int lock;                        /* of state.dir */
    char cluster[64], boot[ULE_BOOT_SIZE], digest[65];
    struct ule_arena *arena;
    struct ule_buffer bytes;
};

/* takeover.c. state.dir is ours alone from here on. */
enum ule_code family_lock(struct family *family, struct ule_error *error) ULE_MUST_CHECK;
/* A slice of what there is to restore; *busy: there is more. */
enum ule_code family_take_over(struct family *family, bool *busy, struct ule_error *error) ULE_MUST_CHECK;
/* The store is as of partition->position, in the same transaction of the store. */
enum ule_code family_store_commit(struct family *family, struct family_partition *partition,
                                  struct ule_error *error) ULE_MUST_CHECK;
/* Closes every store, without what is not committed, and forgets the partitions. */
void family_give_up(struct family *family);

/* day.c. Writes a Tick into each partition whose day is over. */
enum ule_code family_look_at_the_clock(struct family *family, struct ule_error *error) ULE_MUST_CHECK;
/* A Tick of `date` was read at `offset`: as much of it as a transaction may hold. */
enum ule_code family_tick(struct family *family, struct family_partition *partition, int32_t date, int64_t offset,
                          struct ule_error *error) ULE_MUST_CHECK;
/* The rest of Ticks that were begun, in turn with each other and with messages; *busy: there is more. */
enum ule_code family_tick_on(struct family *family, bool *busy, struct ule_error *error) ULE_MUST_CHECK;
/* The transaction is committed. */
void family_tick_committed(struct family *family);

/* show.c. What is committed of accounts and cases, as metrics. */
void family_show_committed(struct family *family);
/* The notes of the batch that is about to be committed; or they are dropped with it. */
void family_note(struct family *family, bool count);
/* Where the partitions are, and whether we are ready; but for `now` twice a second at most. */
void family_show_stages(struct family *family, bool now);
/* Nothing is ours any more. */
void family_show_none(struct family *family);

/* poison.c. What the process dies on twice (design.md section 11). */
enum ule_code family_poison_open(const char *state_dir, struct ule_error *error) ULE_MUST_CHECK;
void family_quarantine(struct family_partition *partition, const char *entity);
/* Before a message to `entity` is taken: *aside, it belongs to the dead letters (family_poison_fail). */
enum ule_code family_poison_check(struct family *family, struct family_partition *partition,
                                  const rd_kafka_message_t *record, const char *entity, bool *aside,
                                  struct ule_error *error) ULE_MUST_CHECK;
enum ule_code family_poison_fail(struct ule_error *why);
/* The watch over a Tick; the context is the partition. */
enum ule_code family_poison_before_tick(void *context, const char *entity, int32_t date, bool *aside,
                                        struct ule_error *error) ULE_MUST_CHECK;
void family_poison_after_tick(void *context);

/* family.c. The group goes on at `next` when the transaction is committed. */
enum ule_code family_move_to(struct family *family, struct family_partition *partition, int64_t next,
                             struct ule_error *error) ULE_MUST_CHECK;
/* Messages are taken again. An inbox that was made anew while nothing was read of it goes on at the old offset as if
 * nothing had happened; but its brokers have forgotten the group's. */
enum ule_code family_resume(struct family *family, const struct family_partition *partition,
                            struct ule_error *error) ULE_MUST_CHECK;
/* NULL where it is not ours. */
struct family_partition *family_partition(struct family *family, int32_t number);
extern const struct ule_process family_process;

#endif
