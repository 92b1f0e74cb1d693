/* SPDX-License-Identifier: MIT */
#include "ule/replay.h"

#include "kafka/topics.h"
#include "loop/audit.h"

#include <inttypes.h>
#include <string.h>

static const char actor[] = "ule-replay";

static const char *const dead_letter_names[ULE_SOURCE_COUNT] = {
    "cpr.person-changed.v1" ULE_DEAD_LETTER_SUFFIX,  "udlst.residence-permit.v1" ULE_DEAD_LETTER_SUFFIX,
    "nemid.credential.v1" ULE_DEAD_LETTER_SUFFIX,    "institution.person-changed.v1" ULE_DEAD_LETTER_SUFFIX,
    "institution.request.v1" ULE_DEAD_LETTER_SUFFIX,
};

const char *ule_replay_output_name(size_t index) {
    if (index < ULE_TOPIC_COUNT)
        return ule_topic_names[index];
    return index == ULE_TOPIC_COUNT ? ULE_AUDIT_TOPIC : dead_letter_names[index - ULE_TOPIC_COUNT - 1];
}

enum ule_code ule_replay_write(struct ule_writer *writer, const struct ule_output *output, int64_t at,
                               struct ule_error *error) {
    return ule_writer_write(writer,
                            &(struct ule_written){
                                .topic = ule_topic_names[output->topic],
                                .ts = at,
                                .key = output->key,
                                .record = ule_topic_records[output->topic],
                                .value = output->value,
                            },
                            error);
}

enum ule_code ule_replay_publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    struct ule_replay *replay = context;
    ule_tally_output(&replay->tally, replay->stores[0], output);
    return ule_replay_write(replay->writer, output, at, error);
}

/* Where, in the words of an operator; never what the record says. */
static void say(const struct ule_replay *replay, const struct ule_recorded *recorded, const struct ule_error *why) {
    enum { SAY_AT_MOST = 20 };
    if (replay->set_aside > SAY_AT_MOST + 1)
        return;
    if (replay->shown)
        (void)fputs("\r\033[K", stderr);
    if (replay->set_aside == SAY_AT_MOST + 1)
        (void)fputs("ule replay: further dead letters are not shown here\n", stderr);
    else if (recorded->line)
        (void)fprintf(stderr, "%s:%" PRIu64 ": dead letter: %s: %s\n", recorded->file, recorded->line,
                      ule_code_name(why->code), why->message);
    else
        (void)fprintf(stderr, "%s: partition %d offset %" PRId64 ": dead letter: %s: %s\n", recorded->file,
                      recorded->partition, recorded->offset, ule_code_name(why->code), why->message);
}

enum ule_code ule_replay_set_aside(struct ule_replay *replay, const struct ule_recorded *recorded,
                                   const struct ule_error *why, struct ule_error *error) {
    char partition[16], offset[24], ts[24];
    (void)snprintf(partition, sizeof partition, "%d", recorded->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, recorded->offset);
    (void)snprintf(ts, sizeof ts, "%" PRId64, recorded->ts);
    const char *headers[] = {
        "error.code",
        ule_code_name(why->code),
        "error.message",
        why->message,
        "topic",
        ule_sources[recorded->topic].topic,
        "partition",
        partition,
        "offset",
        offset,
        "ts",
        ts,
    };
    size_t count = sizeof headers / sizeof *headers;
    replay->set_aside++;
    say(replay, recorded, why);
    ule_tally_add(&replay->tally, "dead", ule_code_name(why->code), 1);
    struct ule_written letter = {
        .topic = dead_letter_names[recorded->topic],
        .ts = recorded->time == ULE_TIME_NONE ? 0 : recorded->time,
        .key = recorded->key,
        .headers = headers,
        .headers_count = recorded->ts == ULE_TIME_NONE ? count - 2 : count,
    };
    if (recorded->line && recorded->json) {
        letter.json = recorded->json;
    } else {
        letter.bytes = recorded->line ? recorded->raw : recorded->bytes;
        letter.size = recorded->line ? recorded->raw_size : recorded->size;
    }
    return ule_writer_write(replay->writer, &letter, error);
}

enum ule_code ule_replay_audit(struct ule_replay *replay, struct ule_error *error) {
    if (replay->audit_count == 0)
        return ULE_OK;
    int32_t next_day = ule_engine_today(replay->engine) + 1;
    ule_arena_reset(replay->arena);
    struct ule_cpr_transaction transaction;
    const struct ule_caused_by cause = {.topic = "tick", .offset = next_day, .event_id = ""};
    /* One a day: its version rises by itself. */
    ule_audit_process(actor, NULL, ule_time_of_date(next_day), (int64_t)replay->audit_count, &cause, replay->arena,
                      &transaction);
    replay->audit_count = 0;
    ule_tally_add(&replay->tally, "out", ULE_AUDIT_TOPIC, 1);
    return ule_writer_write(replay->writer,
                            &(struct ule_written){
                                .topic = ULE_AUDIT_TOPIC,
                                .ts = transaction.at,
                                .key = actor,
                                .record = &ule_cpr_transaction_record,
                                .value = &transaction,
                            },
                            error);
}
