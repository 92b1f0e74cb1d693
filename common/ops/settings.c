/* SPDX-License-Identifier: MIT */
#include "ops/settings.h"

#include <string.h>

#define AT(member) offsetof(struct ule_config, member)

const struct ule_setting ule_settings[ULE_CONFIG_SETTINGS] = {
    {"account.close-after-days", ULE_SETTING_DAYS, "60", AT(policy.account_close_after_days), true, NULL, NULL,
     "days that an account without a role and a living relation stays suspended before it is closed (A8)"},
    {"acl.principal.auditor", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_AUDITOR]), false, NULL, NULL,
     "whom the brokers know by this name, as in User:CN=auditor, several with ; between, reads the audit"},
    {"acl.principal.case-worker", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_CASE_WORKER]), false, NULL, NULL,
     "looks persons up: ule explain --live"},
    {"acl.principal.cpr", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_CPR]), false, NULL, NULL,
     "sends what CPR says: ule extract --publish"},
    {"acl.principal.dead-letters", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_DEAD_LETTERS]), false, NULL, NULL,
     "looks at dead letters and sends them again: ule dead-letter"},
    {"acl.principal.engineer", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_ENGINEER]), false, NULL, NULL,
     "records topics and publishes recordings: ule record, ule publish"},
    {"acl.principal.municipality", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_MUNICIPALITY]), false, NULL, NULL,
     "sends institutions' persons and requests"},
    {"acl.principal.nemid", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_NEMID]), false, NULL, NULL,
     "sends credentials"},
    {"acl.principal.operator", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_OPERATOR]), false, NULL, NULL,
     "makes topics and rights: ule topics; so it can give itself every right"},
    {"acl.principal.optagelse", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_OPTAGELSE]), false, NULL, NULL,
     "reads pupils and re-registrations, in groups whose names begin with optagelse"},
    {"acl.principal.platform", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_PLATFORM]), false, NULL, NULL,
     "reads accounts, relations, cases and re-registrations, in groups named platform..."},
    {"acl.principal.subscriptions", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_SUBSCRIPTIONS]), false, NULL, NULL,
     "reads whom we want to hear of from CPR, in groups named subscriptions..."},
    {"acl.principal.udlst", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_UDLST]), false, NULL, NULL,
     "sends residence permits"},
    {"acl.principal.ule-cpr-change", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_CPR_CHANGE]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-family", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_FAMILY]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-institution", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_INSTITUTION]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-nemid-issuance", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_NEMID_ISSUANCE]), false, NULL,
     NULL, "the process of this name"},
    {"acl.principal.ule-residence-permit", ULE_SETTING_TEXT, "", AT(principals[ULE_ACL_RESIDENCE_PERMIT]), false, NULL,
     NULL, "the process of this name"},
    {"batch.messages", ULE_SETTING_COUNT, "10000", AT(batch_messages), false, NULL, NULL,
     "a transaction covers so many messages at most"},
    {"batch.milliseconds", ULE_SETTING_COUNT, "100", AT(batch_milliseconds), false, NULL, NULL,
     "and is committed after so long at most; earlier where there is nothing more to read"},
    {"brake.minimum", ULE_SETTING_COUNT, "20", AT(policy.brake_minimum), true, NULL, NULL,
     "so many pupils must leave an institution before the brake on mass leavings can hold them"},
    {"brake.share", ULE_SETTING_SHARE, "0.5", AT(policy.brake_share), true, NULL, NULL,
     "the share of an institution's pupils above which leavings are held until it approves them"},
    {"clock", ULE_SETTING_CHOICE, "wall", AT(clock_publish), false, "publish", "wall",
     "whose days count: the host's, or those that ule publish writes with an old recording (section 6)"},
    {"custody.asserted-consents", ULE_SETTING_BOOLEAN, "false", AT(policy.custody_asserted_consents), true, NULL, NULL,
     "custody that only an institution asserts gives CONSENT too (section 5)"},
    {"custody.institution-asserts", ULE_SETTING_CHOICE, "accept", AT(policy.custody_institution_accept), true, "accept",
     "flag-only", "what an institution's word on custody is worth where CPR is silent (section 3)"},
    {"custody.unregistered", ULE_SETTING_CHOICE, "none", AT(policy.custody_presume_parents), true, "presume-parents",
     "none", "who holds custody of a child for whom CPR has registered none (section 3)"},
    {"http.listen", ULE_SETTING_TEXT, "", AT(http.listen), false, NULL, NULL,
     "where /metrics, /healthz and /readyz are served: a port is one on loopback, [address]:port needs TLS; none: off"},
    {"http.stalled-seconds", ULE_SETTING_COUNT, "120", AT(http.stalled_seconds), false, NULL, NULL,
     "/healthz says that the process is stuck when its loop has not turned for so long"},
    {"http.tls-certificate-file", ULE_SETTING_PATH, "", AT(http.tls_certificate_file), false, NULL, NULL,
     "PEM: the certificate, and those between it and the root, that http.listen shows; TLS alone is spoken then"},
    {"http.tls-client-ca-file", ULE_SETTING_PATH, "", AT(http.tls_client_ca_file), false, NULL, NULL,
     "PEM: who asks must have a certificate signed by one of these; needed where http.listen is not on loopback"},
    {"http.tls-key-file", ULE_SETTING_PATH, "", AT(http.tls_key_file), false, NULL, NULL,
     "PEM: the key of http.tls-certificate-file"},
    {"instance.id", ULE_SETTING_TEXT, "", AT(instance_id), false, NULL, NULL,
     "names this process among all of its kind, the same after every start: group.instance.id and transactional.id"},
    {"institution.foreign", ULE_SETTING_NUMBERS, "", AT(policy.foreign), true, NULL, NULL,
     "institution numbers, with commas between: their contacts may have replacement numbers (A1)"},
    {"log.file", ULE_SETTING_PATH, "", AT(log_file), false, NULL, NULL,
     "the log is appended to this file, which SIGHUP opens anew, and not written to stderr"},
    {"minimise.after-days", ULE_SETTING_DAYS, "90", AT(policy.minimise_after_days), true, NULL, NULL,
     "days after which a person without a tie is reduced; 0 is never, and so is a replay unless set (section 9)"},
    {"nemid.closed-on", ULE_SETTING_DATE, "2023-11-01", AT(policy.nemid_closed_on), true, NULL, NULL,
     "from this date an active NemID counts as expired (A6)"},
    {"partitions", ULE_SETTING_COUNT, "24", AT(partitions), false, NULL, NULL,
     "of the inbox and of the changelog; only ule repartition changes it"},
    {"recording.max-line-bytes", ULE_SETTING_BYTES, "1048576", AT(max_line_bytes), false, NULL, NULL,
     "a longer line of a recording is a dead letter"},
    {"registry.ca-file", ULE_SETTING_PATH, "", AT(registry.ca_file), false, NULL, NULL,
     "certificates, PEM, that the registry's own must come from; without it those that the system trusts"},
    {"registry.certificate-file", ULE_SETTING_PATH, "", AT(registry.certificate_file), false, NULL, NULL,
     "our certificate, PEM, for a registry that asks for one"},
    {"registry.key-file", ULE_SETTING_PATH, "", AT(registry.key_file), false, NULL, NULL,
     "the key of registry.certificate-file, PEM, not encrypted"},
    {"registry.password-file", ULE_SETTING_PATH, "", AT(registry.password_file), false, NULL, NULL,
     "the password of registry.user; a line end after it does not count"},
    {"registry.register", ULE_SETTING_BOOLEAN, "false", AT(registry.registers), false, NULL, NULL,
     "register our schemas where they are not yet; without, somebody else must have (ule topics check)"},
    {"registry.timeout-ms", ULE_SETTING_COUNT, "3000", AT(registry.timeout_ms), false, NULL, NULL,
     "the registry has so long to answer, 100 to 5000: an open transaction waits for it"},
    {"registry.url", ULE_SETTING_URL, "", AT(registry.url), false, NULL, NULL,
     "a schema registry of Confluent's interface, https://...; outputs are then framed with its schema ids"},
    {"registry.user", ULE_SETTING_TEXT, "", AT(registry.user), false, NULL, NULL,
     "the name for a registry that wants a password; over https only"},
    {"secret.file", ULE_SETTING_TEXT, "", AT(secret_file), false, NULL, NULL,
     "at least 16 bytes that make person keys and pseudonyms; a line end after them does not count"},
    {"state.dir", ULE_SETTING_PATH, "", AT(state_dir), false, NULL, NULL,
     "the folder of ule-family's store, a cache of the changelog; the others only note there what they die on"},
    {"stil.access-level.non-sensitive", ULE_SETTING_LEVEL, "1", AT(policy.stil_access_level[1]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for NON_SENSITIVE (section 5)"},
    {"stil.access-level.none", ULE_SETTING_LEVEL, "0", AT(policy.stil_access_level[0]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for NONE (section 5)"},
    {"stil.access-level.sensitive", ULE_SETTING_LEVEL, "2", AT(policy.stil_access_level[2]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for SENSITIVE (section 5)"},
    {"store.batch-bytes", ULE_SETTING_BYTES, "67108864", AT(store_batch_bytes), false, NULL, NULL,
     "a replay commits when what it has not committed may take so much memory, a few pages for all that has changed"},
    {"store.map-bytes", ULE_SETTING_BYTES, "68719476736", AT(store_map_bytes), false, NULL, NULL,
     "the largest a state folder may grow to; disk is taken as it is needed"},
    {"store.sync", ULE_SETTING_BOOLEAN, "false", AT(store_sync), false, NULL, NULL,
     "every commit waits for the disk; without, a crash of the machine may cost the state folder, never the input"},
    {"tombstone.after-days", ULE_SETTING_DAYS, "90", AT(policy.tombstone_after_days), true, NULL, NULL,
     "days that the last value of what has ended stands before it is deleted"},
};
_Static_assert(sizeof ule_settings / sizeof *ule_settings == ULE_CONFIG_SETTINGS, "ULE_CONFIG_SETTINGS");

/* What is mostly needed of librdkafka's own, with an example. */
static const struct {
    const char *name, *example, *help;
} passed_on[] = {
    {ULE_KAFKA_PREFIX "bootstrap.servers", "broker-1.example:9093,broker-2.example:9093",
     "brokers to begin with; must be set"},
    {ULE_KAFKA_PREFIX "sasl.mechanism", "SCRAM-SHA-512", "how a name and a password are shown to the brokers"},
    {ULE_KAFKA_PREFIX "sasl.password-file", "kafka-password",
     "the password of sasl.username; a line end after it does not count"},
    {ULE_KAFKA_PREFIX "sasl.username", "ule-family", "our name, where the brokers do not go by certificates"},
    {ULE_KAFKA_PREFIX "security.protocol", "SSL",
     "SSL, or SASL_SSL where a name and a password are shown; without: in the clear"},
    {ULE_KAFKA_PREFIX "session.timeout.ms", "45000",
     "another member takes over from one that has been silent for so long"},
    {ULE_KAFKA_PREFIX "ssl.ca.location", "/etc/ule/ca.pem", "certificates, PEM, that the brokers' own must come from"},
    {ULE_KAFKA_PREFIX "ssl.certificate.location", "/etc/ule/ule-family.pem", "our certificate, PEM"},
    {ULE_KAFKA_PREFIX "ssl.key.location", "/etc/ule/ule-family.key", "its key, PEM"},
    {ULE_KAFKA_PREFIX "statistics.interval.ms", "5000",
     "how often the lag is counted and the brokers are looked after"},
};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Levenshtein's distance, of names of up to 63 bytes; or 3 more than that to the nearest beginning of `b`, so that a
 * name cut short finds its whole. */
size_t ule_config_distance(const char *a, const char *b) {
    size_t row[64], width = smaller(strlen(b), 63);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] && i < 64; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(changed, smaller(row[j], row[j - 1]) + 1);
        }
    }
    size_t best = row[width];
    for (size_t j = 0; j < width; j++)
        best = smaller(best, row[j] + 3);
    return best;
}

const char *ule_settings_nearest(const char *name) {
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        size_t distance = ule_config_distance(name, ule_settings[i].name);
        if (distance < least) {
            least = distance;
            best = ule_settings[i].name;
        }
    }
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) { /* as librdkafka's manual calls them */
        size_t distance = ule_config_distance(name, passed_on[i].name + strlen(ULE_KAFKA_PREFIX));
        if (distance < least) {
            least = distance;
            best = passed_on[i].name;
        }
    }
    return best;
}

/* A misspelt one too: it is printed before it is refused. */
static bool is_secret(const char *name) {
    if (strstr(name, "password") || strstr(name, "secret") || strstr(name, "token") || strstr(name, "key.pem"))
        return true;
    for (size_t size; *name; name += size + (name[size] != '\0')) {
        char word[32];
        size = strcspn(name, ".-_");
        (void)snprintf(word, sizeof word, "%.*s", (int)smaller(size, sizeof word - 1), name);
        if (ule_config_distance(word, "password") <= 3 || ule_config_distance(word, "secret") <= 1)
            return true;
    }
    return false;
}

static const char *help_of(const char *name) {
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        if (strcmp(passed_on[i].name + strlen(ULE_KAFKA_PREFIX), name) == 0)
            return passed_on[i].help;
    }
    return "passed on to librdkafka as it is";
}

void ule_config_print(const struct ule_config *config, FILE *file) {
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        const struct ule_setting *setting = &ule_settings[i];
        (void)fprintf(file, "# %s\n", setting->help);
        if (config->set[i])
            (void)fprintf(file, "# from the file; the default is %s\n",
                          *setting->fallback ? setting->fallback : "none");
        else
            (void)fprintf(file, "# not in the file: the default\n");
        (void)fprintf(file, "%s = %s\n\n", setting->name, config->texts[i]);
    }
    for (size_t i = 0; i < config->topics_count; i++)
        (void)fprintf(file, "# another name for the topic %s\n# from the file\n" ULE_TOPIC_PREFIX "%s = %s\n\n",
                      config->topics[i].name, config->topics[i].name, config->topics[i].value);
    for (size_t i = 0; i < config->kafka_count; i++)
        (void)fprintf(file, "# %s\n# from the file\n" ULE_KAFKA_PREFIX "%s = %s\n\n", help_of(config->kafka[i].name),
                      config->kafka[i].name, is_secret(config->kafka[i].name) ? "(hidden)" : config->kafka[i].value);
}

void ule_config_print_help(FILE *file) {
    (void)fputs(
        "# Every key, with its default and what it does. A line is `key = value`; one that begins with # says\n"
        "# nothing. A key that is not known is an error, and so is one that stands twice. Files are beside this\n"
        "# one unless their names begin with a slash. What is meant: the process's --check-config.\n\n",
        file);
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++)
        (void)fprintf(file, "# %s\n# %s =%s%s\n\n", ule_settings[i].help, ule_settings[i].name,
                      *ule_settings[i].fallback ? " " : "", ule_settings[i].fallback);
    (void)fputs(
        "# Whatever librdkafka knows, under its own name: what is mostly needed, with examples. A value that must\n"
        "# not stand here comes from a file: the name with -file behind it.\n\n",
        file);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        (void)fprintf(file, "# %s\n# %s = %s\n\n", passed_on[i].help, passed_on[i].name, passed_on[i].example);
    (void)fputs("# A topic under another name than its own.\n# " ULE_TOPIC_PREFIX
                "unilogin.case.v1 = test.unilogin.case.v1\n",
                file);
}
