// SPDX-License-Identifier: Apache-2.0
// One rule in C on sd-bus, the reference of the rules: what relay1 of one service does, relay1 of another does after it.
//
//     rule BUS_NAME FROM TO
//
// FROM and TO are bus names of bench/reference/service.c. An edge is EventSource1.Event of FROM on the topic of relays;
// the action is Relay.Set of TO, with a deadline as a rule of axiod gives it, and nothing waits for its answer. So there
// are three processes and two ways over the bus, as between an input, a rule and a relay.
//
// The bus is the one in $DBUS_SYSTEM_BUS_ADDRESS. The program owns BUS_NAME when it is ready.

#include "common.h"

#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define RELAY_INTERFACE "org.axiod.relays1.Relay"
#define EVENT_INTERFACE "org.axiod.EventSource1"
#define TOPIC "tns1:Device/Trigger/Relay"
#define SOURCE_ITEM "RelayToken"
#define SOURCE_VALUE "0"
#define DATA_ITEM "LogicalState"
#define DATA_VALUE "active"
#define DEADLINE_USEC (5 * UINT64_C(1000000))

static sd_bus *bus;
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

static int act(bool active) {
    sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, to_name, to_path, RELAY_INTERFACE, "Set");
    if (r >= 0) {
        uint64_t deadline = read_clock(CLOCK_MONOTONIC) / 1000 + DEADLINE_USEC;
        r = sd_bus_message_append(call, "ba{sv}", active, 1, "DeadlineUsec", "t", deadline);
    }
    if (r >= 0) {
        r = sd_bus_call_async(bus, NULL, call, on_answer, NULL, 0);
    }
    sd_bus_message_unref(call);
    return r;
}

// Reads a dictionary of strings to its end; says whether it has this value under this key.
static int has(sd_bus_message *signal, const char *key, const char *value, bool *found) {
    const char *name, *text;

    *found = false;
    int r = sd_bus_message_enter_container(signal, 'a', "{ss}");
    if (r < 0) {
        return r;
    }
    while ((r = sd_bus_message_read(signal, "{ss}", &name, &text)) > 0) {
        *found = *found || (strcmp(name, key) == 0 && strcmp(text, value) == 0);
    }
    return r < 0 ? r : sd_bus_message_exit_container(signal);
}

static int on_event(sd_bus_message *signal, void *userdata, sd_bus_error *unused) {
    (void)userdata, (void)unused;
    const char *topic;
    bool ours, active;

    int r = sd_bus_message_read(signal, "s", &topic);
    if (r < 0 || strcmp(topic, TOPIC) != 0) {
        return r < 0 ? r : 0;
    }
    if ((r = has(signal, SOURCE_ITEM, SOURCE_VALUE, &ours)) < 0 ||
        (r = has(signal, DATA_ITEM, DATA_VALUE, &active)) < 0) {
        return r;
    }
    return ours ? act(active) : 0;
}

int main(int argc, char **argv) {
    char from_path[300], match[700];

    if (argc != 4) {
        fail("usage: rule BUS_NAME FROM TO");
    }
    for (int i = 1; i < argc; i++) {
        if (!sd_bus_service_name_is_valid(argv[i]) || strlen(argv[i]) > 255) {
            fail("\"%s\" is not a bus name.", argv[i]);
        }
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
