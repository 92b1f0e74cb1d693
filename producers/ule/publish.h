/* SPDX-License-Identifier: MIT */
/* The input topics of a recording sent to Kafka. */
#ifndef ULE_PUBLISH_H
#define ULE_PUBLISH_H

#include "ule/live.h"

struct ule_publish_options {
    const char *from;
    const struct ule_config *config;
    double speed;  /* so many times the recorded pace; 0: as fast as it goes */
    bool ticks;    /* write a Tick before each new day (clock = publish) */
    int32_t as_of; /* with `ticks`: let time go on to this day; ULE_DATE_NONE: it ends with the last record */
    bool wait;     /* return only when all groups have taken everything */
};

struct ule_published_counts {
    uint64_t records; /* sent */
    uint64_t raw;     /* of these as they stood, to become dead letters */
    uint64_t missing; /* lines too large to be read: not sent */
    uint64_t days;    /* Ticks */
};

/* In the order of a replay (ule_recording_next), with the key and time that they have, to the partition that murmur2
 * of the key names: the partition in the recording is not kept. By our schemas, framed as the configuration says. What
 * cannot be decoded goes as it stands and becomes a dead letter. *counts is filled also when it fails half way. */
enum ule_code ule_publish_run(const struct ule_publish_options *options, struct ule_published_counts *counts,
                              struct ule_error *error) ULE_MUST_CHECK;

#endif
