/* SPDX-License-Identifier: MIT */
/* A recording of one topic, as lines or as a container, with any bytes in it; what comes out goes through the topic's
 * translation. Read twice, the second time from where the first had come to half way: the rest must be the same.
 *
 * Input: the topic, the format, then the file. */
#include "avro/framing.h"
#include "fuzz/fuzz.h"
#include "loop/source.h"
#include "recording/recording.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 2000, RECORDS = 512, PARTITIONS = 16 };

struct reading {
    uint64_t digests[RECORDS];
    struct ule_position after[RECORDS];
    size_t count;
};

/* Where to go on: after the first `taken` records of a reading. */
struct halfway {
    const struct reading *reading;
    size_t taken;
};

static char folder[256];

static void clean_up(void) {
    (void)rmdir(folder);
}

static const char *folder_of_tests(void) {
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", base && *base ? base : "/tmp");
        FUZZ_HOLDS(mkdtemp(folder) != NULL, "no temporary folder");
        (void)atexit(clean_up);
    }
    return folder;
}

static bool position(void *context, size_t topic, int32_t partition, struct ule_position *found) {
    const struct halfway *halfway = context;
    (void)topic;
    bool any = false;
    for (size_t i = 0; i < halfway->taken; i++)
        if (halfway->reading->after[i].partition == partition) {
            *found = halfway->reading->after[i];
            any = true;
        }
    return any;
}

static uint64_t mix(uint64_t digest, const void *bytes, size_t size) {
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return (digest ^ size) * UINT64_C(0x100000001b3);
}

static uint64_t digest_of(const struct ule_recorded *recorded) {
    uint64_t digest = mix(UINT64_C(0xcbf29ce484222325), &recorded->partition, sizeof recorded->partition);
    digest = mix(digest, &recorded->offset, sizeof recorded->offset);
    digest = mix(digest, &recorded->time, sizeof recorded->time);
    digest = mix(digest, &recorded->failed.code, sizeof recorded->failed.code);
    if (recorded->raw)
        digest = mix(digest, recorded->raw, recorded->raw_size);
    return recorded->bytes ? mix(digest, recorded->bytes, recorded->size) : digest;
}

static void translate(const struct ule_source *source, const struct ule_recorded *recorded) {
    if (recorded->failed.code != ULE_OK)
        return;
    struct ule_arena *arena = ule_arena_new();
    struct ule_error error = {0};
    void *value = ule_arena_alloc(arena, source->record->size);
    enum ule_code code = ULE_END;
    if (recorded->json && !json_is_null(recorded->json)) {
        code = ule_record_from_json(source->record, recorded->json, arena, value, &error);
    } else if (recorded->bytes) {
        struct ule_reader *reader = ule_reader_new(source->record);
        code = ule_reader_decode(reader, recorded->bytes, recorded->size, arena, value, &error);
        ule_reader_free(reader);
    }
    FUZZ_HOLDS(code == ULE_END || code < ULE_DATA_ERRORS_END, "%s: %s", ule_code_name(code), error.message);
    const char *entity = NULL;
    if (code == ULE_OK) {
        code = source->translate(value, recorded->key, recorded->ts, arena, &entity, NULL, &error);
        FUZZ_HOLDS(code < ULE_DATA_ERRORS_END && (code != ULE_OK || entity != NULL), "the translation: %s",
                   error.message);
    }
    if (code == ULE_OK) {
        struct ule_buffer encoded = {0};
        ule_record_encode(source->record, value, &encoded);
        void *again = ule_arena_alloc(arena, source->record->size);
        code = ule_record_decode(source->record, encoded.bytes, encoded.size, arena, again, &error);
        FUZZ_HOLDS(code == ULE_OK && ule_record_equal(source->record, value, again), "what passed does not come back");
        ule_buffer_close(&encoded);
    }
    ule_arena_free(arena);
}

static enum ule_code read_all(const struct ule_source *source, const struct halfway *halfway, struct reading *reading) {
    const char *const topics[] = {source->topic};
    const struct ule_recording_options options = {
        .topics = topics,
        .topic_count = 1,
        .max_bytes = MAX_BYTES,
        .position = halfway ? position : NULL,
        .context = (void *)halfway,
    };
    struct ule_recording *recording = NULL;
    struct ule_error error = {0};
    enum ule_code code = ule_recording_open(folder, &options, &recording, &error);
    int64_t time = ULE_TIME_NONE;
    while (code == ULE_OK && reading->count < RECORDS) {
        struct ule_recorded *recorded;
        code = ule_recording_next(recording, &recorded, &error);
        if (code != ULE_OK)
            break;
        FUZZ_HOLDS(recorded->time >= time, "time goes back");
        FUZZ_HOLDS(recorded->failed.code < ULE_DATA_ERRORS_END, "%s is no data error",
                   ule_code_name(recorded->failed.code));
        time = recorded->time;
        reading->digests[reading->count] = digest_of(recorded);
        reading->after[reading->count++] = recorded->after;
        translate(source, recorded);
    }
    FUZZ_HOLDS(code <= ULE_END && code != ULE_DATA_ERRORS_END, "%s", error.message);
    ule_recording_close(recording);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct fuzz_input input = {bytes, bytes + size};
    const struct ule_source *source = &ule_sources[fuzz_draw(&input, ULE_SOURCE_COUNT)];
    const char *ending = fuzz_draw(&input, 2) ? "avro" : "jsonl";
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder_of_tests(), source->topic, ending);
    FILE *file = fopen(path, "wb");
    FUZZ_HOLDS(file != NULL, "no temporary file");
    (void)fwrite(input.at, 1, (size_t)(input.end - input.at), file);
    (void)fclose(file);

    struct reading *first = calloc(2, sizeof *first), *rest = first + 1;
    FUZZ_HOLDS(first != NULL, "no memory");
    if (read_all(source, NULL, first) == ULE_END) {
        struct halfway halfway = {first, first->count / 2};
        FUZZ_HOLDS(read_all(source, &halfway, rest) == ULE_END, "the rest cannot be read");
        FUZZ_HOLDS(rest->count == first->count - halfway.taken, "%zu records, then %zu of them, then %zu", first->count,
                   halfway.taken, rest->count);
        for (size_t i = 0; i < rest->count; i++)
            FUZZ_HOLDS(rest->digests[i] == first->digests[halfway.taken + i], "the rest is another");
    }
    free(first);
    (void)unlink(path);
    return 0;
}
