/* SPDX-License-Identifier: MIT */
#include "ule/explain.h"
void ule_explain_changes(struct ule_explain *explain) {
    (void)ule_explain_section(explain, "changes");
}
