/* SPDX-License-Identifier: MIT */
#include "ule/diff.h"
#include "ule/replay.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct report {
    const struct ule_diff_options *options;
    FILE *file;
    struct ule_arena *arena;
    struct {
        uint64_t sides[ULE_DIFF_SIDES], differ;
    } counts[ULE_REPLAY_OUTPUTS];
    struct ule_diff_line *lines;
    size_t line_count, line_room;
    uint64_t differ, children;
    char child[64]; /* whose contacts were last seen to differ */
    size_t topic;   /* of the last difference that was told */
};

/* Columns on a screen, where a letter may be several bytes. */
static int columns(const char *text) {
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void pad(FILE *file, const char *text, int width) {
    (void)fprintf(file, "%s%*s", text, width > columns(text) ? width - columns(text) : 0, "");
}

static void add_line(const struct ule_diff_line *line, void *context) {
    struct report *report = context;
    for (size_t i = 0; i < report->line_count; i++) {
        struct ule_diff_line *same = &report->lines[i];
        if (same->topic == line->topic && strcmp(same->change, line->change) == 0 &&
            strcmp(same->what, line->what) == 0 && strcmp(same->rules, line->rules) == 0) {
            same->count++;
            return;
        }
    }
    if (report->line_count == report->line_room) {
        report->line_room = report->line_room ? 2 * report->line_room : 64;
        report->lines = realloc(report->lines, report->line_room * sizeof *report->lines);
        if (!report->lines)
            abort();
    }
    report->lines[report->line_count++] = *line;
}

static int by_weight(const void *a, const void *b) {
    const struct ule_diff_line *left = a, *right = b;
    const size_t ranks[] = {ule_diff_change_rank(left->change), ule_diff_change_rank(right->change)};
    if (left->topic != right->topic)
        return left->topic < right->topic ? -1 : 1;
    if (ranks[0] != ranks[1])
        return ranks[0] < ranks[1] ? -1 : 1;
    const bool moves[] = {strstr(left->what, "→") != NULL, strstr(right->what, "→") != NULL};
    if (moves[0] != moves[1])
        return moves[0] ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    int order = strcmp(left->what, right->what);
    return order ? order : strcmp(left->rules, right->rules);
}

/* Keys of outputs hold no numbers; a recording that somebody made by hand may. */
static const char *shown_key(struct ule_arena *arena, const char *key) {
    char *copy = (char *)(uintptr_t)ule_arena_string(arena, key);
    const char *shown = "";
    for (char *part; (part = strsep(&copy, "/")) != NULL;) {
        const size_t size = strlen(part), hex = strspn(part, "0123456789abcdef-");
        int digits = 0;
        for (size_t i = 0; i < size; i++)
            digits += isdigit((unsigned char)part[i]) != 0;
        const bool uuid = size == 36 && hex == size;
        shown = ule_arena_printf(arena, "%s%s%s", shown, *shown ? "/" : "",
                                 uuid || size <= 6 || digits < 6 ? part : "(not shown)");
    }
    return shown;
}

static const char *key_of(const struct report *report, const struct ule_diff_item *item) {
    const char *labels[ULE_DIFF_SIDES];
    for (int side = 0; side < ULE_DIFF_SIDES; side++)
        labels[side] = item->sides[side].label;
    if (item->topic >= ULE_DIFF_DEAD_LETTERS)
        return labels[ULE_DIFF_A] ? labels[ULE_DIFF_A] : labels[ULE_DIFF_B];
    const char *a = labels[ULE_DIFF_A], *b = labels[ULE_DIFF_B];
    if (!a && !b)
        return shown_key(report->arena, item->key);
    if (!a || !b || strcmp(a, b) == 0)
        return shown_key(report->arena, a ? a : b);
    return ule_arena_printf(report->arena, "%s (B: %s)", shown_key(report->arena, a), shown_key(report->arena, b));
}

/* Items come by child, since a relation's key begins with it. */
static void count_child(struct report *report, const struct ule_diff_item *item) {
    const size_t size = strcspn(item->key, "/ ");
    if (item->topic != ULE_TOPIC_CONTACT_RELATION ||
        (report->child[0] && strlen(report->child) == size && strncmp(item->key, report->child, size) == 0))
        return;
    report->children++;
    (void)snprintf(report->child, sizeof report->child, "%.*s", (int)size, item->key);
}

static void count_item(struct ule_diff_item *item, void *context) {
    struct report *report = context;
    struct ule_diff_change change;
    for (int side = 0; side < ULE_DIFF_SIDES; side++)
        report->counts[item->topic].sides[side] += item->topic >= ULE_DIFF_DEAD_LETTERS
                                                       ? item->sides[side].count
                                                       : item->sides[side].bytes != NULL;
    ule_arena_reset(report->arena);
    if (!ule_diff_change_open(item, report->options->picture, report->arena, &change))
        return;
    report->differ++;
    report->counts[item->topic].differ++;
    count_child(report, item);
    ule_diff_meaning(&change, add_line, report);
    ule_diff_change_close(&change);
}

/* As it stands in a line: a list in brackets, - for nothing, no quotes. */
static const char *plain(struct ule_arena *arena, const json_t *value) {
    if (json_is_string(value))
        return ule_arena_string(arena, json_string_value(value));
    if (json_is_array(value)) {
        const char *all = "";
        for (size_t i = 0; i < json_array_size(value); i++)
            all = ule_arena_printf(arena, "%s%s%s", all, i ? ", " : "", plain(arena, json_array_get(value, i)));
        return ule_arena_printf(arena, "[%s]", all);
    }
    if (json_is_object(value)) { /* a role: number kind role */
        const char *all = "", *name;
        json_t *item;
        json_object_foreach((json_t *)(uintptr_t)value, name, item)
            all = ule_arena_printf(arena, "%s%s%s", all, *all ? " " : "", plain(arena, item));
        return all;
    }
    if (!value || json_is_null(value))
        return "-";
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    const char *copy = ule_arena_string(arena, text ? text : "?");
    free(text);
    return copy;
}

/* Follows from another field that differs: the words of a remedy from its code, STIL's level from ours. */
static bool is_said(const struct ule_diff_change *change, const struct ule_field *field) {
    const char *said = strncmp(field->name, "remedy_", 7) == 0         ? "remedy"
                       : strcmp(field->name, "stil_access_level") == 0 ? "access"
                                                                       : NULL;
    for (size_t i = 0; said && i < change->field_count; i++) {
        if (strcmp(change->fields[i]->name, said) == 0)
            return true;
    }
    return false;
}

static void print_field(const struct report *report, const char *name, const json_t *a, const json_t *b) {
    (void)fputs("      ", report->file);
    pad(report->file, name, 18);
    (void)fprintf(report->file, " %s → %s\n", plain(report->arena, a), plain(report->arena, b));
}

/* How it came there: events, and what one of the two had for a time. */
static void print_way(const struct report *report, const struct ule_diff_change *change) {
    const struct ule_diff_item *item = change->item;
    const uint64_t a = item->sides[ULE_DIFF_A].count, b = item->sides[ULE_DIFF_B].count;
    const char *name = item->topic < ULE_DIFF_DEAD_LETTERS ? "events" : "of them";
    if (a != b)
        (void)fprintf(report->file, "      %-18s %" PRIu64 " → %" PRIu64 "\n", name, a, b);
    else if (change->values[ULE_DIFF_A] && change->values[ULE_DIFF_B] && change->field_count == 0)
        (void)fprintf(report->file, "      %-18s %" PRIu64 ", not the same; the last ones are\n", name, a);
    if (change->field_count > 0 && strcmp(change->fields[0]->name, "action") != 0)
        return;
    for (int side = 0; side < ULE_DIFF_SIDES; side++) {
        char met[64];
        ule_diff_met_only(item, (enum ule_diff_side_name)side, met, sizeof met);
        if (*met && change->values[ULE_DIFF_A] && change->values[ULE_DIFF_B])
            (void)fprintf(report->file, "      %-18s %s, in %c only\n", "for a time", met,
                          side == ULE_DIFF_A ? 'A' : 'B');
    }
}

static void print_change(struct report *report, const struct ule_diff_change *change) {
    const struct ule_diff_item *item = change->item;
    FILE *file = report->file;
    if (report->topic != item->topic)
        (void)fprintf(file, "\n%s (%s)\n", ule_diff_title(item->topic), ule_replay_output_name(item->topic));
    report->topic = item->topic;
    (void)fprintf(file, "  %s\n", key_of(report, item));
    for (size_t i = 0; i < change->field_count; i++) {
        const char *name = change->fields[i]->name;
        if (ule_diff_hidden(item->topic, name))
            (void)fprintf(file, "      %-18s differs; not shown\n", name);
        else if (!is_said(change, change->fields[i]))
            print_field(report, name, json_object_get(change->values[ULE_DIFF_A], name),
                        json_object_get(change->values[ULE_DIFF_B], name));
    }
    const struct ule_record *record = ule_diff_record(item->topic);
    const bool both = change->values[ULE_DIFF_A] && change->values[ULE_DIFF_B];
    for (size_t i = 0; record && !both && i < record->count; i++) {
        const char *name = record->fields[i].name;
        if (ule_diff_telling(item->topic, name) && (change->values[ULE_DIFF_A] || change->values[ULE_DIFF_B]))
            print_field(report, name, json_object_get(change->values[ULE_DIFF_A], name),
                        json_object_get(change->values[ULE_DIFF_B], name));
    }
    if (!report->options->picture || !record)
        print_way(report, change);
}

static json_t *change_to_json(const struct report *report, const struct ule_diff_change *change) {
    const struct ule_diff_item *item = change->item;
    const struct ule_record *record = ule_diff_record(item->topic);
    json_t *fields = json_object(), *hidden = json_array();
    const bool both = change->values[ULE_DIFF_A] && change->values[ULE_DIFF_B];
    for (size_t i = 0; record && i < record->count; i++) {
        const char *name = record->fields[i].name;
        bool wanted = !both && ule_diff_telling(item->topic, name);
        for (size_t k = 0; k < change->field_count; k++)
            wanted = wanted || change->fields[k] == &record->fields[i];
        json_t *a = json_object_get(change->values[ULE_DIFF_A], name);
        json_t *b = json_object_get(change->values[ULE_DIFF_B], name);
        if (wanted && ule_diff_hidden(item->topic, name))
            (void)json_array_append_new(hidden, json_string(name));
        else if (wanted)
            (void)json_object_set_new(fields, name, json_pack("[O?,O?]", a, b));
    }
    json_t *told = json_pack("{s:s,s:s,s:[b,b],s:[I,I],s:o,s:o}", "topic", ule_replay_output_name(item->topic), "key",
                             key_of(report, item), "there", change->values[ULE_DIFF_A] != NULL,
                             change->values[ULE_DIFF_B] != NULL, "events", (json_int_t)item->sides[ULE_DIFF_A].count,
                             (json_int_t)item->sides[ULE_DIFF_B].count, "fields", fields, "hidden", hidden);
    if (!told)
        abort();
    return told;
}

static void dump(FILE *file, json_t *json) {
    (void)json_dumpf(json, file, JSON_COMPACT);
    json_decref(json);
}

static void tell_item(struct ule_diff_item *item, void *context) {
    struct report *report = context;
    struct ule_diff_change change;
    ule_arena_reset(report->arena);
    if (!ule_diff_change_open(item, report->options->picture, report->arena, &change))
        return;
    if (report->options->json) {
        (void)fputs(report->differ++ ? ",\n" : "\n", report->file);
        dump(report->file, change_to_json(report, &change));
    } else {
        print_change(report, &change);
    }
    ule_diff_change_close(&change);
}

static void print_counts(const struct report *report) {
    uint64_t letters[3] = {0};
    (void)fprintf(report->file, "A  %s\nB  %s\n\n%-24s%10s%10s%10s\n", report->options->dirs[ULE_DIFF_A],
                  report->options->dirs[ULE_DIFF_B], "", "A", "B", "differ");
    for (size_t topic = 0; topic < ULE_REPLAY_OUTPUTS; topic++) {
        const uint64_t a = report->counts[topic].sides[ULE_DIFF_A], b = report->counts[topic].sides[ULE_DIFF_B];
        const uint64_t differ = report->counts[topic].differ;
        if (topic >= ULE_DIFF_DEAD_LETTERS) {
            letters[0] += a;
            letters[1] += b;
            letters[2] += differ;
        } else if (!report->options->picture || (topic != ULE_DIFF_AUDIT && topic != ULE_TOPIC_REREGISTRATION)) {
            (void)fprintf(report->file, "%-24s%10" PRIu64 "%10" PRIu64 "%10" PRIu64, ule_diff_title(topic), a, b,
                          differ);
            if (topic == ULE_TOPIC_CONTACT_RELATION && differ)
                (void)fprintf(report->file, "  of %" PRIu64 " %s", report->children,
                              report->children == 1 ? "child" : "children");
            (void)fputc('\n', report->file);
        }
    }
    (void)fprintf(report->file, "%-24s%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "\n", ule_diff_title(ULE_DIFF_DEAD_LETTERS),
                  letters[0], letters[1], letters[2]);
}

static void print_summary(const struct report *report) {
    print_counts(report);
    (void)fputs(report->differ             ? "\nFrom A to B\n"
                : report->options->picture ? "\nThe same picture.\n"
                                           : "\nThe same.\n",
                report->file);
    const char *title = "";
    for (size_t i = 0; i < report->line_count; i++) {
        const struct ule_diff_line *line = &report->lines[i];
        const char *of = ule_diff_title(line->topic);
        if (of != title)
            (void)fprintf(report->file, "\n  %s\n", of);
        title = of;
        (void)fprintf(report->file, "%10" PRIu64 "  %-7s ", line->count, line->change);
        pad(report->file, line->what, *line->rules ? 38 : 0);
        (void)fprintf(report->file, "%s%s\n", *line->rules ? "  " : "", line->rules);
    }
}

static void print_json_summary(const struct report *report) {
    (void)fputs("{\"a\":", report->file);
    dump(report->file, json_pack("{s:s}", "dir", report->options->dirs[ULE_DIFF_A]));
    (void)fputs(",\"b\":", report->file);
    dump(report->file, json_pack("{s:s}", "dir", report->options->dirs[ULE_DIFF_B]));
    (void)fprintf(report->file, ",\n\"picture\":%s,\"differ\":%" PRIu64 ",\"children\":%" PRIu64 ",\n\"topics\":[",
                  report->options->picture ? "true" : "false", report->differ, report->children);
    for (size_t topic = 0; topic < ULE_REPLAY_OUTPUTS; topic++) {
        (void)fputs(topic ? ",\n" : "\n", report->file);
        dump(report->file, json_pack("{s:s,s:I,s:I,s:I}", "topic", ule_replay_output_name(topic), "a",
                                     (json_int_t)report->counts[topic].sides[ULE_DIFF_A], "b",
                                     (json_int_t)report->counts[topic].sides[ULE_DIFF_B], "differ",
                                     (json_int_t)report->counts[topic].differ));
    }
    (void)fputs("],\n\"summary\":[", report->file);
    for (size_t i = 0; i < report->line_count; i++) {
        const struct ule_diff_line *line = &report->lines[i];
        (void)fputs(i ? ",\n" : "\n", report->file);
        dump(report->file,
             json_pack("{s:s,s:s,s:s,s:s,s:I}", "topic", ule_replay_output_name(line->topic), "change", line->change,
                       "what", line->what, "rules", line->rules, "count", (json_int_t)line->count));
    }
    (void)fputs("]", report->file);
}

uint64_t ule_diff_report(const struct ule_diff_set *set, const struct ule_diff_options *options, FILE *file) {
    struct report report = {.options = options, .file = file, .arena = ule_arena_new(), .topic = SIZE_MAX};
    ule_diff_set_walk(set, count_item, &report);
    if (report.line_count > 0)
        qsort(report.lines, report.line_count, sizeof *report.lines, by_weight);
    const uint64_t differ = report.differ;
    if (options->json) {
        print_json_summary(&report);
        report.differ = 0;
        (void)fputs(",\n\"differences\":[", file);
        if (!options->summary)
            ule_diff_set_walk(set, tell_item, &report);
        (void)fputs("]}\n", file);
    } else {
        print_summary(&report);
        if (differ && !options->summary) {
            (void)fputs("\nKey by key\n", file);
            ule_diff_set_walk(set, tell_item, &report);
        }
    }
    free(report.lines);
    ule_arena_free(report.arena);
    return differ;
}
