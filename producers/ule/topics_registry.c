/* SPDX-License-Identifier: MIT */
#include "ule/topics_registry.h"

#include "registry/registry.h"
#include "ule/live.h"

struct work {
    const struct ule_config *config;
    struct ule_registry *registry;
    bool apply;
    ule_topic_difference *tell;
    void *context;
};

static enum ule_code look(const struct work *work, const struct ule_topic_plan *plan, struct ule_error *error) {
    const char *topic = ule_config_topic(work->config, plan->name);
    const struct ule_record *record = ule_live_record(plan);
    enum ule_registered found = ULE_REGISTERED;
    enum ule_code code = ule_registry_check(work->registry, topic, record, &found, error);
    if (code != ULE_OK || found == ULE_REGISTERED)
        return code;
    const bool registers = work->config->registry.registers, output = plan->kind == ULE_TOPIC_OUTPUT;
    if (found == ULE_NOT_COMPATIBLE) {
        work->tell(work->context, topic, "schema: ours and the newest that the registry holds are not compatible",
                   output);
    } else if (!work->apply || !registers) {
        work->tell(work->context, topic,
                   registers ? "schema: not registered yet" : "schema: not registered, and registry.register is false",
                   output && !registers);
    } else {
        code = ule_registry_register(work->registry, topic, record, error);
        if (code == ULE_OK)
            work->tell(work->context, topic, "schema registered", false);
    }
    return code;
}

enum ule_code ule_topics_registry(const struct ule_config *config, bool apply, ule_topic_difference *tell,
                                  void *context, struct ule_error *error) {
    struct work work = {.config = config, .apply = apply, .tell = tell, .context = context};
    enum ule_code code = ule_registry_open(config, &work.registry, error);
    size_t count;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < count && code == ULE_OK && work.registry; i++) {
        if (plans[i].kind == ULE_TOPIC_INPUT || plans[i].kind == ULE_TOPIC_OUTPUT)
            code = look(&work, &plans[i], error);
    }
    ule_registry_close(work.registry);
    return code;
}
