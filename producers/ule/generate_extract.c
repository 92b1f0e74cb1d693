/* SPDX-License-Identifier: MIT */
#include "ule/generate_extract.h"

#include "base/uuid.h"
#include "cpr/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A record as blanks, and what is put into it. Positions are 1-based. */
struct line {
    char bytes[ULE_CPR_RECORD_MAX];
    size_t size;
};

static void put(struct line *line, unsigned position, const char *text) {
    const size_t length = strlen(text);
    memcpy(line->bytes + position - 1, text, length);
    if (position - 1 + length > line->size)
        line->size = position - 1 + length;
}

static void put_code(struct line *line, unsigned position, int32_t code) {
    char text[16];
    (void)snprintf(text, sizeof text, "%04d", code % 10000);
    put(line, position, text);
}

static void put_day(struct line *line, unsigned position, int32_t date) {
    char text[11];
    if (date != ULE_DATE_NONE)
        put(line, position, ule_date_format(date, text));
}

static void put_eight(struct line *line, unsigned position, int32_t date, const char *clock) {
    char text[32];
    int year, month, day;
    if (date == ULE_DATE_NONE)
        return;
    ule_date_to_ymd(date, &year, &month, &day);
    (void)snprintf(text, sizeof text, "%04d%02d%02d%s", year, month, day, clock);
    put(line, position, text);
}

/* ISO-8859-1: the names in the tables have no other letters. */
static void put_text(struct line *line, unsigned position, size_t width, const char *text) {
    char latin[64];
    size_t length = 0;
    for (; text && *text && length < width && length + 1 < sizeof latin; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte >= 0xc0)
            latin[length++] = (char)((byte & 3U) << 6 | ((unsigned char)*++text & 0x3fU));
        else
            latin[length++] = (char)byte;
    }
    latin[length] = '\0';
    if (length)
        put(line, position, latin);
}

static void begin(struct line *line, unsigned type, const char *number) {
    char text[16];
    memset(line->bytes, ' ', sizeof line->bytes);
    line->size = 0;
    (void)snprintf(text, sizeof text, "%03u", type % 1000);
    put(line, 1, text);
    put(line, 4, number);
}

static void end(struct ule_generate_extract *extract, const struct line *line) {
    extract->position++;
    if (extract->file) {
        (void)fwrite(line->bytes, 1, line->size, extract->file);
        (void)fwrite("\r\n", 1, 2, extract->file);
    }
}

static enum ule_code open_day(struct ule_generate_extract *extract, int32_t day, struct ule_error *error) {
    extract->produced = day;
    extract->position = 0;
    if (extract->folder) {
        char date[11];
        (void)snprintf(extract->path, sizeof extract->path, "%s/%s.cpr", extract->folder, ule_date_format(day, date));
        const int descriptor = open(extract->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor < 0)
            return ule_fail(error, ULE_IO, "%s: %s", extract->path, strerror(errno));
        extract->file = fdopen(descriptor, "w");
        if (!extract->file) {
            (void)close(descriptor);
            return ule_fail(error, ULE_IO, "%s: %s", extract->path, strerror(errno));
        }
    }
    struct line line;
    begin(&line, 0, "0000000000");
    put(&line, 14, ULE_GENERATE_TASK);
    put_eight(&line, 20, day, "");
    put_eight(&line, 28, extract->previous == ULE_DATE_NONE ? day : extract->previous, "");
    end(extract, &line);
    return ULE_OK;
}

static void put_status(struct ule_generate_extract *extract, const struct ule_person_changed *person) {
    static const char *const codes[] = {"01", "05", "20", "30", "50", "60", "70", "80", "90"};
    struct line line;
    begin(&line, 1, person->number);
    if (person->current_number)
        put(&line, 14, person->current_number);
    put(&line, 24, codes[person->status]);
    put_eight(&line, 26, person->status_since, "0000");
    put(&line, 39, (person->number[9] - '0') % 2 ? "M" : "K");
    put_day(&line, 40, person->birth_date);
    end(extract, &line);
}

static void put_whereabouts(struct ule_generate_extract *extract, const struct ule_person_changed *person) {
    struct line line;
    if (person->municipality != ULE_INT_NULL) {
        begin(&line, 2, person->number);
        put_code(&line, 14, person->municipality);
        end(extract, &line);
    }
    if (person->protection) {
        begin(&line, 4, person->number);
        put(&line, 14, "0001");
        put_day(&line, 18, person->protection->from);
        put_day(&line, 28, person->protection->until);
        end(extract, &line);
    }
    if (person->status == ULE_CPR_STATUS_EMIGRATED) {
        begin(&line, 5, person->number);
        put_code(&line, 14, person->residence_country);
        put_eight(&line, 18, person->emigrated_on, "0000");
        end(extract, &line);
    }
    if (person->status == ULE_CPR_STATUS_DISAPPEARED) {
        begin(&line, 7, person->number);
        put_eight(&line, 14, person->status_since, "0000");
        end(extract, &line);
    }
}

static void put_facts(struct ule_generate_extract *extract, const struct ule_person_changed *person) {
    static const char *const letters[] = {"U", "G", "F", "E", "P", "O", "L", "D", " "};
    struct line line;
    begin(&line, 8, person->number);
    put_text(&line, 14, 50, person->given_names);
    put_text(&line, 106, 40, person->family_name);
    end(extract, &line);
    if (person->citizenship != ULE_INT_NULL) {
        begin(&line, 10, person->number);
        put_code(&line, 14, person->citizenship);
        end(extract, &line);
    }
    begin(&line, 12, person->number);
    put(&line, 14, letters[person->marital_status]);
    end(extract, &line);
}

static void put_parent(struct line *line, unsigned position, const struct ule_parent *parent) {
    if (!parent)
        return;
    put_day(line, position, parent->since);
    if (parent->number)
        put(line, position + 11, parent->number);
    put_day(line, position + 21, parent->birth_date);
    put_text(line, position + 32, 34, parent->name);
}

static void put_relations(struct ule_generate_extract *extract, const struct ule_person_changed *person) {
    static const char *const relations[] = {"0003", "0004", "0005", "0006"};
    struct line line;
    if (person->mother || person->father) {
        begin(&line, 15, person->number);
        put_parent(&line, 14, person->mother);
        put_parent(&line, 81, person->father);
        end(extract, &line);
    }
    for (size_t i = 0; i < person->custody.count; i++) {
        const struct ule_custody_row *row = &person->custody.items[i];
        begin(&line, 16, person->number);
        put(&line, 14, relations[row->holder]);
        put_day(&line, 18, row->from);
        if (row->from_uncertain)
            put(&line, 28, "*");
        put_day(&line, 29, row->until);
        if (row->number) {
            put(&line, 39, row->number);
            put_day(&line, 49, row->from);
        }
        end(extract, &line);
    }
    if (person->guardianship) {
        begin(&line, 17, person->number);
        put_day(&line, 14, person->guardianship->from);
        put_day(&line, 25, person->guardianship->until);
        put(&line, 35, "0000");
        end(extract, &line);
    }
    for (size_t i = 0; i < person->former_numbers.count; i++) {
        begin(&line, 22, person->number);
        put(&line, 14, person->former_numbers.items[i]);
        end(extract, &line);
    }
    if (person->entered_on != ULE_DATE_NONE) {
        begin(&line, 24, person->number);
        put(&line, 15, "5120");
        put_eight(&line, 19, person->emigrated_on, "0000");
        put(&line, 32, "5120");
        put_eight(&line, 36, person->entered_on, "0000");
        end(extract, &line);
    }
}

enum ule_code ule_generate_extract_add(struct ule_generate_extract *extract, int32_t day,
                                       struct ule_person_changed *person, struct ule_arena *arena,
                                       struct ule_error *error) {
    if (extract->produced == ULE_DATE_NONE) {
        const enum ule_code code = open_day(extract, day, error);
        if (code)
            return code;
    }
    char date[11], id[ULE_UUID_SIZE];
    const char *parts[] = {ULE_GENERATE_TASK, ule_date_format(day, date), person->number};
    person->event_id = ule_arena_string(arena, ule_uuid_v5(parts, 3, id));
    person->changed_at = ule_time_of_date(day);
    person->sequence = (int64_t)extract->position + 1;
    if (person->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED) {
        struct line line;
        begin(&line, 997, person->number);
        put_eight(&line, 14, person->status_since, "0000");
        end(extract, &line);
        return ULE_OK;
    }
    put_status(extract, person);
    if (person->status == ULE_CPR_STATUS_ANNULLED || person->status == ULE_CPR_STATUS_DELETED_DUPLICATE ||
        person->status == ULE_CPR_STATUS_NUMBER_CHANGED)
        return ULE_OK;
    put_whereabouts(extract, person);
    put_facts(extract, person);
    put_relations(extract, person);
    return ULE_OK;
}

enum ule_code ule_generate_extract_end(struct ule_generate_extract *extract, struct ule_error *error) {
    if (extract->produced == ULE_DATE_NONE)
        return ULE_OK;
    char count[24];
    struct line line;
    begin(&line, 999, "9999999999");
    (void)snprintf(count, sizeof count, "%08llu", (unsigned long long)extract->position - 1);
    put(&line, 14, count);
    end(extract, &line);
    extract->previous = extract->produced;
    extract->produced = ULE_DATE_NONE;
    if (!extract->file)
        return ULE_OK;
    const bool written = ferror(extract->file) == 0;
    FILE *file = extract->file;
    extract->file = NULL;
    return fclose(file) == 0 && written ? ULE_OK : ule_fail(error, ULE_IO, "%s: %s", extract->path, strerror(errno));
}

void ule_generate_extract_close(struct ule_generate_extract *extract) {
    if (extract->file)
        (void)fclose(extract->file);
    extract->file = NULL;
}
