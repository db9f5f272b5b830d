// SPDX-License-Identifier: Apache-2.0
// One rule in C on sd-bus, the reference of the rules: relay1 of one service is active while an input of another is.
//
//     rule BUS_NAME FROM TO [JOURNAL]
//
// FROM and TO are bus names of bench/reference/service.c. An edge is EventSource1.Event of FROM on the topic of digital
// inputs, or where it has none of relay1; the action is Relay.Set of TO, with a deadline as a rule of axiod gives it,
// and nothing waits for its answer. So there are three processes and two ways over the bus, as between an input, a rule
// and a relay.
//
// With a JOURNAL, what the rule is about to do is written to that file first, as axiod-events does where an action lasts
// while its rule is active: a line of what a restart needs to know, not synced, without the checksum that ours has.
//
// The bus is the one in $DBUS_SYSTEM_BUS_ADDRESS. The program owns BUS_NAME when it is ready.

#include "common.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define RELAY_INTERFACE "org.axiod.relays1.Relay"
#define EVENT_INTERFACE "org.axiod.EventSource1"
#define DEADLINE_USEC (5 * UINT64_C(1000000))
#define MOST_SOURCES 64
#define JOURNAL_BYTES (1 << 20)

// A topic that edges are told on, the number of what it is of, and the value that makes it active.
typedef struct {
    const char *topic, *source, *item, *active;
} Edges;

static const Edges edges_of[] = {
    {"tns1:Device/tnsaxis:IO/Port", "port", "state", "1"},
    {"tns1:Device/Trigger/Relay", "RelayToken", "LogicalState", "active"},
};

static sd_bus *bus;
static bool active[MOST_SOURCES]; // by the number of the source
static bool rule_active;
static int journal = -1;
static off_t journal_end;
static unsigned activations;
static const char *to_name;
static char to_path[300];

static void must(const char *what, int result) {
    if (result < 0) {
        fail("%s: %s.", what, strerror(-result));
    }
}

// Writes the path of the root object of a service, and what stands below it.
static void path_of(char *path, size_t size, const char *name, const char *below) {
    snprintf(path, size, "/%s%s", name, below);
    for (char *at = path; *at != '\0' && at < path + 1 + strlen(name); at++) {
        if (*at == '.') {
            *at = '/';
        }
    }
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *unused) {
    (void)userdata, (void)unused;

    if (sd_bus_message_is_method_error(answer, NULL)) {
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        fail("The action failed: %s: %s", error->name, error->message ? error->message : "");
    }
    return 0;
}

// Writes what the rule is about to do, so that it is known after a crash.
static void note(uint64_t now_usec) {
    char line[512];
    int size = snprintf(line, sizeof(line),
                        "[%u,\"rule/1\",{\"version\":1,\"active\":%s,\"activations\":%u,\"last\":[%llu,%llu],"
                        "\"steps\":[[%u,0,\"begun\",null,[\"relay1\",true,1]]],\"happenings\":{\"%u\":"
                        "[\"tns1:Device/tnsaxis:IO/Port\",{\"port\":\"1\"},{\"state\":\"1\"},%llu]}}]\n",
                        activations, rule_active ? "true" : "false", activations, (unsigned long long)now_usec,
                        (unsigned long long)now_usec, activations, activations, (unsigned long long)now_usec);

    if (pwrite(journal, line, (size_t)size, journal_end) != size) {
        fail("The journal cannot be written: %s.", strerror(errno));
    }
    journal_end = journal_end + size > JOURNAL_BYTES ? 0 : journal_end + size;
}

static int act(void) {
    sd_bus_message *call = NULL;
    uint64_t now_usec = read_clock(CLOCK_MONOTONIC) / 1000;

    activations += rule_active;
    if (journal >= 0) {
        note(now_usec);
    }
    int r = sd_bus_message_new_method_call(bus, &call, to_name, to_path, RELAY_INTERFACE, "Set");
    if (r >= 0) {
        r = sd_bus_message_append(call, "ba{sv}", rule_active, 1, "DeadlineUsec", "t", now_usec + DEADLINE_USEC);
    }
    if (r >= 0) {
        r = sd_bus_call_async(bus, NULL, call, on_answer, NULL, 0);
    }
    sd_bus_message_unref(call);
    return r;
}

// Reads a dictionary of strings to its end; returns the value of a key as long as the message lives, NULL for none.
static int value_of(sd_bus_message *signal, const char *key, const char **value) {
    const char *name, *text;

    *value = NULL;
    int r = sd_bus_message_enter_container(signal, 'a', "{ss}");
    if (r < 0) {
        return r;
    }
    while ((r = sd_bus_message_read(signal, "{ss}", &name, &text)) > 0) {
        if (strcmp(name, key) == 0) {
            *value = text;
        }
    }
    return r < 0 ? r : sd_bus_message_exit_container(signal);
}

static int on_event(sd_bus_message *signal, void *userdata, sd_bus_error *unused) {
    (void)userdata, (void)unused;
    const char *topic, *source, *state;

    int r = sd_bus_message_read(signal, "s", &topic);
    if (r < 0) {
        return r;
    }
    for (size_t i = 0; i < sizeof(edges_of) / sizeof(edges_of[0]); i++) {
        const Edges *edges = &edges_of[i];

        if (strcmp(topic, edges->topic) != 0) {
            continue;
        }
        if ((r = value_of(signal, edges->source, &source)) < 0 || (r = value_of(signal, edges->item, &state)) < 0) {
            return r;
        }
        unsigned long number = source ? strtoul(source, NULL, 10) : MOST_SOURCES;
        if (number < MOST_SOURCES && state) {
            active[number] = strcmp(state, edges->active) == 0;
        }
        bool any = memchr(active, true, sizeof(active)) != NULL;
        if (any != rule_active) {
            rule_active = any;
            return act();
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    char from_path[300], match[700];

    if (argc != 4 && argc != 5) {
        fail("usage: rule BUS_NAME FROM TO [JOURNAL]");
    }
    for (int i = 1; i < 4; i++) {
        if (!sd_bus_service_name_is_valid(argv[i]) || strlen(argv[i]) > 255) {
            fail("\"%s\" is not a bus name.", argv[i]);
        }
    }
    if (argc == 5 && (journal = open(argv[4], O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
        fail("%s cannot be opened: %s.", argv[4], strerror(errno));
    }
    to_name = argv[3];
    path_of(from_path, sizeof(from_path), argv[2], "");
    path_of(to_path, sizeof(to_path), to_name, "/relay/relay1");
    snprintf(match, sizeof(match), "type='signal',sender='%s',path='%s',interface='" EVENT_INTERFACE "',member='Event'",
             argv[2], from_path);

    must("The bus cannot be reached", sd_bus_open_system(&bus));
    must("The events cannot be had", sd_bus_add_match(bus, NULL, match, on_event, NULL));
    must("The bus name cannot be had", sd_bus_request_name(bus, argv[1], 0));
    for (;;) {
        int r = sd_bus_process(bus, NULL);
        must("The bus is gone", r);
        if (r == 0) {
            r = sd_bus_wait(bus, UINT64_MAX);
            must("The bus is gone", r == -EINTR ? 0 : r);
        }
    }
}
