/* SPDX-License-Identifier: MIT */
#include "family/family.h"

int main(int argc, char **argv) {
    return ule_process_main(argc, argv, &family_process);
}
