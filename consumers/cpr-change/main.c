/* SPDX-License-Identifier: MIT */
#include "loop/forward.h"

int main(int argc, char **argv) {
    static const struct ule_forwarding forwarding = {
        .name = "ule-cpr-change",
        .says = "Reads what CPR tells of persons and addresses it to them.",
        .sources = {0},
        .count = 1,
        .audited = true,
    };
    return ule_forward_main(argc, argv, &forwarding);
}
