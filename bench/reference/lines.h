// SPDX-License-Identifier: Apache-2.0
// Lines of the simulated world, as axiod/gpio/protocol.py says: each is a connection to the socket in $AXIOD_SIM_SOCKET.
// A request is one packet, and is waited for; edges of an input come in between. As axiod does it, and no more is here
// than a digital input and an output need.
#pragma once

#include "common.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LINE_SECONDS 1
#define MOST_EDGES 84 // in a packet of at most 4096 bytes

enum { LINE_TAKE = 1, LINE_SET = 4, LINE_INPUT = 5, LINE_OUTPUT = 6, LINE_EDGES = 8 };

typedef struct {
    uint8_t operation;
    uint8_t error; // errno
    uint16_t value;
    uint32_t serial;
} LineHeader;

// struct gpio_v2_line_event of linux/gpio.h
typedef struct {
    uint64_t timestamp_ns; // CLOCK_MONOTONIC
    uint32_t id;           // 1: rising, the line is active now; 2: falling
    uint32_t offset, sequence, line_sequence, padding[6];
} LineEdge;

typedef struct {
    LineHeader header;
    union {
        char name[256];
        LineEdge edges[MOST_EDGES];
    };
} LinePacket;

typedef struct {
    int fd;
    uint32_t serial;
} Line;

// Asks for something and waits for the answer. Edges that come before it are lost: only outputs are asked while they
// work.
static void line_ask(Line *line, uint8_t operation, uint16_t value, const char *name) {
    LinePacket packet = {.header = {.operation = operation, .value = value, .serial = ++line->serial}};
    size_t size = sizeof(packet.header) + strlen(name);

    memcpy(packet.name, name, strlen(name));
    if (send(line->fd, &packet, size, 0) < 0) {
        fail("The simulated world does not listen: %s.", strerror(errno));
    }
    do {
        struct pollfd answer = {.fd = line->fd, .events = POLLIN};
        if (poll(&answer, 1, LINE_SECONDS * 1000) <= 0 || recv(line->fd, &packet, sizeof(packet), 0) <= 0) {
            fail("The simulated world does not answer.");
        }
    } while (packet.header.operation == LINE_EDGES || packet.header.serial != line->serial);
    if (packet.header.error) {
        fail("The simulated world refuses %s: %s.", name, strerror(packet.header.error));
    }
}

// Takes a line, CHIP/LINE; `active_low` as the board's profile has it.
__attribute__((unused)) static Line line_take(const char *name, bool active_low) {
    const char *path = getenv("AXIOD_SIM_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    Line line = {.fd = socket(AF_UNIX, SOCK_SEQPACKET, 0)};

    if (path == NULL || strlen(path) >= sizeof(address.sun_path) || strlen(name) > 255) {
        fail("The simulated world is not in AXIOD_SIM_SOCKET, or the line %s has a name that is too long.", name);
    }
    strcpy(address.sun_path, path);
    if (line.fd < 0 || connect(line.fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        fail("The simulated world is not at %s: %s.", path, strerror(errno));
    }
    line_ask(&line, LINE_TAKE, active_low, name);
    return line;
}

// Drives an output, and returns when it is there.
__attribute__((unused)) static void line_set(Line *line, bool active) {
    line_ask(line, LINE_SET, active, "");
}

// Reads the edges of an input that wait; returns how many there are, 0 where none are left.
__attribute__((unused)) static size_t line_edges(Line *line, LinePacket *packet) {
    ssize_t size = recv(line->fd, packet, sizeof(*packet), MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (size < (ssize_t)sizeof(packet->header) || packet->header.operation != LINE_EDGES) {
        fail("The simulated world has ended.");
    }
    return ((size_t)size - sizeof(packet->header)) / sizeof(LineEdge);
}
