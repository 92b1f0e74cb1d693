/* SPDX-License-Identifier: MIT */
#include "base/uuid.h"

#include "base/buffer.h"
#include "base/digest.h"

#include <string.h>

/* 9d1f9c40-bcba-4f4e-8340-ad83110b289b: drawn once. Never to change: every event id that was published stands on it. */
static const uint8_t namespace_bytes[16] = {0x9d, 0x1f, 0x9c, 0x40, 0xbc, 0xba, 0x4f, 0x4e,
                                            0x83, 0x40, 0xad, 0x83, 0x11, 0x0b, 0x28, 0x9b};

static char *format(const uint8_t bytes[static 16], uint8_t version, char out[static ULE_UUID_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    char *end = out;
    for (size_t i = 0; i < 16; i++) {
        uint8_t byte = bytes[i];
        if (i == 6)
            byte = (uint8_t)((byte & 0x0f) | (version << 4));
        else if (i == 8)
            byte = (uint8_t)((byte & 0x3f) | 0x80);
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *end++ = '-';
        *end++ = digits[byte >> 4];
        *end++ = digits[byte & 0x0f];
    }
    *end = '\0';
    return out;
}

char *ule_uuid_v5(const char *const *parts, size_t count, char out[static ULE_UUID_SIZE]) {
    uint8_t hash[ULE_SHA1_SIZE];
    struct ule_buffer name = {0};
    ule_buffer_append(&name, namespace_bytes, sizeof namespace_bytes);
    for (size_t i = 0; i < count; i++) /* all but the last with their NUL */
        ule_buffer_append(&name, parts[i], strlen(parts[i]) + (i + 1 < count));
    ule_sha1(name.bytes, name.size, hash);
    ule_buffer_close(&name);
    return format(hash, 5, out);
}

char *ule_uuid_v8(const uint8_t bytes[static 16], char out[static ULE_UUID_SIZE]) {
    return format(bytes, 8, out);
}
