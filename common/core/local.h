/* SPDX-License-Identifier: MIT */
/* The local record's part of the core (local.c). */
#ifndef ULE_CORE_LOCAL_H
#define ULE_CORE_LOCAL_H

#include "core/derive.h"

#define ULE_COUNTRY_DENMARK 5100 /* CPR country code */

#endif
