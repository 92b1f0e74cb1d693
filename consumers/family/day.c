/* SPDX-License-Identifier: MIT */
/* The civil date: who owns a partition writes a Tick into it when a day is over, and takes the Ticks that it reads
 * (design.md section 6). Whatever is due on a day is done before the partition's next message. */
#include "family/family.h"

#include "base/clock.h"

enum { LOOK_MS = 1000, JUMP_DAYS = 7 };

static enum ule_code write_tick(struct family *family, struct family_partition *partition, int32_t date,
                                struct ule_error *error) {
    struct ule_inbox_message tick;
    ule_arena_reset(family->arena);
    ule_tick_message(date, "", family->arena, &tick);
    ule_buffer_clear(&family->bytes);
    ule_write_single_object(&ule_inbox_message_record, &tick, &family->bytes);
    const struct ule_message message = {.topic = family->inbox,
                                        .partition = partition->number,
                                        .value = family->bytes.bytes,
                                        .size = family->bytes.size};
    enum ule_code code = ule_worker_send(family->worker, &message, error);
    if (code == ULE_OK)
        code = family_move_to(family, partition, partition->next, error);
    if (code == ULE_OK) {
        partition->asked = date;
        partition->changed = true;
    }
    return code;
}

/* From the last day that was done, or is to be: the Tick of that may stand behind a backlog of weeks. */
static enum ule_code check_jump(const struct family *family, const struct family_partition *partition, int32_t date,
                                struct ule_error *error) {
    char now[11], then[11];
    bool near = partition->asked != ULE_DATE_NONE && date - partition->asked <= JUMP_DAYS;
    if (family->permits.jump || near || partition->today == ULE_DATE_NONE || date - partition->today <= JUMP_DAYS)
        return ULE_OK;
    return ule_fail(error, ULE_STATE,
                    "the clock of this host says %s, and the last day that was done is %s (partition %d): is the clock "
                    "right? Then start with --allow-jump",
                    ule_date_format(date, now), ule_date_format(partition->today, then), partition->number);
}

enum ule_code family_look_at_the_clock(struct family *family, struct ule_error *error) {
    int64_t now = ule_clock_steady();
    if (family->config->clock_publish || now - family->day_looked < LOOK_MS)
        return ULE_OK;
    family->day_looked = now;
    int32_t date = ule_date_of_time(ule_clock_wall());
    for (size_t i = 0; i < family->partitions_count; i++) {
        struct family_partition *partition = &family->partitions[i];
        bool done = partition->today != ULE_DATE_NONE && date <= partition->today;
        if (partition->stage != FAMILY_READY || done || (partition->asked != ULE_DATE_NONE && date <= partition->asked))
            continue;
        enum ule_code code = check_jump(family, partition, date, error);
        if (code == ULE_OK)
            code = write_tick(family, partition, date, error);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

static enum ule_code go_on(struct family *family, struct family_partition *partition, struct ule_error *error) {
    bool ticking = partition->stage == FAMILY_TICKING;
    int32_t before = partition->today;
    const struct ule_tick_watch watch = {partition, family_poison_before_tick, family_poison_after_tick};
    ule_stepper_count_in(family->stepper, &partition->census);
    enum ule_code code = ule_stepper_tick_to(family->stepper, partition->store, partition->ticking,
                                             family->config->batch_messages, &watch, &partition->today, error);
    /* A day that is done stays done, whatever becomes of the rest. */
    bool done = partition->today >= partition->ticking;
    partition->changed |= partition->today != before;
    /* Until then the offset stays: a new owner begins the Tick again, with what is still due. */
    if (code == ULE_OK)
        code = family_move_to(family, partition, partition->next + (done ? 1 : 0), error);
    if (code == ULE_OK && !done && !ticking)
        code = ule_worker_pause(family->worker, family->inbox, partition->number, error);
    if (code == ULE_OK && done && ticking)
        code = family_resume(family, partition, error);
    partition->stage = done ? FAMILY_READY : FAMILY_TICKING;
    /* What follows a Tick that was done at once is of its batch. */
    if (!done || ticking) {
        family->sliced = true;
        ule_worker_end_batch(family->worker);
    }
    return code;
}

enum ule_code family_tick(struct family *family, struct family_partition *partition, int32_t date, int64_t offset,
                          struct ule_error *error) {
    partition->next = offset;
    if (partition->today == ULE_DATE_NONE) { /* the first day only begins */
        partition->today = date;
        partition->changed = true;
    }
    partition->ticking = date;
    return go_on(family, partition, error);
}

/* Whose turn it is. One transaction has a slice of one Tick, in size and in time; and between two of them a batch of
 * messages of the partitions that have none, which must not wait until the last Tick is done. */
static struct family_partition *next_ticking(struct family *family) {
    for (size_t i = 0; i < family->partitions_count; i++) {
        size_t at = (family->tick_turn + i) % family->partitions_count;
        if (family->partitions[at].stage != FAMILY_TICKING)
            continue;
        family->tick_turn = at + 1;
        return &family->partitions[at];
    }
    return NULL;
}

enum ule_code family_tick_on(struct family *family, bool *busy, struct ule_error *error) {
    bool took = family->took;
    family->took = false;
    if (family->others_turn && took) {
        *busy = true;
        return ULE_OK;
    }
    family->others_turn = false;
    struct family_partition *partition = next_ticking(family);
    if (!partition)
        return ULE_OK;
    *busy = true;
    return go_on(family, partition, error);
}

void family_tick_committed(struct family *family) {
    family->others_turn = family->sliced;
    family->took = family->sliced; /* one poll before it counts that there was nothing */
    family->sliced = false;
}
