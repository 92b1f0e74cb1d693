/* SPDX-License-Identifier: MIT */
/* Fuzzers: each fuzz_*.c takes any bytes and ends the process when something is wrong. Built with -DULE_LIBFUZZER=ON
 * (clang) they look for such bytes; built without they read the files that they are given (main.c), which is how the
 * corpus is replayed by the tests. */
#ifndef ULE_TESTS_FUZZ_H
#define ULE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What must hold of every input. */
#define FUZZ_HOLDS(condition, ...)                                                                                     \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            (void)fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                      \
            (void)fprintf(stderr, __VA_ARGS__);                                                                        \
            (void)fputc('\n', stderr);                                                                                 \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* An input is read as a row of choices; after its end every choice is the first. */
struct fuzz_input {
    const uint8_t *at, *end;
};

static inline unsigned fuzz_draw(struct fuzz_input *input, unsigned bound) {
    return bound > 0 && input->at < input->end ? *input->at++ % bound : 0;
}

#endif
