/* SPDX-License-Identifier: MIT */
#include "loop/forward.h"

int main(int argc, char **argv) {
    static const struct ule_forwarding forwarding = {
        .name = "ule-institution",
        .says = "Reads the persons and requests of institutions and addresses them to their entities.",
        .sources = {3, 4},
        .count = 2,
    };
    return ule_forward_main(argc, argv, &forwarding);
}
