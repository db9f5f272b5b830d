// SPDX-License-Identifier: Apache-2.0
// lines-watch FILE...: looks at the first byte of each file (sim_gpioK/value of a gpio-sim chip) in a tight loop, until
// it gets SIGTERM or SIGINT. It sees what is on the wire, whoever drives it, and has nothing of axiod in it.
//
//   watching                          once it looks
//   change SECONDS FILE LEVEL         for the first look, and for every change; CLOCK_MONOTONIC
//   total FILE edges=N level=LEVEL    at the end, for each file
//   looks N longest_gap_us=N          a change shorter than the gap may have been missed
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MOST 64

static volatile sig_atomic_t ended;

static void end(int number) {
    (void)number;
    ended = 1;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int count, char **names) {
    int files[MOST];
    long edges[MOST] = {0}, looks = 0;
    char levels[MOST] = {0};
    double gap = 0, before = 0;
    struct sigaction action = {.sa_handler = end};

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    count--, names++;
    if (count < 1 || count > MOST) {
        fprintf(stderr, "lines-watch FILE... (1 to %d)\n", MOST);
        return 2;
    }
    for (int i = 0; i < count; i++) {
        files[i] = open(names[i], O_RDONLY | O_CLOEXEC);
        if (files[i] < 0) {
            perror(names[i]);
            return 1;
        }
    }
    while (!ended) {
        double time = now();
        if (looks && time - before > gap)
            gap = time - before;
        before = time;
        for (int i = 0; i < count; i++) {
            char level;
            if (pread(files[i], &level, 1, 0) != 1) {
                perror(names[i]);
                return 1;
            }
            if (level == levels[i])
                continue;
            edges[i] += levels[i] != 0;
            levels[i] = level;
            printf("change %.6f %s %c\n", time, names[i], level);
            fflush(stdout);
        }
        if (!looks++) {
            printf("watching\n");
            fflush(stdout);
        }
    }
    for (int i = 0; i < count; i++)
        printf("total %s edges=%ld level=%c\n", names[i], edges[i], levels[i]);
    printf("looks %ld longest_gap_us=%.0f\n", looks, gap * 1e6);
    return 0;
}
