/* SPDX-License-Identifier: MIT */
/* What a translation made of one record, against what was expected of it. */
#ifndef ULE_TESTS_OUTCOME_H
#define ULE_TESTS_OUTCOME_H

#include "base/date.h"
#include "base/error.h"

#include <check.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* 2024-05-01T12:00:00Z, a Wednesday */
#define NOON (19844 * ULE_DAY_MS + ULE_DAY_MS / 2)

struct outcome {
    enum ule_code code;
    const char *entity;
    unsigned ignored;
    struct ule_error error;
};

/* `field` is how the message of a failure begins. */
static inline void expect(const struct outcome *outcome, const char *what, enum ule_code code, unsigned ignored,
                          const char *field) {
    ck_assert_msg(outcome->code == code, "%s: %s (%s), expected %s", what, ule_code_name(outcome->code),
                  outcome->error.message, ule_code_name(code));
    if (code == ULE_OK) {
        ck_assert_msg(outcome->ignored == ignored, "%s: %u ignored, expected %u", what, outcome->ignored, ignored);
        ck_assert_msg(outcome->entity != NULL, "%s: no entity", what);
        return;
    }
    ck_assert_int_eq(outcome->error.code, code);
    ck_assert_int_eq(outcome->error.action, ULE_ACTION_DEAD_LETTER);
    ck_assert_msg(strncmp(outcome->error.message, field, strlen(field)) == 0 &&
                      outcome->error.message[strlen(field)] == ':',
                  "%s: the message \"%s\" does not begin with %s", what, outcome->error.message, field);
    ck_assert_msg(outcome->entity == NULL && outcome->ignored == 77, "%s: outputs touched on failure", what);
}

#endif
