/* SPDX-License-Identifier: MIT */
/* What a process died on twice (loop/poison.h) is set aside with all that belongs to its entity: messages and Ticks go
 * to the inbox's dead letters, in their order, until the first of them is sent again. An entity that is set aside is
 * in no index of due dates, so that one Tick of it becomes a letter and not one a day; a restore puts it back there. */
#include "family/family.h"

#include "ops/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ule_code family_poison_open(const char *state_dir, struct ule_error *error) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/poison", state_dir) >= (int)sizeof path)
        return ule_fail(error, ULE_CONFIG, "state.dir: too long");
    return ule_poison_open(path, error);
}

static bool is_quarantined(const struct family_partition *partition, const char *entity) {
    for (size_t i = 0; i < partition->quarantined_count; i++) {
        if (strcmp(partition->quarantined[i], entity) == 0)
            return true;
    }
    return false;
}

void family_quarantine(struct family_partition *partition, const char *entity) {
    if (is_quarantined(partition, entity))
        return;
    char **all = realloc(partition->quarantined, (partition->quarantined_count + 1) * sizeof *all);
    char *copy = strdup(entity);
    if (!all || !copy)
        abort();
    all[partition->quarantined_count++] = copy;
    partition->quarantined = all;
    partition->changed = true;
}

/* Of an entity on whose message, or in whose Tick (`tick`, its date), the process died twice. */
static void quarantine_dead(struct family *family, struct family_partition *partition, int64_t offset,
                            const char *entity, int32_t tick) {
    char pseudonym[15], date[11] = "-";
    family_quarantine(partition, entity);
    /* Another death in this batch would take the quarantine with it, and each would undo the other for ever. */
    ule_worker_end_batch(family->worker);
    ule_policy_pseudonym(&family->config->policy, entity, pseudonym);
    if (tick != ULE_DATE_NONE)
        (void)ule_date_format(tick, date);
    ule_log(ULE_LOG_ERROR, "quarantined", "partition=%" PRId32 " offset=%" PRId64 " entity=%s tick=%s",
            partition->number, offset, pseudonym, date);
}

/* The state of an entity again, with the date that it says, or with none. */
static enum ule_code index_due(struct family *family, struct family_partition *partition, const char *entity, bool due,
                               struct ule_error *error) {
    struct ule_buffer state = {0};
    int32_t date = ULE_DATE_NONE;
    enum ule_code code = ULE_OK;
    if (ule_store_get(partition->store, entity, &state)) {
        if (due)
            code = ule_state_due(family->codec, state.bytes, state.size, family->arena, &date, error);
        if (code == ULE_OK)
            ule_store_put(partition->store, entity, state.bytes, state.size, date);
    }
    ule_buffer_close(&state);
    return code;
}

static enum ule_code release(struct family *family, struct family_partition *partition, const char *entity,
                             struct ule_error *error) {
    for (size_t i = 0; i < partition->quarantined_count; i++) {
        if (strcmp(partition->quarantined[i], entity) != 0)
            continue;
        free(partition->quarantined[i]);
        partition->quarantined[i] = partition->quarantined[--partition->quarantined_count];
        partition->changed = true;
        return index_due(family, partition, entity, true, error);
    }
    return ULE_OK;
}

static bool is_redriven(const rd_kafka_message_t *record) {
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    return rd_kafka_message_headers(record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
           rd_kafka_header_get_last(headers, "redriven", &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum ule_code family_poison_check(struct family *family, struct family_partition *partition,
                                  const rd_kafka_message_t *record, const char *entity, bool *aside,
                                  struct ule_error *error) {
    enum ule_code code = ULE_OK;
    if (ule_poison_deaths(family->inbox, partition->number, record->offset, "") >= ULE_POISON_DEATHS)
        quarantine_dead(family, partition, record->offset, entity, ULE_DATE_NONE);
    else if (partition->quarantined_count && is_redriven(record))
        code = release(family, partition, entity, error);
    *aside = is_quarantined(partition, entity);
    return code;
}

enum ule_code family_poison_fail(struct ule_error *why) {
    return ule_fail(why, ULE_QUARANTINED, "the process died on a message to this entity or in its Tick, twice");
}

static enum ule_code set_tick_aside(struct family *family, struct family_partition *partition, const char *entity,
                                    int32_t date, struct ule_error *error) {
    struct ule_error why = {0};
    struct ule_inbox_message tick;
    ule_arena_reset(family->arena);
    ule_tick_message(date, entity, family->arena, &tick);
    ule_buffer_clear(&family->bytes);
    ule_write_single_object(&ule_inbox_message_record, &tick, &family->bytes);
    (void)family_poison_fail(&why);
    enum ule_code code = ule_dead_letters_write(family->worker, &family->letters,
                                                &(struct ule_dead_letter){
                                                    .partition = partition->number,
                                                    .offset = partition->next,
                                                    .ts = tick.at,
                                                    .key = entity,
                                                    .key_size = strlen(entity),
                                                    .value = family->bytes.bytes,
                                                    .size = family->bytes.size,
                                                },
                                                &why, error);
    return code == ULE_OK ? index_due(family, partition, entity, false, error) : code;
}

/* Built in for the tests of what a death leads to: the pseudonym of an entity in whose Tick it comes. */
static void die_if_told(const struct family *family, const char *entity) {
    char pseudonym[15];
    if (!family->abort_on_tick_of)
        return;
    ule_policy_pseudonym(&family->config->policy, entity, pseudonym);
    if (strcmp(pseudonym, family->abort_on_tick_of) == 0)
        abort();
}

enum ule_code family_poison_before_tick(void *context, const char *entity, int32_t date, bool *aside,
                                        struct ule_error *error) {
    struct family_partition *partition = context;
    struct family *family = partition->family;
    if (ule_poison_deaths(family->inbox, partition->number, partition->next, entity) >= ULE_POISON_DEATHS)
        quarantine_dead(family, partition, partition->next, entity, date);
    *aside = is_quarantined(partition, entity);
    if (*aside)
        return set_tick_aside(family, partition, entity, date, error);
    ule_poison_enter(family->inbox, partition->number, partition->next, entity);
    die_if_told(family, entity);
    return ULE_OK;
}

void family_poison_after_tick(void *context) {
    (void)context;
    ule_poison_leave();
}
