/* SPDX-License-Identifier: MIT */
/* The entity institution:<number>: who is leaving today. A system that by mistake reports that half a school has left
 * must not lock out half a school (design.md section 11): pupils' leavings are released at the next Tick, or held, all
 * of them, when they are more than brake.share of the pupils and at least brake.minimum, until somebody approves or
 * rejects. */
#include "core/case.h"
#include "core/derive.h"

#include <string.h>

enum { RECENT_DAYS = 7 };

static struct ule_leaver *find(struct ule_person_state *state, const char *local) {
    for (size_t i = 0; i < state->leavers.count; i++)
        if (strcmp(state->leavers.items[i].local, local) == 0)
            return &state->leavers.items[i];
    return NULL;
}

static void forget(struct ule_person_state *state, const struct ule_leaver *leaver) {
    size_t at = (size_t)(leaver - state->leavers.items);
    memmove(&state->leavers.items[at], &state->leavers.items[at + 1],
            (state->leavers.count - at - 1) * sizeof *state->leavers.items);
    state->leavers.count--;
}

static bool waits(const struct ule_leaver *leaver) {
    return leaver->released_on == ULE_DATE_NONE && !leaver->rejected;
}

static void hear_notice(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    const char *sender = derive->message->sender;
    const struct ule_tell *before = ule_tell_heard(derive, sender), *now = NULL;
    ule_tell_hear(derive);
    now = ule_tell_heard(derive, sender);
    bool was = before != NULL && before->notice != NULL && before->notice->active;
    bool is = now != NULL && now->notice != NULL && now->notice->active;
    state->pupils += is - was; /* counted as they come: a school has thousands */

    struct ule_leaver *leaver = find(state, sender);
    bool leaving = now != NULL && now->notice != NULL && now->notice->leaving;
    if (!leaving) {
        /* A released leaver falls silent and is still one of the last seven days; one that is back is none. */
        if (leaver != NULL && (is || waits(leaver) || leaver->rejected))
            forget(state, leaver);
        return;
    }
    if (leaver != NULL && leaver->at == now->notice->leaving_at)
        return;
    if (leaver == NULL)
        leaver = ULE_PUSH(derive->arena, &state->leavers);
    *leaver = (struct ule_leaver){
        .local = sender,
        .at = now->notice->leaving_at,
        .sequence = now->notice->leaving_sequence,
        .released_on = ULE_DATE_NONE,
    };
}

bool ule_institution_take(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    if (derive->message->sender[0] != '\0')
        hear_notice(derive);
    const struct ule_institution_request *now = derive->message->request;
    if (now == NULL)
        return true;
    if (state->requests.count > 0) {
        const struct ule_institution_request *before = &state->requests.items[0];
        if (ule_stamp_compare(now->changed_at, now->sequence, now->event_id, before->changed_at, before->sequence,
                              before->event_id) <= 0)
            return false;
        state->requests.count = 0;
    }
    *ULE_PUSH(derive->arena, &state->requests) = *now;
    return true;
}

/* A request speaks of the leavings before it; later ones are judged anew. */
static void decide(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    const struct ule_institution_request *request = state->requests.count > 0 ? &state->requests.items[0] : NULL;
    bool tick = derive->message->tick != ULE_DATE_NONE;
    int32_t waiting = 0, recent = 0, rejected = 0;
    for (size_t i = 0; i < state->leavers.count; i++) {
        struct ule_leaver *leaver = &state->leavers.items[i];
        bool spoken_of = request != NULL && ule_stamp_compare(leaver->at, leaver->sequence, "", request->changed_at,
                                                              request->sequence, "") <= 0;
        if (waits(leaver) && spoken_of) {
            if (request->kind == ULE_REQUEST_KIND_LEAVERS_REJECTED)
                leaver->rejected = true;
            else if (leaver->held || tick)
                leaver->released_on = derive->today;
        }
        if (waits(leaver))
            waiting++;
        else if (leaver->rejected)
            rejected++;
        else
            recent++;
    }
    if (!tick)
        return;
    int32_t leavers = waiting + recent, all = state->pupils + rejected + leavers;
    bool brake = leavers >= derive->policy->brake_minimum && leavers > derive->policy->brake_share * all;
    for (size_t i = 0; i < state->leavers.count; i++) {
        struct ule_leaver *leaver = &state->leavers.items[i];
        if (!waits(leaver) || leaver->held)
            continue;
        if (brake)
            leaver->held = true; /* and stays so whatever the share becomes */
        else
            leaver->released_on = derive->today;
    }
}

void ule_institution_derive(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    for (size_t i = state->leavers.count; i-- > 0;) {
        const struct ule_leaver *leaver = &state->leavers.items[i];
        if (leaver->released_on != ULE_DATE_NONE && leaver->released_on + RECENT_DAYS <= derive->today)
            forget(state, leaver);
    }
    decide(derive);
    bool held = false;
    for (size_t i = 0; i < state->leavers.count; i++) {
        const struct ule_leaver *leaver = &state->leavers.items[i];
        if (leaver->released_on != ULE_DATE_NONE) {
            struct ule_release *release = ule_derive_new(derive, &ule_release_record);
            release->released = true;
            release->leaving_at = leaver->at;
            ule_derive_tell(derive, leaver->local)->release = release;
            ule_derive_due(derive, leaver->released_on + RECENT_DAYS);
        } else if (waits(leaver)) {
            held |= leaver->held;
            if (!leaver->held)
                ule_derive_due(derive, derive->today + 1);
        }
    }
    if (held) {
        const char *number = derive->entity + strlen("institution:");
        struct ule_case *c = ule_derive_case(derive, ULE_CASE_KIND_LEAVERS_HELD, number, "-");
        c->institution_number = number;
        ule_case_remedy(derive, c, &(struct ule_remedy_facts){.kind = ULE_CASE_KIND_LEAVERS_HELD});
    }
}
