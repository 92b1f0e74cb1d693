/* SPDX-License-Identifier: MIT */
/* What each main of a Check program ends with. */
#ifndef ULE_TESTS_LIB_SUITE_H
#define ULE_TESTS_LIB_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs and frees `suite`; gives main's exit status. In this process: a sanitizer's report, and what a test leaves for
 * the next, are then those of the program that is tested. */
static inline int suite_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
