/* SPDX-License-Identifier: MIT */
#include "loop/forward.h"

int main(int argc, char **argv) {
    static const struct ule_forwarding forwarding = {
        .name = "ule-nemid-issuance",
        .says = "Reads what becomes of NemID and MitID and addresses it to the credentials.",
        .sources = {2},
        .count = 1,
    };
    return ule_forward_main(argc, argv, &forwarding);
}
