/* SPDX-License-Identifier: MIT */
#include "avro/framing.h"
#include "avro/random_record.h"
#include "lib/suite.h"
#include "records.h"

#include <check.h>

static struct ule_arena *arena;
static struct ule_reader *reader;
static struct ule_buffer bytes;
static struct ule_error error;

static void setup(void) {
    arena = ule_arena_new();
    reader = ule_reader_new(&ule_credential_changed_record);
    memset(&error, 0, sizeof error);
}

static void teardown(void) {
    ule_reader_free(reader);
    ule_arena_free(arena);
    ule_buffer_close(&bytes);
}

/* What a registry that knows ids 7 and 8 says, and how often it was asked. */
struct registry {
    const char *schema_json;
    int asked;
    bool down;
};

static enum ule_code registry_lookup(void *context, uint32_t id, const char **schema_json, struct ule_error *error_) {
    struct registry *registry = context;
    registry->asked++;
    if (registry->down) {
        (void)ule_fail(error_, ULE_IO, "registry: connection refused");
        error_->action = ULE_ACTION_RETRY;
        return ULE_IO;
    }
    if (id != 7 && id != 0x01020304)
        return ule_fail(error_, ULE_SCHEMA_UNKNOWN, "registry: no schema with id %u", (unsigned)id);
    *schema_json = registry->schema_json;
    return ULE_OK;
}

static struct ule_credential_changed *some(void) {
    struct random random = {1, arena};
    return random_new(&random, &ule_credential_changed_record);
}

static void put_long(int64_t value) {
    uint64_t bits = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    for (; bits > 0x7f; bits >>= 7) {
        uint8_t byte = (uint8_t)(bits | 0x80);
        ule_buffer_append(&bytes, &byte, 1);
    }
    uint8_t byte = (uint8_t)bits;
    ule_buffer_append(&bytes, &byte, 1);
}

static void put_string(const char *text) {
    put_long((int64_t)strlen(text));
    ule_buffer_append(&bytes, text, strlen(text));
}

static enum ule_code decode(struct ule_credential_changed *credential) {
    return ule_reader_decode(reader, bytes.bytes, bytes.size, arena, credential, &error);
}

START_TEST(single_object_encoding_is_written_and_read) {
    struct ule_credential_changed *credential = some(), back;
    ule_write_single_object(&ule_credential_changed_record, credential, &bytes);
    ck_assert_int_eq(bytes.bytes[0], 0xc3);
    ck_assert_int_eq(bytes.bytes[1], 0x01);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(bytes.bytes[2 + i], (uint8_t)(ule_credential_changed_record.fingerprint >> (8 * i)));
    ck_assert_int_eq(decode(&back), ULE_OK);
    ck_assert(ule_record_equal(&ule_credential_changed_record, credential, &back));
}

START_TEST(confluent_framing_is_written_and_read_and_the_registry_asked_once) {
    struct registry registry = {ule_credential_changed_record.schema_json, 0, false};
    struct ule_credential_changed *credential = some(), back;
    ule_reader_set_registry(reader, registry_lookup, &registry);
    ule_write_confluent(&ule_credential_changed_record, 0x01020304, credential, &bytes);
    ck_assert_int_eq(memcmp(bytes.bytes, "\0\1\2\3\4", 5), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(decode(&back), ULE_OK);
        ck_assert(ule_record_equal(&ule_credential_changed_record, credential, &back));
    }
    ck_assert_int_eq(registry.asked, 1);
}

START_TEST(a_registry_that_is_down_is_no_fault_of_the_record) {
    struct registry registry = {ule_credential_changed_record.schema_json, 0, true};
    struct ule_credential_changed *credential = some(), back;
    ule_reader_set_registry(reader, registry_lookup, &registry);
    ule_write_confluent(&ule_credential_changed_record, 7, credential, &bytes);
    ck_assert_int_eq(decode(&back), ULE_IO);
    ck_assert_int_eq(error.action, ULE_ACTION_RETRY);
    registry.down = false;
    ck_assert_int_eq(decode(&back), ULE_OK);
    bytes.bytes[4] = 9;
    ck_assert_int_eq(decode(&back), ULE_SCHEMA_UNKNOWN);
    ck_assert_int_eq(error.action, ULE_ACTION_DEAD_LETTER);
}

START_TEST(bytes_without_a_framing_or_a_known_schema_are_refused) {
    static const struct {
        const char *bytes;
        size_t size;
        enum ule_code code;
    } cases[] = {
        {"", 0, ULE_FRAMING},
        {"{\"a\":1}", 7, ULE_FRAMING},
        {"\xc3", 1, ULE_FRAMING},
        {"\xc3\x02\0\0\0\0\0\0\0\0", 10, ULE_FRAMING},
        {"\xc3\x01", 2, ULE_TRUNCATED},
        {"\xc3\x01\0\0\0\0\0\0\0", 9, ULE_TRUNCATED},
        {"\xc3\x01\0\0\0\0\0\0\0\0", 10, ULE_SCHEMA_UNKNOWN},
        {"\0", 1, ULE_TRUNCATED},
        {"\0\0\0\0", 4, ULE_TRUNCATED},
        {"\0\0\0\0\7", 5, ULE_SCHEMA_UNKNOWN}, /* no registry */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ule_credential_changed back;
        ule_buffer_clear(&bytes);
        ule_buffer_append(&bytes, cases[i].bytes, cases[i].size);
        ck_assert_int_eq(decode(&back), cases[i].code);
        ck_assert_int_eq(error.code, cases[i].code);
        ck_assert_int_eq(ule_reader_decode(reader, bytes.bytes, bytes.size, arena, &back, NULL), cases[i].code);
    }
}

/* As a supplier might have it: names of its own, another order, some of ours missing, some that we do not know. */
static const char suppliers[] =
    "{\"type\":\"record\",\"name\":\"com.example.Credential\",\"fields\":["
    "{\"name\":\"credential_id\",\"type\":{\"type\":\"string\",\"avro.java.string\":\"String\"}},"
    "{\"name\":\"owner\",\"type\":{\"type\":\"record\",\"name\":\"Owner\",\"fields\":["
    "{\"name\":\"boss\",\"type\":[\"null\",\"Owner\"],\"default\":null},{\"name\":\"name\",\"type\":\"string\"}]}},"
    "{\"name\":\"status\",\"type\":{\"type\":\"enum\",\"name\":\"State\",\"symbols\":"
    "[\"LOST\",\"REVOKED\",\"ACTIVE\"]}},"
    "{\"name\":\"event_id\",\"type\":\"bytes\"},"
    "{\"name\":\"number\",\"type\":[\"string\",\"int\",\"null\"]},"
    "{\"name\":\"assurance\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"Level\",\"symbols\":[\"HIGH\"]}]},"
    "{\"name\":\"scheme\",\"type\":{\"type\":\"enum\",\"name\":\"Scheme\",\"symbols\":[\"MITID\"]}},"
    "{\"name\":\"changed_at\",\"type\":\"int\"}]}";

/* Which is written after the framing: an owner with two bosses; a status by its place in the supplier's enum. */
static void put_suppliers(int64_t status, int64_t number_branch, int64_t assurance_branch) {
    put_string("c1");
    put_long(1);
    put_long(1);
    put_long(0);
    put_string("the boss of the boss");
    put_string("the boss");
    put_string("the owner");
    put_long(status);
    put_string("e1");
    put_long(number_branch);
    if (number_branch == 0)
        put_string("0303803002");
    else if (number_branch == 1)
        put_long(303803002);
    put_long(assurance_branch);
    if (assurance_branch == 1)
        put_long(0);
    put_long(0);
    put_long(86400000);
}

static enum ule_code decode_suppliers(struct ule_credential_changed *credential, int64_t status, int64_t number_branch,
                                      int64_t assurance_branch) {
    ule_buffer_clear(&bytes);
    put_suppliers(status, number_branch, assurance_branch);
    return ule_reader_decode_as(reader, suppliers, bytes.bytes, bytes.size, arena, credential, &error);
}

START_TEST(a_suppliers_own_schema_is_read_by_field_name) {
    struct ule_credential_changed credential;
    enum ule_code code = decode_suppliers(&credential, 2, 0, 1);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_str_eq(credential.credential_id, "c1");
    ck_assert_str_eq(credential.event_id, "e1");
    ck_assert_str_eq(credential.number, "0303803002");
    ck_assert_int_eq(credential.status, ULE_CREDENTIAL_STATUS_ACTIVE);
    ck_assert_int_eq(credential.scheme, ULE_CREDENTIAL_SCHEME_MITID);
    ck_assert_int_eq(credential.assurance, ULE_CREDENTIAL_ASSURANCE_HIGH);
    ck_assert_int_eq(credential.changed_at, ULE_DAY_MS);
    ck_assert_int_eq(credential.sequence, 0);
    ck_assert_int_eq(credential.channel, ULE_CREDENTIAL_CHANNEL_OTHER);
    ck_assert_ptr_null(credential.reason);
    ck_assert_int_eq(decode_suppliers(&credential, 1, 2, 1), ULE_OK);
    ck_assert_int_eq(credential.status, ULE_CREDENTIAL_STATUS_REVOKED);
    ck_assert_ptr_null(credential.number);
}

START_TEST(what_a_suppliers_value_is_not_to_us_is_an_error_of_that_field) {
    struct ule_credential_changed credential;
    ck_assert_int_eq(decode_suppliers(&credential, 0, 0, 1), ULE_ENUM_UNKNOWN);
    ck_assert_int_eq(strncmp(error.message, "CredentialChanged.status: ", 26), 0);
    ck_assert_int_eq(decode_suppliers(&credential, 3, 0, 1), ULE_ENUM_UNKNOWN);
    ck_assert_int_eq(decode_suppliers(&credential, -1, 0, 1), ULE_ENUM_UNKNOWN);
    ck_assert_int_eq(decode_suppliers(&credential, 1, 1, 1), ULE_FIELD_TYPE);
    ck_assert_int_eq(strncmp(error.message, "CredentialChanged.number: ", 26), 0);
    ck_assert_ptr_null(strstr(error.message, "303803002"));
    ck_assert_int_eq(decode_suppliers(&credential, 1, 0, 0), ULE_FIELD_TYPE);
    ck_assert_int_eq(strncmp(error.message, "CredentialChanged.assurance: ", 29), 0);
    ck_assert_int_eq(decode_suppliers(&credential, 1, 3, 1), ULE_MALFORMED);
    ck_assert_int_eq(decode_suppliers(&credential, 1, -1, 1), ULE_MALFORMED);
}

START_TEST(a_schema_that_was_added_is_known_by_its_fingerprint) {
    struct ule_credential_changed credential;
    uint8_t head[10] = {0xc3, 0x01};
    ck_assert_int_eq(ule_reader_add_schema(reader, suppliers, &error), ULE_OK);
    /* CRC-64-AVRO of its canonical form, computed outside this project */
    uint64_t fingerprint = UINT64_C(0x2a5cf2939713de8b);
    for (int i = 0; i < 8; i++)
        head[2 + i] = (uint8_t)(fingerprint >> (8 * i));
    ule_buffer_append(&bytes, head, sizeof head);
    put_suppliers(2, 0, 1);
    enum ule_code code = decode(&credential);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_str_eq(credential.credential_id, "c1");
}

#define FIELDS                                                                                                         \
    "{\"name\":\"event_id\",\"type\":\"string\"},{\"name\":\"changed_at\",\"type\":\"long\"},"                         \
    "{\"name\":\"credential_id\",\"type\":\"string\"},"                                                                \
    "{\"name\":\"scheme\",\"type\":{\"type\":\"enum\",\"name\":\"A\",\"symbols\":[\"NEMID\"]}},"                       \
    "{\"name\":\"assurance\",\"type\":{\"type\":\"enum\",\"name\":\"B\",\"symbols\":[\"LOW\"]}}"
#define SCHEMA(more) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" FIELDS more "]}"
#define STATUS       ",{\"name\":\"status\",\"type\":{\"type\":\"enum\",\"name\":\"C\",\"symbols\":[\"ACTIVE\"]}}"
static const struct {
    const char *schema;
    enum ule_code code;
    const char *place;
} refusals[] = {
    {"", ULE_SCHEMA_MISMATCH, "CredentialChanged: "},
    {"{", ULE_SCHEMA_MISMATCH, "CredentialChanged: "},
    {"\"string\"", ULE_SCHEMA_MISMATCH, "CredentialChanged: "},
    {"{\"type\":\"record\",\"name\":\"R\"}", ULE_SCHEMA_MISMATCH, "CredentialChanged: "},
    {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"nothing\"}]}", ULE_SCHEMA_MISMATCH,
     "CredentialChanged: "},
    {SCHEMA(""), ULE_FIELD_MISSING, "CredentialChanged.status: "},
    {SCHEMA(",{\"name\":\"status\",\"type\":\"string\"}"), ULE_SCHEMA_MISMATCH, "CredentialChanged.status: "},
    {SCHEMA(",{\"name\":\"status\",\"type\":[\"null\",\"string\"]}"), ULE_SCHEMA_MISMATCH,
     "CredentialChanged.status: "},
    {SCHEMA(STATUS ",{\"name\":\"sequence\",\"type\":\"double\"}"), ULE_SCHEMA_MISMATCH,
     "CredentialChanged.sequence: "},
    {SCHEMA(STATUS ",{\"name\":\"sequence\",\"type\":\"null\"}"), ULE_SCHEMA_MISMATCH, "CredentialChanged.sequence: "},
    {SCHEMA(STATUS ",{\"name\":\"number\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}"), ULE_SCHEMA_MISMATCH,
     "CredentialChanged.number: "},
    {SCHEMA(STATUS ",{\"name\":\"number\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":[]}}"),
     ULE_SCHEMA_MISMATCH, "CredentialChanged.number: "},
};

START_TEST(a_schema_that_cannot_be_read_as_ours_is_refused_by_field) {
    struct ule_credential_changed credential;
    ck_assert_int_eq(ule_reader_add_schema(reader, refusals[_i].schema, &error), refusals[_i].code);
    ck_assert_int_eq(strncmp(error.message, refusals[_i].place, strlen(refusals[_i].place)), 0);
    ck_assert_int_eq(ule_reader_add_schema(reader, refusals[_i].schema, NULL), refusals[_i].code);
    for (int i = 0; i < 2; i++) { /* made, and remembered */
        memset(&error, 0, sizeof error);
        ck_assert_int_eq(
            ule_reader_decode_as(reader, refusals[_i].schema, (const uint8_t *)"", 0, arena, &credential, &error),
            refusals[_i].code);
        ck_assert_int_eq(strncmp(error.message, refusals[_i].place, strlen(refusals[_i].place)), 0);
    }
}

START_TEST(a_writers_null_is_a_nullable_field_of_ours) {
    static const char schema[] = SCHEMA(STATUS ",{\"name\":\"number\",\"type\":\"null\"}");
    struct ule_credential_changed credential;
    put_string("e1");
    put_long(0);
    put_string("c1");
    for (int i = 0; i < 3; i++)
        put_long(0);
    ck_assert_int_eq(ule_reader_decode_as(reader, schema, bytes.bytes, bytes.size, arena, &credential, &error), ULE_OK);
    ck_assert_ptr_null(credential.number);
    ck_assert_int_eq(credential.status, ULE_CREDENTIAL_STATUS_ACTIVE);
    ule_buffer_append(&bytes, "", 1);
    ck_assert_int_eq(ule_reader_decode_as(reader, schema, bytes.bytes, bytes.size, arena, &credential, &error),
                     ULE_TRUNCATED);
}

int main(void) {
    Suite *suite = suite_create("avro framing");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, single_object_encoding_is_written_and_read);
    tcase_add_test(tests, confluent_framing_is_written_and_read_and_the_registry_asked_once);
    tcase_add_test(tests, a_registry_that_is_down_is_no_fault_of_the_record);
    tcase_add_test(tests, bytes_without_a_framing_or_a_known_schema_are_refused);
    tcase_add_test(tests, a_suppliers_own_schema_is_read_by_field_name);
    tcase_add_test(tests, what_a_suppliers_value_is_not_to_us_is_an_error_of_that_field);
    tcase_add_test(tests, a_schema_that_was_added_is_known_by_its_fingerprint);
    tcase_add_loop_test(tests, a_schema_that_cannot_be_read_as_ours_is_refused_by_field, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_test(tests, a_writers_null_is_a_nullable_field_of_ours);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
