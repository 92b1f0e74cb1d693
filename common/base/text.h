/* SPDX-License-Identifier: MIT */
/* UTF-8 text: checks at the edge, and the folding that compares names. */
#ifndef ULE_BASE_TEXT_H
#define ULE_BASE_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (no surrogates, no overlong forms) without NUL. */
bool ule_text_valid(const char *bytes, size_t size);
/* A local, alien, permit or credential id: 1-120 bytes of UTF-8 without control characters (design.md section 3). */
bool ule_text_id(const char *text);
/* The first word of a given name / the last word of a family name, folded: lower case (ASCII, Latin-1 and Latin
 * Extended-A letters), accents kept, AE/OE/AA for Ae, Oe, Aa ligatures not merged. NULL or empty gives "". */
const char *ule_text_first_folded(struct ule_arena *arena, const char *names);
const char *ule_text_last_folded(struct ule_arena *arena, const char *names);
bool ule_text_equal(const char *a, const char *b); /* NULL equals NULL only */

#endif
