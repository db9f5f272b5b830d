// SPDX-License-Identifier: Apache-2.0
// What the programs of the benchmark share: how they end, read numbers and tell the time.
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Ends the program with a sentence on stderr.
__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

// Reads a whole number of the command line; anything outside the bounds ends the program.
__attribute__((unused)) static uint32_t parse_number(const char *what, const char *text, uint32_t least, uint32_t most) {
    char *end = NULL;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < least || number > most) {
        fail("%s must be a whole number from %u to %u, not \"%s\".", what, least, most, text);
    }
    return (uint32_t)number;
}

// The present time of a clock in nanoseconds.
static uint64_t read_clock(clockid_t clock) {
    struct timespec time;

    if (clock_gettime(clock, &time) < 0) {
        fail("A clock cannot be read; the process that it belongs to may have ended.");
    }
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
