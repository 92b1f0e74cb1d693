/* SPDX-License-Identifier: MIT */
#include "ule/lag.h"

#include "base/clock.h"
#include "kafka/reader.h"
#include "kafka/right.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST_MS = 5000, TOTAL_MS = 120000, PAUSE_MS = 10, PEEK_MS = 1000, PEEK_MOST = 1000, READS = 6 };
enum { STARTS_MOST = 2000 }; /* a reader remembers each start */

static const struct {
    const char *group, *topic;
} reads[READS] = {
    {"ule-cpr-change", "cpr.person-changed.v1"},   {"ule-residence-permit", "udlst.residence-permit.v1"},
    {"ule-nemid-issuance", "nemid.credential.v1"}, {"ule-institution", "institution.person-changed.v1"},
    {"ule-institution", "institution.request.v1"}, {ULE_FAMILY_GROUP, ULE_INBOX_TOPIC},
};

struct place {
    size_t read;
    const char *topic; /* as it is called here */
    int32_t partition;
    int64_t committed, end;       /* of the last look */
    int64_t empty_from, empty_to; /* no record lies between them: looked at before */
};

struct ule_lag {
    const struct ule_config *config;
    rd_kafka_t *client;
    rd_kafka_t *groups[READS]; /* of the first read of each group */
    bool wanted[READS];
    struct place *places;
    size_t count;
    bool moved, taken;               /* an end, and what a group has committed, since it was set to false */
    struct ule_kafka_reader *reader; /* NULL: nothing was looked into yet */
    size_t starts;
};

static const char *topic_of(const struct ule_lag *lag, size_t read) {
    return ule_config_topic(lag->config, reads[read].topic);
}

static bool is_first_of_group(const struct ule_lag *lag, size_t read) {
    return lag->wanted[read] && (read == 0 || strcmp(reads[read - 1].group, reads[read].group) != 0);
}

/* One that asks for offsets and never subscribes, so it is no member. */
static enum ule_code open_group(struct ule_lag *lag, size_t read, struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(lag->config, "ule", &conf, error);
    if (code != ULE_OK)
        return code;
    ule_kafka_set(conf, "group.id", reads[read].group);
    ule_kafka_set(conf, "isolation.level", "read_uncommitted"); /* else it waits for open transactions */
    return ule_kafka_client(RD_KAFKA_CONSUMER, conf, &lag->groups[read], error);
}

enum ule_code ule_lag_open(const struct ule_config *config, const char *group, struct ule_lag **out,
                           struct ule_error *error) {
    struct ule_lag *lag = calloc(1, sizeof *lag);
    if (!lag)
        abort();
    lag->config = config;
    enum ule_code code = ule_live_client(config, &lag->client, error);
    for (size_t i = 0; i < READS && code == ULE_OK; i++) {
        int32_t partitions = 0;
        lag->wanted[i] = !group || strcmp(group, reads[i].group) == 0;
        if (!lag->wanted[i])
            continue;
        if (is_first_of_group(lag, i))
            code = open_group(lag, i, error);
        if (code == ULE_OK)
            code = ule_kafka_partitions(lag->client, topic_of(lag, i), &partitions, error);
        if (code != ULE_OK)
            break;
        lag->places = realloc(lag->places, (lag->count + (size_t)partitions) * sizeof *lag->places);
        if (!lag->places)
            abort();
        for (int32_t j = 0; j < partitions; j++)
            lag->places[lag->count++] = (struct place){i, topic_of(lag, i), j, -1, -1, -1, -1};
    }
    if (code != ULE_OK) {
        ule_lag_close(lag);
        return code;
    }
    *out = lag;
    return ULE_OK;
}

void ule_lag_close(struct ule_lag *lag) {
    if (!lag)
        return;
    for (size_t i = 0; i < READS; i++) {
        if (lag->groups[i])
            (void)ule_kafka_destroy(lag->groups[i]);
    }
    ule_kafka_reader_close(lag->reader);
    if (lag->client)
        (void)ule_kafka_destroy(lag->client);
    free(lag->places);
    free(lag);
}

/* From `from` on: what is asked for is asked in the order of the places, and comes so. */
static struct place *place_of(struct ule_lag *lag, const rd_kafka_topic_partition_t *partition, size_t from) {
    for (size_t i = 0; i < lag->count; i++) {
        struct place *place = &lag->places[(from + i) % lag->count];
        if (place->partition == partition->partition && strcmp(place->topic, partition->topic) == 0)
            return place;
    }
    return NULL;
}

static bool is_of_group(const struct place *place, size_t group) {
    return strcmp(reads[place->read].group, reads[group].group) == 0;
}

static void take_committed(struct ule_lag *lag, const rd_kafka_topic_partition_list_t *list) {
    size_t from = 0;
    for (int i = 0; i < list->cnt; i++) {
        struct place *place = place_of(lag, &list->elems[i], from);
        if (!place || list->elems[i].err)
            continue;
        int64_t committed = list->elems[i].offset < 0 ? 0 : list->elems[i].offset;
        lag->taken = lag->taken || place->committed != committed;
        place->committed = committed;
        from = (size_t)(place - lag->places) + 1;
    }
}

/* A broker that refuses to name the coordinator says so to whoever polls; who asks for offsets hears nothing. */
static rd_kafka_resp_err_t refusal_of(rd_kafka_t *group, rd_kafka_resp_err_t failed) {
    rd_kafka_message_t *told = failed == RD_KAFKA_RESP_ERR__TIMED_OUT ? rd_kafka_consumer_poll(group, 0) : NULL;
    if (told && told->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        failed = told->err;
    if (told)
        rd_kafka_message_destroy(told);
    return failed;
}

/* One group, by the number of its first read. One that has committed nothing stands at the beginning. Asked by a
 * consumer of the group that never joins it: librdkafka 2.0.2 aborts (rd_kafka_enq_once_del_source_return) when a
 * coordinator goes away under an admin request for the same. */
static rd_kafka_resp_err_t ask_committed(struct ule_lag *lag, size_t group) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)lag->count);
    for (size_t j = 0; j < lag->count; j++) {
        if (is_of_group(&lag->places[j], group))
            (void)rd_kafka_topic_partition_list_add(list, lag->places[j].topic, lag->places[j].partition);
    }
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!lag->groups[group] && open_group(lag, group, NULL) != ULE_OK)
        failed = RD_KAFKA_RESP_ERR__TRANSPORT;
    if (!failed)
        failed = refusal_of(lag->groups[group], rd_kafka_committed(lag->groups[group], list, REQUEST_MS));
    for (int j = 0; j < list->cnt && !failed; j++)
        failed = list->elems[j].err;
    if (!failed)
        take_committed(lag, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (failed && lag->groups[group]) { /* one that is no member does not look for a coordinator that has moved */
        (void)ule_kafka_destroy(lag->groups[group]);
        lag->groups[group] = NULL;
    }
    return failed;
}

static rd_kafka_resp_err_t ask_ends(struct ule_lag *lag, size_t group) {
    (void)group; /* of all */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)lag->count);
    for (size_t i = 0; i < lag->count; i++)
        rd_kafka_topic_partition_list_add(list, lag->places[i].topic, lag->places[i].partition)
            ->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t failed = rd_kafka_offsets_for_times(lag->client, list, REQUEST_MS);
    for (int i = 0; i < list->cnt && !failed; i++) {
        struct place *place = place_of(lag, &list->elems[i], (size_t)i);
        failed = list->elems[i].err;
        if (!place || failed)
            continue;
        lag->moved = lag->moved || place->end != list->elems[i].offset;
        place->end = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return failed;
}

/* A coordinator or leader that is just being found answers nothing for a while; while no broker leads it, a partition
 * that was there is unknown. */
static bool mends(rd_kafka_resp_err_t failed) {
    return failed == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || ule_kafka_mends(failed);
}

static enum ule_code ask(struct ule_lag *lag, rd_kafka_resp_err_t (*once)(struct ule_lag *lag, size_t group),
                         size_t group, struct ule_error *error) {
    for (int64_t until = ule_clock_steady() + TOTAL_MS;;) {
        rd_kafka_resp_err_t failed = once(lag, group);
        if (!failed)
            return ULE_OK;
        if (!mends(failed) || ule_clock_steady() >= until || ule_live_interrupted()) {
            enum ule_code code = ule_kafka_fail_code(error, failed, NULL,
                                                     "cannot ask how far the groups and the topics are");
            if (failed == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
                ule_kafka_needs(lag->client, failed, "DESCRIBE", "group", reads[group].group, error);
            return code;
        }
        ule_kafka_refresh(lag->client);
        (void)usleep(PAUSE_MS * 1000);
    }
}

static bool is_empty(const struct place *place) {
    return place->committed >= place->end || (place->committed == place->empty_from && place->end == place->empty_to);
}

/* What a group that was asked has not taken; marks of transactions are among it. */
static int64_t left_of(const struct place *place) {
    return place->committed < 0 || is_empty(place) ? 0 : place->end - place->committed;
}

static enum ule_code start_peek(struct ule_lag *lag, size_t group, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    if (lag->starts > STARTS_MOST) {
        ule_kafka_reader_close(lag->reader);
        lag->reader = NULL;
    }
    if (!lag->reader) {
        lag->starts = 0;
        code = ule_kafka_reader_open(lag->config, "ule", &lag->reader, error);
    }
    for (size_t i = 0; i < lag->count && code == ULE_OK; i++) {
        const struct place *place = &lag->places[i];
        int64_t low = 0, high = 0;
        if (!is_of_group(place, group) || is_empty(place))
            continue;
        lag->starts++;
        if (place->committed == 0) /* what is older may be gone */
            code = ule_kafka_reader_bounds(lag->reader, place->topic, place->partition, &low, &high, error);
        if (code == ULE_OK)
            code = ule_kafka_reader_start(lag->reader, place->topic, place->partition,
                                          place->committed > low ? place->committed : low, place->end, error);
    }
    return code;
}

/* Reads what lies between: *none when it is marks only, and no transaction is open. */
static enum ule_code peek(struct ule_lag *lag, size_t group, bool *none, struct ule_error *error) {
    enum ule_code code = start_peek(lag, group, error);
    bool found = false;
    for (int waited = 0; code == ULE_OK && !found && waited < PEEK_MS; waited += PAUSE_MS) {
        rd_kafka_message_t *message = NULL;
        int ended = -1;
        do {
            code = ule_kafka_reader_next(lag->reader, PAUSE_MS, &message, &ended, error);
        } while (code == ULE_OK && !message && ended >= 0);
        if (message)
            rd_kafka_message_destroy(message);
        found = message != NULL;
    }
    *none = code == ULE_END;
    for (size_t i = 0; i < lag->count && (code == ULE_OK || code == ULE_END); i++) {
        struct place *place = &lag->places[i];
        if (!is_of_group(place, group) || is_empty(place))
            continue;
        if (!*none) {
            code = ule_kafka_reader_stop(lag->reader, place->topic, place->partition, error);
            continue;
        }
        place->empty_from = place->committed;
        place->empty_to = place->end;
    }
    if (code == ULE_OK || code == ULE_END)
        return ULE_OK;
    ule_kafka_reader_close(lag->reader);
    lag->reader = NULL;
    return code;
}

/* One group: *none, it has taken all that there was when the ends were asked for. */
static enum ule_code look_at(struct ule_lag *lag, size_t group, bool *none, struct ule_error *error) {
    int64_t left = 0, partitions = 0;
    *none = lag->taken = false;
    enum ule_code code = ask(lag, ask_committed, group, error);
    for (size_t i = 0; i < lag->count && code == ULE_OK; i++) {
        if (!is_of_group(&lag->places[i], group))
            continue;
        partitions++;
        left += left_of(&lag->places[i]);
    }
    *none = code == ULE_OK && left == 0;
    /* Who is far behind, or at work, need not be looked into. */
    if (code == ULE_OK && left > 0 && left <= PEEK_MOST * partitions && !lag->taken)
        code = peek(lag, group, none, error);
    return code;
}

enum ule_code ule_lag_look(struct ule_lag *lag, bool *none, int64_t *behind, struct ule_error *error) {
    bool all = true;
    *none = false;
    *behind = 0;
    enum ule_code code = ask(lag, ask_ends, 0, error);
    /* The one that hears of everything last comes first here: while it is busy the others need not be asked. */
    for (size_t i = READS; i-- > 0 && code == ULE_OK && all;) {
        if (is_first_of_group(lag, i))
            code = look_at(lag, i, &all, error);
    }
    lag->moved = false;
    if (code == ULE_OK && all)
        code = ask(lag, ask_ends, 0, error);
    *none = code == ULE_OK && all && !lag->moved;
    for (size_t i = 0; i < lag->count; i++)
        *behind += left_of(&lag->places[i]);
    return code;
}

enum ule_code ule_lag_wait(struct ule_lag *lag, bool (*waiting)(void *context, int64_t behind), void *context,
                           bool *none, struct ule_error *error) {
    for (;;) {
        int64_t behind = 0;
        enum ule_code code = ule_lag_look(lag, none, &behind, error);
        if (code != ULE_OK || *none)
            return code;
        if (waiting && !waiting(context, behind))
            return ULE_OK;
        (void)usleep(PAUSE_MS * 1000);
    }
}

static rd_kafka_resp_err_t count_members(const struct ule_lag *lag, const char *group, size_t *members) {
    const struct rd_kafka_group_list *groups = NULL;
    rd_kafka_resp_err_t failed = rd_kafka_list_groups(lag->client, group, &groups, REQUEST_MS);
    for (int i = 0; groups && i < groups->group_cnt && !failed; i++)
        *members += (size_t)groups->groups[i].member_cnt;
    if (groups)
        rd_kafka_group_list_destroy(groups);
    return failed;
}

/* By the older call, which asks every broker and not the coordinator: see ask_committed. What only some of the brokers
 * have answered is no answer. */
enum ule_code ule_lag_members(struct ule_lag *lag, size_t *members, struct ule_error *error) {
    *members = 0;
    for (size_t i = 0; i < READS; i++) {
        if (!is_first_of_group(lag, i))
            continue;
        rd_kafka_resp_err_t failed;
        size_t found;
        int64_t until = ule_clock_steady() + TOTAL_MS;
        do {
            found = 0;
            failed = count_members(lag, reads[i].group, &found);
        } while ((failed == RD_KAFKA_RESP_ERR__PARTIAL || ule_kafka_mends(failed)) && ule_clock_steady() < until &&
                 !ule_live_interrupted());
        if (failed) {
            enum ule_code code = ule_kafka_fail_code(error, failed, NULL, "cannot ask for the members of a group");
            (void)ule_error_at(error, "%s", reads[i].group);
            ule_kafka_needs(lag->client, failed, "DESCRIBE", "group", reads[i].group, error);
            return code;
        }
        *members += found;
    }
    return ULE_OK;
}
