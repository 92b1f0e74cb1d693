/* SPDX-License-Identifier: MIT */
/* `ule dead-letter list|show|redrive`: what could not be read, why, and another try (design.md section 11). */
#include "ule/dead_letter.h"

#include "avro/framing.h"
#include "base/text.h"
#include "ule/audit.h"
#include "ule/audit_topic.h"
#include "ule/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "ule dead-letter";
static const char help[] =
    "usage: ule dead-letter list --config FILE [OPTION...]\n"
    "       ule dead-letter show --config FILE --topic T --partition P --offset O [OPTION...]\n"
    "       ule dead-letter redrive --config FILE --all [OPTION...]\n"
    "\n"
    "list prints the letters: where each stands, when it came, why it is one, and the pseudonym of its\n"
    "key. show prints what one letter's headers say. redrive sends the chosen letters again, as they\n"
    "came, to the topic that they came from, each with a line in the log of transactions.\n"
    "\n"
    "  -c, --config FILE    brokers, names and the secret of the pseudonyms\n"
    "  -T, --topic T        only of this topic: cpr.person-changed.v1, or its dead-letter topic\n"
    "  -p, --partition P    only in this partition of the dead-letter topic\n"
    "  -o, --offset O       only at this offset of it\n"
    "  -C, --code CODE      only with this error code\n"
    "  -a, --all            redrive: all that the other options leave\n"
    "  -P, --payload        show: the payload too, which concerns persons; needs --purpose\n"
    "  -w, --purpose TEXT   why you look, or why you send again, without a person number: it goes into\n"
    "                       the log of transactions, ule.audit.v1\n"
    "  -h, --help           this text\n"
    "\n"
    "redrive needs --all, --code, or --topic with --partition and --offset. A letter stays listed after\n"
    "it was sent again, until the topic forgets it; what fails again is a new letter. To send twice does\n"
    "no harm: what is not newer than what is known changes nothing. A record that has to be repaired\n"
    "first is repaired in a recording ('ule record') and sent by 'ule publish'.\n"
    "\n"
    "Exits 0; 1 when there is no such letter to show or to send, or something went wrong; 2 when the\n"
    "command line is wrong.\n";

struct list {
    const struct ule_config *config;
    uint64_t count;
};

static enum ule_code print_line(void *context, const struct ule_letter *letter, struct ule_error *error) {
    struct list *list = context;
    (void)error;
    if (!letter)
        return ULE_OK;
    if (list->count++ == 0)
        (void)printf("%-29s  %4s  %10s  %-24s  %-16s  %-14s  %s\n", "TOPIC", "PART", "OFFSET", "TIME", "CODE", "KEY",
                     "MESSAGE");
    char time[25], masked[15];
    const rd_kafka_message_t *message = letter->message;
    (void)printf("%-29s  %4d  %10" PRId64 "  %-24s  %-16s  %-14s  %s\n", ule_live_original(letter->plan)->name,
                 message->partition, message->offset, ule_time_format(rd_kafka_message_timestamp(message, NULL), time),
                 letter->code, ule_live_masked(list->config, message->key, message->key_len, masked), letter->text);
    return ULE_OK;
}

static void print_headers(const struct ule_config *config, const struct ule_letter *letter) {
    const rd_kafka_message_t *message = letter->message;
    char time[25], masked[15];
    (void)printf("%-14s %s\n", "topic", ule_config_topic(config, letter->plan->name));
    (void)printf("%-14s %d\n", "partition", message->partition);
    (void)printf("%-14s %" PRId64 "\n", "offset", message->offset);
    (void)printf("%-14s %s\n", "time", ule_time_format(rd_kafka_message_timestamp(message, NULL), time));
    (void)printf("%-14s %s\n", "key", ule_live_masked(config, message->key, message->key_len, masked));
    (void)printf("%-14s %zu\n", "bytes", message->len);
    (void)printf("%-14s %s\n", "error.code", letter->code);
    (void)printf("%-14s %s\n", "error.message", letter->text);
    (void)printf("%-14s topic %s, partition %s, offset %s, ts %s\n", "came from", letter->topic, letter->partition,
                 letter->offset, letter->ts);
}

/* Decoded where it can be; else text, as a JSON string so that it does nothing to a terminal; else hexadecimal. */
static enum ule_code print_payload(const struct ule_letters *letters, const struct ule_letter *letter,
                                   struct ule_error *error) {
    const rd_kafka_message_t *message = letter->message;
    const struct ule_record *record = ule_live_record(letter->plan);
    struct ule_reader *reader = ule_reader_new(record);
    struct ule_arena *arena = ule_arena_new();
    void *value = ule_arena_alloc(arena, record->size);
    json_t *json = NULL;
    enum ule_code code = ULE_OK;
    ule_registry_serve(letters->registry, reader);
    if (!message->payload)
        json = json_null();
    else if ((code = ule_reader_decode(reader, message->payload, message->len, arena, value, error)) == ULE_OK)
        json = ule_record_to_json(record, value);
    else if (ule_text_valid(message->payload, message->len))
        json = json_stringn(message->payload, message->len);
    (void)printf("%-14s ", "payload");
    if (json) {
        (void)json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        (void)putchar('\n');
        json_decref(json);
    } else {
        for (size_t i = 0; message->payload && i < message->len; i++)
            (void)printf("%02x", ((const uint8_t *)message->payload)[i]);
        (void)putchar('\n');
    }
    ule_reader_free(reader);
    ule_arena_free(arena);
    if (code >= ULE_DATA_ERRORS_END) /* not the letter's fault: it can be decoded when that is over */
        return code;
    return fflush(stdout) == 0 ? ULE_OK : ule_fail(error, ULE_IO, "what was to be shown could not be written");
}

/* Before anything is shown: what cannot be logged is not shown. */
static enum ule_code log_look(const struct ule_letters *letters, const struct ule_letter *letter,
                              struct ule_error *error) {
    enum { FLUSH_MS = 30000 };
    static const char *payload = "payload";
    const rd_kafka_message_t *message = letter->message;
    struct ule_producer *producer = NULL;
    struct ule_audit audit;
    char masked[15];
    (void)ule_live_masked(letters->config, message->key, message->key_len, masked);
    const struct ule_audit_entry entry = {
        .type = ULE_TRANSACTION_TYPE_LOOKUP,
        .purpose = letters->options->purpose,
        .person = message->key ? masked : NULL,
        .fields = {&payload, 1},
        .source = {letter->plan->name, message->partition, message->offset, ""},
    };
    enum ule_code code = ule_producer_open(letters->config, "ule-dead-letter", NULL, NULL, NULL, &producer, error);
    if (code == ULE_OK)
        code = ule_audit_open(&audit, letters->config, producer, error);
    if (code == ULE_OK)
        code = ule_audit_send(&audit, &entry, error);
    if (code == ULE_OK)
        code = ule_producer_flush(producer, FLUSH_MS, error);
    ule_producer_close(producer);
    return code == ULE_OK ? ULE_OK : ule_error_at(error, "the look-up cannot be logged, so nothing is shown");
}

struct show {
    struct ule_letters *letters;
    uint64_t count;
};

static enum ule_code print_letter(void *context, const struct ule_letter *letter, struct ule_error *error) {
    struct show *show = context;
    if (!letter)
        return ULE_OK;
    if (show->letters->options->payload) {
        enum ule_code code = log_look(show->letters, letter, error);
        if (code != ULE_OK)
            return code;
    }
    ule_progress_end(&show->letters->progress);
    show->count++;
    print_headers(show->letters->config, letter);
    return show->letters->options->payload ? print_payload(show->letters, letter, error) : ULE_OK;
}

enum action { LIST, SHOW, REDRIVE, NOTHING };

static enum ule_code act(enum action action, struct ule_letters *letters, uint64_t *count, struct ule_error *error) {
    enum ule_code code;
    if (action == LIST) {
        struct list list = {letters->config, 0};
        code = ule_letters_read(letters, print_line, &list, error);
        *count = list.count;
    } else if (action == SHOW) {
        struct show show = {letters, 0};
        code = ule_letters_read(letters, print_letter, &show, error);
        *count = show.count;
    } else {
        code = ule_letters_redrive(letters, count, error);
        ule_progress_end(&letters->progress);
        (void)printf("%" PRIu64 " sent again\n", *count);
    }
    return code;
}

static int run(enum action action, const struct ule_letter_options *options) {
    struct ule_letters letters = {.options = options};
    struct ule_error error = {0};
    uint64_t count = 0;
    ule_live_catch();
    enum ule_code code = ule_live_config(options->config, &letters.config, &error);
    if (code == ULE_OK)
        code = ule_live_client(letters.config, &letters.client, &error);
    if (code == ULE_OK && options->payload)
        code = ule_registry_open(letters.config, &letters.registry, &error);
    if (code == ULE_OK)
        code = act(action, &letters, &count, &error);
    ule_progress_end(&letters.progress);
    if (letters.client)
        (void)ule_kafka_destroy(letters.client);
    ule_registry_close(letters.registry);
    ule_config_free(letters.config);
    if (code != ULE_OK)
        return ule_live_failed(name, code, &error);
    if (count == 0)
        (void)fprintf(stderr, "%s: no such letter\n", name);
    return count > 0 || action == LIST ? ULE_EXIT_OK : ULE_EXIT_FOUND;
}

static int check(enum action action, const struct ule_letter_options *options) {
    bool one = options->topic && options->partition >= 0 && options->offset >= 0;
    if (action == NOTHING)
        return ule_live_usage(name, "expected list, show or redrive", NULL);
    if (!options->config)
        return ule_live_usage(name, "expected --config FILE", NULL);
    if (action == SHOW && !one)
        return ule_live_usage(name, "show expects --topic T --partition P --offset O", NULL);
    if (action == REDRIVE && !options->all && !options->code && !one)
        return ule_live_usage(name, "redrive expects --all, --code CODE, or --topic T --partition P --offset O", NULL);
    if (options->payload && (action != SHOW || !options->purpose))
        return ule_live_usage(name, "--payload goes with show and --purpose TEXT", NULL);
    const char *refused = options->purpose ? ule_audit_refuse_purpose(options->purpose) : NULL;
    return refused ? ule_live_usage(name, refused, NULL) : 0;
}

static int take_options(int argc, char **argv, struct ule_letter_options *options) {
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"topic", required_argument, NULL, 'T'},
        {"partition", required_argument, NULL, 'p'},
        {"offset", required_argument, NULL, 'o'},
        {"code", required_argument, NULL, 'C'},
        {"all", no_argument, NULL, 'a'},
        {"payload", no_argument, NULL, 'P'},
        {"purpose", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "c:T:p:o:C:aPw:h", longs, NULL)) != -1;) {
        switch (option) {
        case 'c': options->config = optarg; break;
        case 'T': options->topic = optarg; break;
        case 'C': options->code = optarg; break;
        case 'a': options->all = true; break;
        case 'P': options->payload = true; break;
        case 'w': options->purpose = optarg; break;
        case 'p':
            if (!ule_live_number(optarg, INT32_MAX, &options->partition))
                return ule_live_usage(name, "--partition expects a number, not ", optarg);
            break;
        case 'o':
            if (!ule_live_number(optarg, INT64_MAX - 1, &options->offset))
                return ule_live_usage(name, "--offset expects a number, not ", optarg);
            break;
        case 'h': (void)fputs(help, stdout); return -1;
        default: return ule_live_usage(name, "see the options", NULL);
        }
    }
    return 0;
}

int ule_dead_letter_main(int argc, char **argv) {
    struct ule_letter_options options = {.partition = -1, .offset = -1};
    int wrong = take_options(argc, argv, &options);
    if (wrong)
        return wrong < 0 ? ULE_EXIT_OK : wrong;
    static const char *const words[] = {[LIST] = "list", [SHOW] = "show", [REDRIVE] = "redrive"};
    enum action action = NOTHING;
    for (size_t i = 0; i < NOTHING && optind + 1 == argc; i++) {
        if (strcmp(argv[optind], words[i]) == 0)
            action = (enum action)i;
    }
    wrong = check(action, &options);
    return wrong ? wrong : run(action, &options);
}
