/* SPDX-License-Identifier: MIT */
/* `ule replay --inbox`: the recorded inbox, each partition in its own order, as ule-family took it: tells and Ticks are
 * in it, so nothing is delivered here and no day is guessed (design.md section 8). */
#include "ule/replay_inbox.h"

#include "avro/framing.h"
#include "core/step.h"
#include "ule/live.h"
#include "ule/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 1024 };

struct partition {
    struct ule_store *store;
    int32_t today;
};

struct inbox {
    struct ule_config *config;
    struct ule_recording *recording;
    struct ule_writer *writer;
    struct ule_reader *reader;
    struct ule_stepper *stepper;
    struct ule_arena *arena;
    struct ule_tally tally;
    struct partition partitions[PARTITIONS_MAX];
    int32_t today;
    uint64_t unreadable;
};

static enum ule_code publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    struct inbox *inbox = context;
    ule_tally_add(&inbox->tally, "out", ule_topic_names[output->topic], 1);
    return ule_replay_write(inbox->writer, output, at, error);
}

/* What is told stands in the recording. */
static enum ule_code tell(void *context, const struct ule_inbox_message *message, struct ule_error *error) {
    (void)context;
    (void)message;
    (void)error;
    return ULE_OK;
}

static enum ule_code tick(struct inbox *inbox, struct partition *partition, int32_t date, struct ule_error *error) {
    if (partition->today == ULE_DATE_NONE)
        partition->today = date;
    return ule_stepper_tick_to(inbox->stepper, partition->store, date, INT32_MAX, NULL, &partition->today, error);
}

static enum ule_code decode(struct inbox *inbox, const struct ule_recorded *recorded, struct ule_inbox_message *message,
                            struct ule_error *error) {
    if (recorded->failed.code != ULE_OK)
        return ule_fail(error, recorded->failed.code, "%s", recorded->failed.message);
    if (recorded->line ? !recorded->json || json_is_null(recorded->json) : !recorded->bytes)
        return ule_fail(error, ULE_FIELD_MISSING, "payload: null, and the inbox has no tombstones");
    if (recorded->partition < 0 || recorded->partition >= PARTITIONS_MAX)
        return ule_fail(error, ULE_MALFORMED, "partition: expected 0 to %d", PARTITIONS_MAX - 1);
    return recorded->line
               ? ule_record_from_json(&ule_inbox_message_record, recorded->json, inbox->arena, message, error)
               : ule_reader_decode(inbox->reader, recorded->bytes, recorded->size, inbox->arena, message, error);
}

static enum ule_code take(struct inbox *inbox, const struct ule_recorded *recorded, struct ule_error *error) {
    struct ule_inbox_message message = {.entity = ""};
    struct ule_error why = {0};
    ule_arena_reset(inbox->arena);
    ule_tally_add(&inbox->tally, "in", ULE_INBOX_TOPIC, 1);
    if (decode(inbox, recorded, &message, &why) != ULE_OK) {
        /* ule-family set it aside too. */
        (void)fprintf(stderr, "%s: partition %" PRId32 " offset %" PRId64 ": %s: %s\n", recorded->file,
                      recorded->partition, recorded->offset, ule_code_name(why.code), why.message);
        inbox->unreadable++;
        return ULE_OK;
    }
    struct partition *partition = &inbox->partitions[recorded->partition];
    if (!partition->store) {
        partition->store = ule_store_memory_new();
        partition->today = ULE_DATE_NONE;
    }
    enum ule_code code = ULE_OK;
    if (message.entity[0] == '\0' && message.tick != ULE_DATE_NONE) {
        code = tick(inbox, partition, message.tick, error);
    } else {
        if (partition->today == ULE_DATE_NONE)
            partition->today = ule_date_of_time(message.at);
        code = ule_stepper_take(inbox->stepper, partition->store, partition->today, &message, NULL, error);
    }
    if (partition->today > inbox->today)
        inbox->today = partition->today;
    return code == ULE_OK ? ule_store_commit(partition->store, error) : code;
}

/* Our own, which nobody else makes longer: what the inbox takes, of which JSON may write a byte with six characters. */
enum { LINE_BYTES = 6 * 17825792 };

static enum ule_code open_all(struct inbox *inbox, const char *from, const char *to, enum ule_format format,
                              struct ule_error *error) {
    static const char *const topics[] = {ULE_INBOX_TOPIC};
    struct ule_recording_options options = {
        .topics = topics,
        .topic_count = 1,
        .max_bytes = LINE_BYTES,
    };
    const struct ule_stepper_sink sink = {.context = inbox, .output = publish, .tell = tell};
    options.ours = ule_live_files(&options.ours_count);
    inbox->stepper = ule_stepper_new(&inbox->config->policy, &sink);
    inbox->reader = ule_reader_new(&ule_inbox_message_record);
    inbox->arena = ule_arena_new();
    inbox->today = ULE_DATE_NONE;
    enum ule_code code = ule_recording_open(from, &options, &inbox->recording, error);
    return code == ULE_OK ? ule_writer_open(to, format, false, &inbox->writer, error) : code;
}

enum ule_code ule_replay_inbox(const char *from, const char *to, const char *config, enum ule_format format,
                               struct ule_error *error) {
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox)
        abort();
    enum ule_code code = ule_config_read(config, &inbox->config, error);
    if (code == ULE_OK) {
        (void)ule_config_develop(inbox->config);
        code = open_all(inbox, from, to, format, error);
    }
    struct ule_recorded *recorded;
    while (code == ULE_OK && (code = ule_recording_next(inbox->recording, &recorded, error)) == ULE_OK)
        code = take(inbox, recorded, error);
    if (code == ULE_END)
        code = ule_writer_finish(inbox->writer, error);
    if (code == ULE_OK)
        ule_tally_print_inbox(&inbox->tally, inbox->today, stdout);
    ule_writer_close(inbox->writer);
    ule_recording_close(inbox->recording);
    ule_reader_free(inbox->reader);
    ule_stepper_free(inbox->stepper);
    for (size_t i = 0; i < PARTITIONS_MAX; i++)
        ule_store_free(inbox->partitions[i].store);
    ule_tally_close(&inbox->tally);
    ule_arena_free(inbox->arena);
    ule_config_free(inbox->config);
    free(inbox);
    return code;
}
