/* SPDX-License-Identifier: MIT */
#include "core/check.h"

#include "base/text.h"
#include "core/number.h"

#include <stdbool.h>
#include <string.h>

#define INSTITUTION_LENGTH 6
#define FIRST_DAY          (-25567) /* 1900-01-01 */

void ule_check_fail(struct ule_check *check, enum ule_code code, const char *field, const char *expected) {
    if (check->code != ULE_OK)
        return;
    check->code = ule_fail(check->error, code, "%s: %s", field, expected);
}

void ule_check_event(struct ule_check *check, const char *event_id, int64_t changed_at, int64_t ts) {
    ule_check_id(check, "event_id", event_id);
    if (changed_at < FIRST_DAY * ULE_DAY_MS || changed_at >= (ULE_DATE_MAX + 1) * ULE_DAY_MS) {
        ule_check_fail(check, ULE_DATE_IMPOSSIBLE, "changed_at", "expected a time of the years 1900 to 9999");
    } else if (ts != ULE_TIME_NONE && changed_at - ULE_DAY_MS > ts) {
        ule_check_fail(check, ULE_FROM_THE_FUTURE, "changed_at",
                       "expected a time at most a day after the record's timestamp");
    }
}

void ule_check_id(struct ule_check *check, const char *field, const char *id) {
    if (!ule_text_id(id)) {
        ule_check_fail(check, ULE_ID_MALFORMED, field, "expected 1 to 120 bytes of UTF-8 without control characters");
    }
}

static bool blank(const char *text) {
    return text[strspn(text, " \t\n\r\f\v")] == '\0';
}

void ule_check_optional_id(struct ule_check *check, const char *field, const char **id) {
    if (*id && **id == '\0')
        *id = NULL;
    if (*id)
        ule_check_id(check, field, *id);
}

void ule_check_institution(struct ule_check *check, const char *field, const char *number) {
    static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (!number || strlen(number) != INSTITUTION_LENGTH || strspn(number, characters) != INSTITUTION_LENGTH) {
        ule_check_fail(check, ULE_ID_MALFORMED, field, "expected the six characters of an institution number");
    }
}

void ule_check_text(struct ule_check *check, const char *field, const char **text) {
    if (!*text)
        return;
    if (!ule_text_valid(*text, strlen(*text))) {
        ule_check_fail(check, ULE_UTF8, field, "expected UTF-8");
    } else if (blank(*text)) {
        *text = NULL;
    }
}

void ule_check_date(struct ule_check *check, const char *field, int32_t date) {
    if (date != ULE_DATE_NONE && (date < ULE_DATE_MIN || date > ULE_DATE_MAX)) {
        ule_check_fail(check, ULE_DATE_IMPOSSIBLE, field, "expected a date of the years 1 to 9999");
    }
}

void ule_check_register_code(struct ule_check *check, const char *field, int32_t code) {
    if (code != INT32_MIN && (code < 0 || code > 9999)) {
        ule_check_fail(check, ULE_MALFORMED, field, "expected a code of four digits");
    }
}

/* Puts a number in stored form; one that is so already stays where it is. */
static bool normalise(struct ule_check *check, const char **number) {
    char stored[21];
    if (!ule_number_normalise(*number, stored))
        return false;
    if (strcmp(stored, *number) != 0)
        *number = ule_arena_string(check->arena, stored);
    return true;
}

void ule_check_number(struct ule_check *check, const char *field, const char **number) {
    if (!normalise(check, number)) {
        ule_check_fail(check, ULE_NUMBER_MALFORMED, field,
                       "expected a person number of ten characters, with or without a hyphen after the sixth");
    }
}

void ule_check_optional_number(struct ule_check *check, const char *field, const char **number) {
    if (*number && **number == '\0')
        *number = NULL;
    if (*number)
        ule_check_number(check, field, number);
}

void ule_check_reference(struct ule_check *check, const char **number) {
    if (*number && **number == '\0')
        *number = NULL;
    if (*number && !normalise(check, number))
        ule_check_ignore(check, number);
}

void ule_check_ignore(struct ule_check *check, const char **number) {
    if (!*number)
        return;
    *number = NULL;
    check->ignored++;
}

void ule_check_no_number(struct ule_check *check, const char *field, const char *id, const char *number) {
    char stored[21];
    if (!id || !ule_number_normalise(id, stored))
        return;
    bool hyphen = strlen(stored) != strlen(id);
    bool says_date = ule_number_birth_date(stored) != ULE_DATE_NONE;
    if ((hyphen && says_date) || (number && strcmp(stored, number) == 0)) {
        ule_check_fail(check, ULE_CONTRADICTION, field, "expected an id, not a person number");
    }
}

void ule_check_key(struct ule_check *check, const char *key, const char *expected) {
    if (key && !ule_text_equal(key, expected)) {
        ule_check_fail(check, ULE_KEY_MISMATCH, "key", "expected the key that the value says");
    }
}

void ule_check_number_key(struct ule_check *check, const char *key, const char *number) {
    char stored[21];
    if (key && !ule_text_equal(ule_number_normalise(key, stored) ? stored : NULL, number)) {
        ule_check_fail(check, ULE_KEY_MISMATCH, "key", "expected the person number that the value says");
    }
}

enum ule_code ule_check_end(const struct ule_check *check, const char *owner, const char **entity, unsigned *ignored) {
    if (check->code != ULE_OK)
        return check->code;
    *entity = owner;
    if (ignored)
        *ignored = check->ignored;
    return ULE_OK;
}
