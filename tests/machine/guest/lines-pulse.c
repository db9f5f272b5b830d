// SPDX-License-Identifier: Apache-2.0
// lines-pulse FILE up|down COUNT USEC: writes pull-up and pull-down in turn to a file (sim_gpioK/pull of a gpio-sim
// chip), COUNT times in all, beginning with the one that is named, the beginnings USEC apart. For each write it prints
// the clocks in microseconds, just before and just after:
//
//   LEVEL REALTIME_BEFORE REALTIME_AFTER MONOTONIC_BEFORE MONOTONIC_AFTER
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long micros(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void wait_until(long long time) { // sleeps most of it, and looks at the clock for the rest
    long long left;
    while ((left = time - micros(CLOCK_MONOTONIC)) > 0)
        if (left > 300)
            usleep((useconds_t)(left - 200));
}

int main(int count, char **arguments) {
    struct { int up; long long times[4]; } *done;
    long long next;
    long pulses;
    int file, up;

    if (count != 5) {
        fprintf(stderr, "lines-pulse FILE up|down COUNT USEC\n");
        return 2;
    }
    up = !strcmp(arguments[2], "up");
    pulses = atol(arguments[3]);
    file = open(arguments[1], O_WRONLY | O_CLOEXEC);
    done = calloc((size_t)pulses + 1, sizeof *done);
    if (file < 0 || !done) {
        perror(arguments[1]);
        return 1;
    }
    next = micros(CLOCK_MONOTONIC);
    for (long i = 0; i < pulses; i++, up = !up) {
        const char *pull = up ? "pull-up" : "pull-down";
        wait_until(next);
        next += atoll(arguments[4]);
        done[i].up = up;
        done[i].times[0] = micros(CLOCK_REALTIME);
        done[i].times[2] = micros(CLOCK_MONOTONIC);
        if (write(file, pull, strlen(pull)) < 0) {
            perror(arguments[1]);
            return 1;
        }
        done[i].times[3] = micros(CLOCK_MONOTONIC);
        done[i].times[1] = micros(CLOCK_REALTIME);
    }
    // Printed at the end, so that printing does not slow the pulses down.
    for (long i = 0; i < pulses; i++)
        printf("%d %lld %lld %lld %lld\n", done[i].up, done[i].times[0], done[i].times[1], done[i].times[2], done[i].times[3]);
    return 0;
}
