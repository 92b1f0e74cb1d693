/* SPDX-License-Identifier: MIT */
#include "avro/framing.h"
#include "base/date.h"
#include "lib/suite.h"
#include "recording/container.h"
#include "recording/line.h"
#include "recording/recording.h"
#include "recording/writer.h"
#include "records.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const topics[] = {"cpr.person-changed.v1", "nemid.credential.v1"};
static const char *const ours[] = {"unilogin.case.v1"};
static char dir[128];
static struct ule_recording *recording;
static struct ule_error error;
static struct ule_position *start; /* where option_position goes on, NULL: the beginning */

static void remove_all(void) {
    struct dirent **entries;
    int count = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        (void)unlink(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    (void)rmdir(dir);
}

static void setup(void) {
    const char *scratch = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%.80s/ule-test-recording-%ld", scratch ? scratch : "/tmp", (long)getpid());
    remove_all();
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    error = (struct ule_error){0};
    start = NULL;
}

static void teardown(void) {
    ule_recording_close(recording);
    recording = NULL;
    remove_all();
}

static char *path_of(const char *name) {
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    (void)fclose(file);
}

static void write_text(const char *name, const char *text) {
    write_bytes(name, text, strlen(text));
}

static bool position(void *context, size_t topic, int32_t partition, struct ule_position *at) {
    (void)context;
    if (!start || topic != 0 || partition != start->partition)
        return false;
    *at = *start;
    return true;
}

static enum ule_code open_dir(size_t max_bytes) {
    const struct ule_recording_options options = {
        .topics = topics,
        .topic_count = 2,
        .ours = ours,
        .ours_count = 1,
        .max_bytes = max_bytes,
        .position = position,
    };
    ule_recording_close(recording);
    recording = NULL;
    return ule_recording_open(dir, &options, &recording, &error);
}

static void open_well(size_t max_bytes) {
    enum ule_code code = open_dir(max_bytes);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
}

static struct ule_recorded *next(void) {
    struct ule_recorded *recorded;
    enum ule_code code = ule_recording_next(recording, &recorded, &error);
    ck_assert_msg(code == ULE_OK || code == ULE_END, "%s", error.message);
    return code == ULE_OK ? recorded : NULL;
}

#define LINE(topic, partition, offset, ts)                                                                             \
    "{\"topic\":\"" topic "\",\"partition\":" #partition ",\"offset\":" #offset ",\"ts\":" #ts                         \
    ",\"key\":\"k\",\"payload\":{}}"
#define CPR(partition, offset, ts)   LINE("cpr.person-changed.v1", partition, offset, ts)
#define NEMID(partition, offset, ts) LINE("nemid.credential.v1", partition, offset, ts)

/* "topic.partition.offset" of all that is left, a ! behind what cannot be read. */
static const char *rest(void) {
    static char text[1024];
    char *end = text;
    *text = '\0';
    for (const struct ule_recorded *recorded; (recorded = next()) != NULL;)
        end += snprintf(end, sizeof text - (size_t)(end - text), "%zu.%d.%d%s ", recorded->topic, recorded->partition,
                        (int)recorded->offset, recorded->failed.code ? "!" : "");
    return text;
}

START_TEST(records_come_by_time_then_topic_partition_and_offset) {
    write_text("cpr.person-changed.v1.jsonl",
               CPR(1, 0, 20) "\n" CPR(0, 5, 30) "\r\n" CPR(1, 1, 10) "\n\n" CPR(0, 6, 5) "\n" CPR(1, 2, 40));
    write_text("nemid.credential.v1.jsonl", NEMID(0, 0, 20) "\n" NEMID(0, 1, 30) "\n");
    open_well(1000);
    ck_assert_int_eq(ule_recording_last_time(recording), 40);
    /* Offset 1 of partition 1 and 6 of partition 0 are late: they count at the time of the one before them. */
    ck_assert_str_eq(rest(), "0.1.0 0.1.1 1.0.0 0.0.5 0.0.6 1.0.1 0.1.2 ");
    ck_assert_uint_eq(ule_recording_done(recording), ule_recording_size(recording));
}

START_TEST(an_empty_file_is_a_topic_without_records) {
    write_text("cpr.person-changed.v1.jsonl", "");
    open_well(1000);
    ck_assert_ptr_null(next());
    ck_assert_int_eq(ule_recording_last_time(recording), ULE_TIME_NONE);
}

START_TEST(what_is_no_input_is_passed_over_or_named) {
    ck_assert_int_eq(open_dir(1000), ULE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.message, "no recording of an input topic"));
    write_text("unilogin.case.v1.jsonl", "not even JSON");
    write_text(".hidden.jsonl", "");
    write_text("notes.txt", "");
    ck_assert_int_eq(open_dir(1000), ULE_CONFIG);
    write_text("nemid.credential.v1.jsonl", "");
    open_well(1000);
    write_text("nemid.credentials.v1.jsonl", "");
    ck_assert_int_eq(open_dir(1000), ULE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.message, "nemid.credentials.v1.jsonl: no topic is called so"));
    (void)unlink(path_of("nemid.credentials.v1.jsonl"));
    write_text("nemid.credential.v1.avro", "");
    ck_assert_int_eq(open_dir(1000), ULE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.message, "twice"));
}

static const struct {
    const char *line;
    enum ule_code code;
} unreadable[] = {
    {"nothing like it", ULE_MALFORMED},
    {"{\"topic\":\"cpr.person-changed.v1\",\"partition\":0,\"offset\":7", ULE_TRUNCATED},
    {"[]", ULE_FIELD_TYPE},
    {"{}", ULE_FIELD_MISSING},
    {LINE("nemid.credential.v1", 0, 7, 1), ULE_CONTRADICTION},
    {CPR(0, "7", 1), ULE_FIELD_TYPE},
    {CPR(0, -7, 1), ULE_FIELD_TYPE},
    {CPR(0, 7, 1.5), ULE_FIELD_TYPE},
    {CPR(0, 7, null), ULE_FIELD_TYPE},
    {CPR(0, 7, 99999999999999999), ULE_DATE_IMPOSSIBLE},
    {CPR(0, 7, 999999999999999999999999), ULE_MALFORMED},
    {CPR(0, 0, 1), ULE_CONTRADICTION},
    {CPR(99999999999, 7, 1), ULE_FIELD_TYPE},
    {"{\"topic\":\"cpr.person-changed.v1\",\"partition\":0,\"offset\":7,\"ts\":1,\"key\":5,\"payload\":{}}",
     ULE_FIELD_TYPE},
    {"{\"topic\":\"cpr.person-changed.v1\",\"partition\":0,\"offset\":7,\"ts\":1,\"key\":null}", ULE_FIELD_MISSING},
    {"{\"topic\":\"cpr.person-changed.v1\",\"offset\":7,\"offset\":8,\"partition\":0}", ULE_MALFORMED},
    {"{\"topic\":\"\xff\"}", ULE_UTF8},
    {"{\"key\":\"\\u0000\"}", ULE_UTF8},
};

START_TEST(a_line_that_cannot_be_read_says_why_and_the_reading_goes_on) {
    char text[2000];
    (void)snprintf(text, sizeof text, "%s\n%s\n%s\n", CPR(0, 0, 100), unreadable[_i].line, CPR(0, 9, 200));
    write_text("cpr.person-changed.v1.jsonl", text);
    open_well(1000);
    ck_assert_int_eq(next()->offset, 0);
    const struct ule_recorded *recorded = next();
    ck_assert_msg(recorded->failed.code == unreadable[_i].code, "%s: %s", ule_code_name(recorded->failed.code),
                  recorded->failed.message);
    ck_assert_int_eq(recorded->time, 100);
    ck_assert_uint_eq(recorded->line, 2);
    ck_assert_uint_eq(recorded->raw_size, strlen(unreadable[_i].line));
    ck_assert_int_eq(next()->offset, 9);
    ck_assert_ptr_null(next());
}

START_TEST(a_line_of_ten_megabytes_is_passed_over_in_little_memory) {
    enum { HUGE_LINE = 10 << 20, MAX = 300 };
    FILE *file = fopen(path_of("cpr.person-changed.v1.jsonl"), "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(CPR(0, 0, 1) "\n{\"topic\":\"cpr.person-changed.v1\",\"partition\":0,\"offset\":1,\"ts\":2,\"key\":\"",
                file);
    for (int i = 0; i < HUGE_LINE; i++)
        (void)fputc('x', file);
    (void)fputs("\",\"payload\":{}}\n" CPR(0, 2, 3), file);
    (void)fclose(file);
    open_well(MAX);
    ck_assert_int_eq(next()->offset, 0);
    const struct ule_recorded *recorded = next();
    ck_assert_int_eq(recorded->failed.code, ULE_TOO_LARGE);
    ck_assert_int_eq(recorded->offset, 1);
    ck_assert_int_eq(recorded->ts, 2);
    ck_assert_ptr_null(recorded->raw);
    ck_assert_int_eq(next()->offset, 2);
    ck_assert_ptr_null(next());
}

START_TEST(a_line_may_be_as_long_as_allowed_and_no_longer) {
    char text[400];
    const char *line = CPR(0, 0, 1);
    (void)snprintf(text, sizeof text, "%s\r\n%s \n", line, CPR(0, 1, 1));
    write_text("cpr.person-changed.v1.jsonl", text);
    open_well(strlen(line));
    ck_assert_int_eq(next()->failed.code, ULE_OK);
    ck_assert_int_eq(next()->failed.code, ULE_TOO_LARGE);
}

START_TEST(reading_goes_on_after_any_record_and_repeats_and_loses_none) {
    const char *lines[] = {"bad 1", CPR(0, 3, 10), "bad 2",       "bad 3",       CPR(1, 0, 11),
                           "bad 4", CPR(0, 2, 11), CPR(0, 8, 12), CPR(1, 1, 13), "bad 5"};
    enum { LINES = sizeof lines / sizeof *lines };
    char text[2000], *end = text;
    for (size_t i = 0; i < LINES; i++)
        end += snprintf(end, sizeof text - (size_t)(end - text), "%s\n", lines[i]);
    write_text("cpr.person-changed.v1.jsonl", text);
    open_well(1000);
    struct ule_position after[LINES] = {{0}};
    char whole[1024];
    size_t count = 0;
    for (const struct ule_recorded *recorded; (recorded = next()) != NULL;)
        after[count++] = recorded->after;
    ck_assert_uint_eq(count, LINES);
    open_well(1000);
    (void)snprintf(whole, sizeof whole, "%s", rest());
    ck_assert_str_eq(whole, "0.0.-1! 0.0.3 0.0.-1! 0.0.-1! 0.0.2! 0.1.0 0.1.-1! 0.0.8 0.1.1 0.1.-1! ");
    for (size_t taken = 0; taken < count; taken++) {
        start = &after[taken];
        open_well(1000);
        size_t left = 0;
        for (const struct ule_recorded *recorded; (recorded = next()) != NULL;)
            left += recorded->partition == start->partition;
        size_t expected = 0;
        for (size_t i = taken + 1; i < count; i++)
            expected += after[i].partition == start->partition;
        ck_assert_uint_eq(left, expected);
    }
}

START_TEST(a_file_with_only_what_is_new_is_taken_whole) {
    write_text("cpr.person-changed.v1.jsonl", "bad\n" CPR(0, 8, 12) "\n" CPR(0, 9, 12));
    start = &(struct ule_position){.partition = 0, .next_offset = 8, .unreadable = 3, .time = 50};
    open_well(1000);
    const struct ule_recorded *recorded = next();
    ck_assert_int_eq(recorded->failed.code, ULE_MALFORMED);
    ck_assert_int_eq(recorded->time, 50);
    ck_assert_str_eq(rest(), "0.0.8 0.0.9 ");
    start = &(struct ule_position){.partition = 0, .next_offset = 9, .time = 50};
    open_well(1000);
    ck_assert_str_eq(rest(), "0.0.9 ");
}

static const struct {
    const char *text;
    int partition, offset, ts; /* -1: not there */
} glimpses[] = {
    {"{\"partition\":1,\"offset\":2,\"ts\":3}", 1, 2, 3},
    {" { \"ts\" : 3 , \"payload\":{\"offset\":9,\"a\":[1,{\"b\":\"}\"}]},\"offset\":2,\"partition\":1 } ", 1, 2, 3},
    {"{\"key\":\"\\\"partition\\\":7\",\"partition\":1", -1, -1, -1},
    {"{\"partition\":1,", 1, -1, -1},
    {"{\"partition\":\"1\",\"offset\":2.5,\"ts\":[3]}", -1, -1, -1},
    {"{\"a\":[[[[[", -1, -1, -1},
    {"{\"a\":\"\\", -1, -1, -1},
    {"}{", -1, -1, -1},
    {"", -1, -1, -1},
};

START_TEST(a_glimpse_sees_the_outermost_fields_alone) {
    struct ule_glimpse glimpse;
    const char *text = glimpses[_i].text;
    /* A copy of the exact size, so that reading beyond it is found. */
    uint8_t *copy = malloc(strlen(text) + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, strlen(text));
    ule_line_glimpse(copy, strlen(text), &glimpse);
    ck_assert_int_eq(glimpse.has_partition ? glimpse.partition : -1, glimpses[_i].partition);
    ck_assert_int_eq(glimpse.has_offset ? (int)glimpse.offset : -1, glimpses[_i].offset);
    ck_assert_int_eq(glimpse.has_ts ? (int)glimpse.ts : -1, glimpses[_i].ts);
    free(copy);
}

static struct ule_credential_changed credential(struct ule_arena *arena) {
    struct ule_credential_changed record;
    ule_record_init(&ule_credential_changed_record, &record, arena);
    record.event_id = "e";
    record.changed_at = 1704704400000;
    record.credential_id = "c";
    record.status = ULE_CREDENTIAL_STATUS_ACTIVE;
    return record;
}

static void write_credentials(enum ule_format format, bool in_place, bool finish) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_credential_changed record = credential(arena);
    struct ule_writer *writer;
    ck_assert_int_eq(ule_writer_open(dir, format, in_place, &writer, &error), ULE_OK);
    const char *headers[] = {"a", "b"};
    for (int i = 0; i < 3; i++) {
        const struct ule_written written = {
            .topic = topics[1],
            .ts = 1704704400000 + i,
            .key = i == 2 ? NULL : "c",
            .record = &ule_credential_changed_record,
            .value = i == 1 ? NULL : &record,
            .headers = headers,
            .headers_count = i == 0 ? 2 : 0,
        };
        ck_assert_int_eq(ule_writer_write(writer, &written, &error), ULE_OK);
        if (i == 1)
            ck_assert_int_eq(ule_writer_flush(writer, false, &error), ULE_OK);
    }
    if (finish)
        ck_assert_int_eq(ule_writer_finish(writer, &error), ULE_OK);
    ule_writer_close(writer);
    ule_arena_free(arena);
}

START_TEST(what_is_written_is_read_again) {
    enum ule_format format = _i ? ULE_FORMAT_AVRO : ULE_FORMAT_JSONL;
    write_credentials(format, false, true);
    struct stat status;
    ck_assert_int_eq(stat(path_of(_i ? "nemid.credential.v1.avro" : "nemid.credential.v1.jsonl"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    open_well(1000);
    struct ule_arena *arena = ule_arena_new();
    struct ule_reader *reader = ule_reader_new(&ule_credential_changed_record);
    for (int i = 0; i < 3; i++) {
        const struct ule_recorded *recorded = next();
        ck_assert_int_eq(recorded->failed.code, ULE_OK);
        ck_assert_int_eq(recorded->offset, i);
        ck_assert_int_eq(recorded->ts, 1704704400000 + i);
        ck_assert_msg(i == 2 ? !recorded->key : strcmp(recorded->key, "c") == 0, "key");
        struct ule_credential_changed expected = credential(arena), got;
        if (i == 1) {
            ck_assert(_i ? !recorded->bytes : json_is_null(recorded->json));
            continue;
        }
        if (_i)
            ck_assert_int_eq(ule_reader_decode(reader, recorded->bytes, recorded->size, arena, &got, &error), ULE_OK);
        else
            ck_assert_int_eq(ule_record_from_json(&ule_credential_changed_record, recorded->json, arena, &got, &error),
                             ULE_OK);
        ck_assert(ule_record_equal(&ule_credential_changed_record, &expected, &got));
    }
    ck_assert_ptr_null(next());
    ule_reader_free(reader);
    ule_arena_free(arena);
}

static size_t read_file(const char *name, char *bytes, size_t size) {
    FILE *file = fopen(path_of(name), "r");
    ck_assert_ptr_nonnull(file);
    size_t got = fread(bytes, 1, size, file);
    (void)fclose(file);
    return got;
}

START_TEST(half_a_recording_has_no_name) {
    write_credentials(ULE_FORMAT_JSONL, false, false);
    ck_assert_int_ne(access(path_of("nemid.credential.v1.jsonl"), F_OK), 0);
    ck_assert_int_ne(access(path_of(".nemid.credential.v1.jsonl.part"), F_OK), 0);
}

START_TEST(bytes_that_are_no_text_are_written_in_base64) {
    static const struct {
        const char *bytes, *payload;
    } cases[] = {
        {"plain \"text\"", "\"payload\":\"plain \\\"text\\\"\""},
        {"\xff", "\"payload\":\"/w==\""},
        {"\xff\xfe", "\"payload\":\"//4=\""},
        {"\xff\xfe\xfd", "\"payload\":\"//79\""},
        {"\xff\xfe\xfd\xfc", "\"payload\":\"//79/A==\""},
    };
    struct ule_writer *writer;
    ck_assert_int_eq(ule_writer_open(dir, ULE_FORMAT_JSONL, false, &writer, &error), ULE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ule_written written = {
            .topic = "t", .key = "k", .bytes = (const uint8_t *)cases[i].bytes, .size = strlen(cases[i].bytes)};
        ck_assert_int_eq(ule_writer_write(writer, &written, &error), ULE_OK);
    }
    ck_assert_int_eq(ule_writer_finish(writer, &error), ULE_OK);
    ule_writer_close(writer);
    char text[2000];
    text[read_file("t.jsonl", text, sizeof text - 1)] = '\0';
    const char *at = text;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        at = strstr(at, cases[i].payload);
        ck_assert_msg(at != NULL, "%s", cases[i].payload);
    }
    ck_assert_ptr_nonnull(
        strstr(text, "{\"headers\":[\"encoding\",\"base64\"],\"key\":\"k\",\"offset\":1,\"partition\":0,"));
}

START_TEST(writing_goes_on_where_the_mark_is) {
    char whole[2000], again[2000];
    write_credentials(ULE_FORMAT_JSONL, false, true);
    size_t size = read_file("nemid.credential.v1.jsonl", whole, sizeof whole);
    size_t first = (size_t)((char *)memchr(whole, '\n', size) - whole) + 1;
    struct ule_writer *writer;
    ck_assert_int_eq(ule_writer_open(dir, ULE_FORMAT_JSONL, true, &writer, &error), ULE_OK);
    struct ule_mark mark = {topics[1], 1, first};
    ck_assert_int_eq(ule_writer_resume(writer, &mark, &error), ULE_OK);
    ck_assert_int_eq(
        ule_writer_write(writer, &(struct ule_written){.topic = topics[1], .ts = 1704704400001, .key = "c"}, &error),
        ULE_OK);
    ck_assert_int_eq(ule_writer_finish(writer, &error), ULE_OK);
    mark = ule_writer_mark(writer, 0);
    mark.topic = topics[1];
    ck_assert_int_eq(mark.next_offset, 2);
    ule_writer_close(writer);
    size_t end = read_file("nemid.credential.v1.jsonl", again, sizeof again);
    ck_assert_uint_eq(mark.length, end);
    ck_assert(end > first && end < size && memcmp(whole, again, end) == 0);
    ck_assert_int_eq(ule_writer_open(dir, ULE_FORMAT_JSONL, true, &writer, &error), ULE_OK);
    mark.length = end + 1;
    ck_assert_int_eq(ule_writer_resume(writer, &mark, &error), ULE_STATE);
    mark.length = 0;
    ck_assert_int_eq(ule_writer_resume(writer, &mark, &error), ULE_OK);
    ule_writer_close(writer);
    ck_assert_int_ne(access(path_of("nemid.credential.v1.jsonl"), F_OK), 0);
}

/* Reads all there is; damage is an error that names the file, never more. */
static enum ule_code read_container(void) {
    struct ule_container container;
    struct ule_contained contained;
    char *path = path_of("nemid.credential.v1.avro");
    enum ule_code code = ule_container_open(&container, path, &error);
    if (code != ULE_OK)
        return code;
    do
        code = ule_container_next(&container, &contained, &error);
    while (code == ULE_OK);
    ule_container_close(&container);
    return code;
}

START_TEST(a_container_cut_or_changed_at_any_byte_does_no_harm) {
    static char whole[4000], copy[4000];
    write_credentials(ULE_FORMAT_AVRO, false, true);
    size_t size = read_file("nemid.credential.v1.avro", whole, sizeof whole);
    ck_assert_uint_lt(size, sizeof whole);
    ck_assert_int_eq(read_container(), ULE_END);
    size_t whole_cuts = 0;
    for (size_t cut = 0; cut < size; cut++) {
        write_bytes("nemid.credential.v1.avro", whole, cut);
        enum ule_code code = read_container();
        whole_cuts += code == ULE_END; /* between blocks */
        ck_assert_msg(code == ULE_END || code == ULE_TRUNCATED, "%zu: %s", cut, ule_code_name(code));
        ck_assert(code == ULE_END || strstr(error.message, "nemid.credential.v1.avro"));
    }
    ck_assert_uint_eq(whole_cuts, 2);
    static const uint8_t changes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < sizeof changes; j++) {
            memcpy(copy, whole, size);
            copy[i] = (char)changes[j];
            write_bytes("nemid.credential.v1.avro", copy, size);
            enum ule_code code = read_container();
            ck_assert_msg(code == ULE_END || code < ULE_DATA_ERRORS_END, "%zu: %s", i, ule_code_name(code));
        }
    }
}

START_TEST(a_container_of_another_schema_or_codec_is_refused) {
    struct ule_buffer bytes = {0};
    ule_container_head(&bytes);
    char *codec = memmem(bytes.bytes, bytes.size, "null", 4);
    while (codec && memmem(codec + 1, bytes.size - (size_t)(codec + 1 - (char *)bytes.bytes), "null", 4))
        codec = memmem(codec + 1, bytes.size - (size_t)(codec + 1 - (char *)bytes.bytes), "null", 4);
    ck_assert_ptr_nonnull(codec);
    memcpy(codec, "snap", 4);
    write_bytes("nemid.credential.v1.avro", bytes.bytes, bytes.size);
    ck_assert_int_eq(read_container(), ULE_SCHEMA_MISMATCH);
    ck_assert_ptr_nonnull(strstr(error.message, "codec"));
    memcpy(codec, "null", 4);
    memcpy(memmem(bytes.bytes, bytes.size, "Recorded", 8), "Recordem", 8);
    write_bytes("nemid.credential.v1.avro", bytes.bytes, bytes.size);
    ck_assert_int_eq(read_container(), ULE_SCHEMA_MISMATCH);
    ule_buffer_close(&bytes);
}

START_TEST(a_block_that_says_it_is_huge_is_not_believed) {
    struct ule_buffer bytes = {0};
    ule_container_head(&bytes);
    size_t head = bytes.size;
    static const int64_t sizes[] = {-1, INT64_C(1) << 62, INT64_MAX, INT64_MIN, 1 << 30};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bytes.size = head;
        ule_container_long(&bytes, 1);
        ule_container_long(&bytes, sizes[i]);
        ule_buffer_append(&bytes, "0123456789abcdef0123456789abcdef", 32);
        write_bytes("nemid.credential.v1.avro", bytes.bytes, bytes.size);
        ck_assert_int_eq(read_container(), ULE_MALFORMED);
    }
    ule_buffer_close(&bytes);
}

int main(void) {
    Suite *suite = suite_create("recording");
    TCase *tests = tcase_create("recording");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, records_come_by_time_then_topic_partition_and_offset);
    tcase_add_test(tests, an_empty_file_is_a_topic_without_records);
    tcase_add_test(tests, what_is_no_input_is_passed_over_or_named);
    tcase_add_loop_test(tests, a_line_that_cannot_be_read_says_why_and_the_reading_goes_on, 0,
                        (int)(sizeof unreadable / sizeof *unreadable));
    tcase_add_test(tests, a_line_of_ten_megabytes_is_passed_over_in_little_memory);
    tcase_add_test(tests, a_line_may_be_as_long_as_allowed_and_no_longer);
    tcase_add_test(tests, reading_goes_on_after_any_record_and_repeats_and_loses_none);
    tcase_add_test(tests, a_file_with_only_what_is_new_is_taken_whole);
    tcase_add_loop_test(tests, a_glimpse_sees_the_outermost_fields_alone, 0, (int)(sizeof glimpses / sizeof *glimpses));
    tcase_add_loop_test(tests, what_is_written_is_read_again, 0, 2);
    tcase_add_test(tests, half_a_recording_has_no_name);
    tcase_add_test(tests, bytes_that_are_no_text_are_written_in_base64);
    tcase_add_test(tests, writing_goes_on_where_the_mark_is);
    tcase_add_test(tests, a_container_cut_or_changed_at_any_byte_does_no_harm);
    tcase_add_test(tests, a_container_of_another_schema_or_codec_is_refused);
    tcase_add_test(tests, a_block_that_says_it_is_huge_is_not_believed);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
