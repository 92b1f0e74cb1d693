/* SPDX-License-Identifier: MIT */
#include "loop/forward.h"

int main(int argc, char **argv) {
    static const struct ule_forwarding forwarding = {
        .name = "ule-residence-permit",
        .says = "Reads residence permits and addresses them to their entities.",
        .sources = {1},
        .count = 1,
    };
    return ule_forward_main(argc, argv, &forwarding);
}
