/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum ule_action action_of(enum ule_code code) {
    if (code == ULE_OK || code == ULE_END)
        return ULE_ACTION_NONE;
    return code < ULE_DATA_ERRORS_END ? ULE_ACTION_DEAD_LETTER : ULE_ACTION_EXIT;
}

enum ule_code ule_fail(struct ule_error *error, enum ule_code code, const char *format, ...) {
    if (!error)
        return code;
    error->code = code;
    error->action = action_of(code);
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(error->message, sizeof error->message, format, arguments) < 0)
        error->message[0] = '\0';
    va_end(arguments);
    return code;
}

enum ule_code ule_error_at(struct ule_error *error, const char *format, ...) {
    /* A caller without an error asked for no place either, yet its `return ule_error_at(...)` must not read as
     * success. */
    if (!error)
        return ULE_MALFORMED;
    char place[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);
    if (size <= 0)
        return error->code;
    size_t place_size = strlen(place);
    if (place_size > sizeof place - 3)
        place_size = sizeof place - 3;
    memcpy(place + place_size, ": ", 2);
    place_size += 2;
    size_t kept = strlen(error->message);
    if (kept > sizeof error->message - 1 - place_size)
        kept = sizeof error->message - 1 - place_size;
    memmove(error->message + place_size, error->message, kept);
    memcpy(error->message, place, place_size);
    error->message[place_size + kept] = '\0';
    return error->code;
}

const char *ule_code_name(enum ule_code code) {
    static const char *const names[] = {
        [ULE_OK] = "OK",
        [ULE_FRAMING] = "FRAMING",
        [ULE_SCHEMA_UNKNOWN] = "SCHEMA_UNKNOWN",
        [ULE_SCHEMA_MISMATCH] = "SCHEMA_MISMATCH",
        [ULE_TRUNCATED] = "TRUNCATED",
        [ULE_MALFORMED] = "MALFORMED",
        [ULE_UTF8] = "UTF8",
        [ULE_ENUM_UNKNOWN] = "ENUM_UNKNOWN",
        [ULE_FIELD_MISSING] = "FIELD_MISSING",
        [ULE_FIELD_TYPE] = "FIELD_TYPE",
        [ULE_DATE_IMPOSSIBLE] = "DATE_IMPOSSIBLE",
        [ULE_NUMBER_MALFORMED] = "NUMBER_MALFORMED",
        [ULE_ID_MALFORMED] = "ID_MALFORMED",
        [ULE_KEY_MISMATCH] = "KEY_MISMATCH",
        [ULE_FROM_THE_FUTURE] = "FROM_THE_FUTURE",
        [ULE_UNDER_AGE] = "UNDER_AGE",
        [ULE_CONTRADICTION] = "CONTRADICTION",
        [ULE_TOO_LARGE] = "TOO_LARGE",
        [ULE_QUARANTINED] = "QUARANTINED",
        [ULE_POISON] = "POISON",
        [ULE_END] = "END",
        [ULE_IO] = "IO",
        [ULE_STORE] = "STORE",
        [ULE_CONFIG] = "CONFIG",
        [ULE_USAGE] = "USAGE",
        [ULE_GAP] = "GAP",
        [ULE_KAFKA] = "KAFKA",
        [ULE_FENCED] = "FENCED",
        [ULE_STATE] = "STATE",
        [ULE_REGISTRY] = "REGISTRY",
    };
    size_t index = (size_t)code;
    return index < sizeof names / sizeof *names && names[index] ? names[index] : "UNKNOWN";
}
