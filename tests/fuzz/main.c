/* SPDX-License-Identifier: MIT */
/* Runs a fuzzer on the files that are named, one after the other. */
#include "fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

enum { SECONDS = 60 }; /* for a file: an input on which nothing ends is a failure too */

static void run(const char *path) {
    FILE *file = fopen(path, "rb");
    FUZZ_HOLDS(file != NULL, "%s cannot be read", path);
    uint8_t *bytes = NULL;
    size_t size = 0, more = 1;
    while (more > 0) {
        uint8_t *grown = realloc(bytes, size + 65536);
        FUZZ_HOLDS(grown != NULL, "no memory");
        bytes = grown;
        more = fread(bytes + size, 1, 65536, file);
        size += more;
    }
    (void)fclose(file);
    uint8_t *exact = malloc(size + (size == 0)); /* ends where its memory ends */
    FUZZ_HOLDS(exact != NULL, "no memory");
    memcpy(exact, bytes, size);
    (void)alarm(SECONDS);
    (void)LLVMFuzzerTestOneInput(exact, size);
    (void)alarm(0);
    free(exact);
    free(bytes);
}

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        (void)fprintf(stderr, "%s\n", paths[i]);
        run(paths[i]);
    }
    return 0;
}
