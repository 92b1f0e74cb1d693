/* SPDX-License-Identifier: MIT */
/* A CPR extract of any bytes: fed at once and in pieces it must come out the same, and whoever comes out must pass the
 * checks of the CPR translation or be refused by it with a data error.
 *
 * Input: the length of the pieces, then the extract. */
#include "cpr-change/translation.h"
#include "cpr/reader.h"
#include "fuzz/fuzz.h"

#include <string.h>

struct seen {
    uint64_t digest, persons;
};

static enum ule_code take(void *context, const struct ule_person_changed *person, struct ule_error *error) {
    struct seen *seen = context;
    (void)error;
    struct ule_buffer encoded = {0};
    ule_record_encode(&ule_person_changed_record, person, &encoded);
    for (size_t i = 0; i < encoded.size; i++)
        seen->digest = (seen->digest ^ encoded.bytes[i]) * UINT64_C(0x100000001b3);
    seen->persons++;
    struct ule_arena *arena = ule_arena_new();
    struct ule_person_changed copy, again;
    enum ule_code code = ule_record_decode(&ule_person_changed_record, encoded.bytes, encoded.size, arena, &again,
                                           NULL);
    FUZZ_HOLDS(code == ULE_OK && ule_record_equal(&ule_person_changed_record, person, &again),
               "a person is not what was encoded");
    ule_record_copy(&ule_person_changed_record, person, arena, &copy);
    const char *entity = NULL;
    struct ule_error refused = {0};
    code = ule_cpr_change_translate(&copy, person->number, person->changed_at, arena, &entity, NULL, &refused);
    FUZZ_HOLDS(code < ULE_DATA_ERRORS_END && (code != ULE_OK || entity != NULL), "the translation: %s",
               refused.message);
    ule_arena_free(arena);
    ule_buffer_close(&encoded);
    return ULE_OK;
}

static enum ule_code read_all(const uint8_t *bytes, size_t size, size_t piece, struct seen *seen,
                              struct ule_error *error) {
    struct ule_cpr_reader *reader = ule_cpr_reader_new("extract", NULL, take, seen);
    enum ule_code code = ULE_OK;
    for (size_t at = 0; at < size && code == ULE_OK; at += piece)
        code = ule_cpr_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece, error);
    if (code == ULE_OK)
        code = ule_cpr_reader_finish(reader, error);
    struct ule_cpr_summary summary = ule_cpr_reader_summary(reader);
    FUZZ_HOLDS(code != ULE_OK || seen->persons == summary.persons + summary.ended, "%llu persons of %llu",
               (unsigned long long)seen->persons, (unsigned long long)(summary.persons + summary.ended));
    ule_cpr_reader_free(reader);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0)
        return 0;
    struct seen whole = {0}, pieces = {0};
    struct ule_error error = {0}, other = {0};
    enum ule_code code = read_all(bytes + 1, size - 1, size, &whole, &error);
    enum ule_code same = read_all(bytes + 1, size - 1, 1 + (size_t)bytes[0], &pieces, &other);
    FUZZ_HOLDS(code == same && strcmp(error.message, other.message) == 0, "in pieces: %s, not %s", other.message,
               error.message);
    FUZZ_HOLDS(whole.digest == pieces.digest, "in pieces other persons come out");
    FUZZ_HOLDS(code == error.code && code < ULE_DATA_ERRORS_END, "%s is no data error", ule_code_name(code));
    return 0;
}
