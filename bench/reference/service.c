// SPDX-License-Identifier: Apache-2.0
// The reference of the benchmark: the interfaces org.axiod.io1.Port and org.axiod.relays1.Relay in C on sd-bus.
//
//     service BUS_NAME PORTS RELAYS [LINE...]
//
// The bus is the one in $DBUS_SYSTEM_BUS_ADDRESS. The objects stand below the root that belongs to the bus name
// (org.axiod.X1 -> /org/axiod/X1): port/port1 and so on, relay/relay1 and so on, with an ObjectManager at the root.
// When the name is owned the program prints "ready" and serves until it is killed or the bus is gone.
//
// State is in memory and without lines there is no hardware, so what is measured is what D-Bus itself costs. Everything
// that an axiod service does for a call apart from its hardware is done here too: it knows the caller, reads the options
// strictly, compares with the present state, and says what changed with PropertiesChanged and EventSource1.Event.
//
// Each LINE (CHIP/LINE, see lines.h) belongs to a port, and when all of those have one, to a relay, in their order. An
// edge of a port's line is told as axiod-io tells it: PropertiesChanged, and the events of VAPIX and of ONVIF with the
// time of the edge. A relay drives its line, and tells the time at which the line had moved.
//
// sd-bus cannot leave out a property that has no value at the moment, so each vtable has the properties that an
// ordinary present object has, and no others: "Problem" is missing since Quality is "good", and "Running" on a port
// since it is an input.

#include "common.h"
#include "lines.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define RELAY_INTERFACE "org.axiod.relays1.Relay"
#define PORT_INTERFACE "org.axiod.io1.Port"
#define EVENT_INTERFACE "org.axiod.EventSource1"
#define BURST_INTERFACE "org.axiod.bench1.Burst"

#define ERROR_INVALID_ARGUMENT "org.axiod.Error.InvalidArgument"
#define ERROR_NOT_AUTHORIZED "org.axiod.Error.NotAuthorized"
#define ERROR_NOT_FOUND "org.axiod.Error.NotFound"
#define ERROR_TIMEOUT "org.axiod.Error.Timeout"

#define MOST_OBJECTS 100000
#define MOST_CALLERS 64
#define MOST_LINES 16

// sd-bus wants an int for a "b" and a char * for an "s" where it reads a property straight from a structure.
typedef struct Relay {
    char path[512];
    uint32_t number;
    char terminal[32];
    const char *terminal_text; // terminal, for the vtable
    const char *connector;
    const char *contact_form;
    int active;
    uint64_t last_change_usec;
    const char *quality;
    uint64_t cycles;
    const char *running;
    const char *boot_policy;
    const char *failure_policy;
    Line line; // fd is -1 where it has none
} Relay;

// A configurable terminal that is a supervised input now: the kind with the most properties.
typedef struct Port {
    char path[512];
    uint32_t number;
    char terminal[32];
    const char *terminal_text; // terminal, for the vtable
    char connector[48];
    const char *connector_text; // connector, for the vtable
    const char *usage;
    const char *direction;
    const char *normal_state;
    const char *state;
    int active;
    uint64_t last_change_usec;
    const char *quality;
    uint64_t counter;
    uint64_t lost_edges;
    uint32_t debounce_ms;
    int supervisable;
    const char *supervision;
    uint32_t hysteresis_levels;
    uint32_t hold_ms;
    const char *supervised_state;
    int tampered;
    uint32_t level;
    double ohms;
    double expected_ohms;
    const char *boot_policy;
    const char *failure_policy;
    Line line; // fd is -1 where it has none
} Port;

// A connection that called before. Unique names are never used again, so an entry is true as long as it is kept.
typedef struct Caller {
    char name[32];
    uid_t uid;
} Caller;

// The whole process: one bus, one set of objects.
static struct {
    sd_bus *bus;
    char root[260];
    Port *ports;
    uint32_t port_count;
    Relay *relays;
    uint32_t relay_count;
    uint64_t sequence; // of the last Event
    Caller callers[MOST_CALLERS];
    uint32_t next_caller; // where the next new one goes, over the oldest
} service;

// Ends the service where sd-bus refuses something that it cannot do without.
static void must(const char *what, int result) {
    if (result < 0) {
        fail("%s: %s.", what, strerror(-result));
    }
}

static uint64_t now_usec(clockid_t clock) {
    return read_clock(clock) / 1000;
}

// ---- The caller ----------------------------------------------------------------------------------------------------

// Finds the user of the sender of a call: from the table, and from the bus the first time.
static int find_caller_uid(sd_bus_message *call, uid_t *uid) {
    const char *sender = sd_bus_message_get_sender(call);

    if (sender == NULL || strlen(sender) >= sizeof(service.callers[0].name)) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < MOST_CALLERS; i++) {
        if (strcmp(service.callers[i].name, sender) == 0) {
            *uid = service.callers[i].uid;
            return 0;
        }
    }

    sd_bus_creds *credentials = NULL;
    int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &credentials);
    if (r >= 0) {
        r = sd_bus_creds_get_euid(credentials, uid);
    }
    sd_bus_creds_unref(credentials);
    if (r < 0) {
        return r;
    }

    Caller *caller = &service.callers[service.next_caller];
    service.next_caller = (service.next_caller + 1) % MOST_CALLERS;
    strcpy(caller->name, sender);
    caller->uid = *uid;
    return 0;
}

// Lets root and the user of this process through. Anyone who cannot be told is refused.
static int authorize(sd_bus_message *call, sd_bus_error *error) {
    uid_t uid;

    if (find_caller_uid(call, &uid) < 0) {
        return sd_bus_error_set(error, ERROR_NOT_AUTHORIZED, "The caller's user cannot be told.");
    }
    if (uid != 0 && uid != geteuid()) {
        return sd_bus_error_setf(error, ERROR_NOT_AUTHORIZED, "User %u may not operate relays.", (unsigned)uid);
    }
    return 0;
}

// ---- Relays --------------------------------------------------------------------------------------------------------

// Reads the options of Set and Toggle to their end. Only DeadlineUsec exists; it is checked when it is given.
static int read_options(sd_bus_message *call, sd_bus_error *error) {
    int r = sd_bus_message_enter_container(call, 'a', "{sv}");
    if (r < 0) {
        return r;
    }
    while ((r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
        const char *key, *type;

        if ((r = sd_bus_message_read(call, "s", &key)) < 0 ||
            (r = sd_bus_message_peek_type(call, NULL, &type)) < 0) {
            return r;
        }
        if (strcmp(key, "DeadlineUsec") != 0) {
            return sd_bus_error_setf(error, ERROR_INVALID_ARGUMENT,
                                     "There is no option \"%s\"; the only one is DeadlineUsec.", key);
        }
        if (strcmp(type, "t") != 0) {
            return sd_bus_error_setf(error, ERROR_INVALID_ARGUMENT,
                                     "DeadlineUsec must be of type t, not %s.", type);
        }
        uint64_t deadline;
        if ((r = sd_bus_message_read(call, "v", "t", &deadline)) < 0) {
            return r;
        }
        if (now_usec(CLOCK_MONOTONIC) > deadline) {
            return sd_bus_error_set(error, ERROR_TIMEOUT, "The deadline is over; nothing was done.");
        }
        if ((r = sd_bus_message_exit_container(call)) < 0) {
            return r;
        }
    }
    return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int emit_relay_event(const Relay *relay, uint64_t timestamp_usec) {
    char token[16];

    snprintf(token, sizeof(token), "%u", relay->number);
    return sd_bus_emit_signal(service.bus, service.root, EVENT_INTERFACE, "Event", "sa{ss}a{ss}tt",
                              "tns1:Device/Trigger/Relay",
                              1, "RelayToken", token,
                              1, "LogicalState", relay->active ? "active" : "inactive",
                              timestamp_usec, ++service.sequence);
}

// Puts a relay into a state and, if that is a change, says so.
static int drive_relay(Relay *relay, int active) {
    if (relay->active == active) {
        return 0;
    }
    if (relay->line.fd >= 0) {
        line_set(&relay->line, active);
    }
    relay->active = active;
    relay->last_change_usec = now_usec(CLOCK_REALTIME);
    if (active) {
        relay->cycles++;
    }

    int r = sd_bus_emit_properties_changed(service.bus, relay->path, RELAY_INTERFACE, "Active", "NormallyOpen",
                                           "NormallyClosed", "LastChangeUsec", "Cycles", NULL);
    return r < 0 ? r : emit_relay_event(relay, relay->last_change_usec);
}

static int relay_set(sd_bus_message *call, void *userdata, sd_bus_error *error) {
    int active, r;

    if ((r = authorize(call, error)) < 0 ||
        (r = sd_bus_message_read(call, "b", &active)) < 0 ||
        (r = read_options(call, error)) < 0 ||
        (r = drive_relay(userdata, active)) < 0) {
        return r;
    }
    return sd_bus_reply_method_return(call, "");
}

static int relay_toggle(sd_bus_message *call, void *userdata, sd_bus_error *error) {
    Relay *relay = userdata;
    int r;

    if ((r = authorize(call, error)) < 0 ||
        (r = read_options(call, error)) < 0 ||
        (r = drive_relay(relay, !relay->active)) < 0) {
        return r;
    }
    return sd_bus_reply_method_return(call, "b", relay->active);
}

// NormallyOpen and NormallyClosed: both follow from Active.
static int relay_get_contact(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error) {
    (void)bus, (void)path, (void)interface, (void)error;
    const Relay *relay = userdata;
    bool closed = strcmp(property, "NormallyOpen") == 0 ? relay->active : !relay->active;

    return sd_bus_message_append(reply, "s", closed ? "closed" : "open");
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CALL SD_BUS_VTABLE_UNPRIVILEGED // authorize() decides, not sd-bus

static const sd_bus_vtable relay_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Number", "u", NULL, offsetof(Relay, number), CONST),
    SD_BUS_PROPERTY("Terminal", "s", NULL, offsetof(Relay, terminal_text), CONST),
    SD_BUS_PROPERTY("Connector", "s", NULL, offsetof(Relay, connector), CONST),
    SD_BUS_PROPERTY("ContactForm", "s", NULL, offsetof(Relay, contact_form), CONST),
    SD_BUS_PROPERTY("Name", "s", NULL, offsetof(Relay, terminal_text), CHANGES),
    SD_BUS_PROPERTY("Active", "b", NULL, offsetof(Relay, active), CHANGES),
    SD_BUS_PROPERTY("NormallyOpen", "s", relay_get_contact, 0, CHANGES),
    SD_BUS_PROPERTY("NormallyClosed", "s", relay_get_contact, 0, CHANGES),
    SD_BUS_PROPERTY("LastChangeUsec", "t", NULL, offsetof(Relay, last_change_usec), CHANGES),
    SD_BUS_PROPERTY("Quality", "s", NULL, offsetof(Relay, quality), CHANGES),
    SD_BUS_PROPERTY("Cycles", "t", NULL, offsetof(Relay, cycles), CHANGES),
    SD_BUS_PROPERTY("Running", "s", NULL, offsetof(Relay, running), CHANGES),
    SD_BUS_PROPERTY("BootPolicy", "s", NULL, offsetof(Relay, boot_policy), CHANGES),
    SD_BUS_PROPERTY("FailurePolicy", "s", NULL, offsetof(Relay, failure_policy), CHANGES),
    SD_BUS_METHOD_WITH_ARGS("Set", SD_BUS_ARGS("b", active, "a{sv}", options), SD_BUS_NO_RESULT, relay_set, CALL),
    SD_BUS_METHOD_WITH_ARGS("Toggle", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("b", active), relay_toggle, CALL),
    SD_BUS_VTABLE_END,
};

// ---- Ports ---------------------------------------------------------------------------------------------------------

static int port_get_directions(sd_bus *bus, const char *path, const char *interface, const char *property,
                               sd_bus_message *reply, void *userdata, sd_bus_error *error) {
    (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;

    return sd_bus_message_append(reply, "as", 2, "input", "output");
}

static int port_get_ranges(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error) {
    (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;

    return sd_bus_message_append(reply, "a(suu)", 4,
                                 "short", 0u, 255u,
                                 "closed", 256u, 1599u,
                                 "open", 1600u, 3327u,
                                 "cut", 3328u, 4095u);
}

static const sd_bus_vtable port_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Number", "u", NULL, offsetof(Port, number), CONST),
    SD_BUS_PROPERTY("Terminal", "s", NULL, offsetof(Port, terminal_text), CONST),
    SD_BUS_PROPERTY("Connector", "s", NULL, offsetof(Port, connector_text), CONST),
    SD_BUS_PROPERTY("Directions", "as", port_get_directions, 0, CONST),
    SD_BUS_PROPERTY("Name", "s", NULL, offsetof(Port, terminal_text), CHANGES),
    SD_BUS_PROPERTY("Usage", "s", NULL, offsetof(Port, usage), CHANGES),
    SD_BUS_PROPERTY("Direction", "s", NULL, offsetof(Port, direction), CHANGES),
    SD_BUS_PROPERTY("NormalState", "s", NULL, offsetof(Port, normal_state), CHANGES),
    SD_BUS_PROPERTY("State", "s", NULL, offsetof(Port, state), CHANGES),
    SD_BUS_PROPERTY("Active", "b", NULL, offsetof(Port, active), CHANGES),
    SD_BUS_PROPERTY("LastChangeUsec", "t", NULL, offsetof(Port, last_change_usec), CHANGES),
    SD_BUS_PROPERTY("Quality", "s", NULL, offsetof(Port, quality), CHANGES),
    SD_BUS_PROPERTY("Counter", "t", NULL, offsetof(Port, counter), CHANGES),
    SD_BUS_PROPERTY("LostEdges", "t", NULL, offsetof(Port, lost_edges), CHANGES),
    SD_BUS_PROPERTY("DebounceMs", "u", NULL, offsetof(Port, debounce_ms), CHANGES),
    SD_BUS_PROPERTY("Supervisable", "b", NULL, offsetof(Port, supervisable), CONST),
    SD_BUS_PROPERTY("Supervision", "s", NULL, offsetof(Port, supervision), CHANGES),
    SD_BUS_PROPERTY("Ranges", "a(suu)", port_get_ranges, 0, CHANGES),
    SD_BUS_PROPERTY("HysteresisLevels", "u", NULL, offsetof(Port, hysteresis_levels), CHANGES),
    SD_BUS_PROPERTY("HoldMs", "u", NULL, offsetof(Port, hold_ms), CHANGES),
    SD_BUS_PROPERTY("SupervisedState", "s", NULL, offsetof(Port, supervised_state), CHANGES),
    SD_BUS_PROPERTY("Tampered", "b", NULL, offsetof(Port, tampered), CHANGES),
    SD_BUS_PROPERTY("Level", "u", NULL, offsetof(Port, level), CHANGES),
    SD_BUS_PROPERTY("Ohms", "d", NULL, offsetof(Port, ohms), CHANGES),
    SD_BUS_PROPERTY("ExpectedOhms", "d", NULL, offsetof(Port, expected_ohms), CHANGES),
    SD_BUS_PROPERTY("BootPolicy", "s", NULL, offsetof(Port, boot_policy), CHANGES),
    SD_BUS_PROPERTY("FailurePolicy", "s", NULL, offsetof(Port, failure_policy), CHANGES),
    SD_BUS_VTABLE_END,
};

static int emit_port_event(const char *topic, const char *token, uint32_t number, const char *item, const char *value,
                           uint64_t timestamp_usec) {
    char text[16];

    snprintf(text, sizeof(text), "%u", number);
    return sd_bus_emit_signal(service.bus, service.root, EVENT_INTERFACE, "Event", "sa{ss}a{ss}tt", topic,
                              1, token, text, 1, item, value, timestamp_usec, ++service.sequence);
}

// Takes an edge of a port's line: a closed circuit is active.
static int take_edge(Port *port, bool closed, uint64_t timestamp_usec) {
    int r;

    if (port->active == closed) {
        return 0;
    }
    port->active = closed;
    port->state = closed ? "closed" : "open";
    port->last_change_usec = timestamp_usec;
    port->counter += closed;
    if ((r = sd_bus_emit_properties_changed(service.bus, port->path, PORT_INTERFACE, "State", "Active",
                                            "LastChangeUsec", "Counter", NULL)) < 0 ||
        (r = emit_port_event("tns1:Device/tnsaxis:IO/Port", "port", port->number, "state", closed ? "1" : "0",
                             timestamp_usec)) < 0) {
        return r;
    }
    return emit_port_event("tns1:Device/Trigger/DigitalInput", "InputToken", port->number, "LogicalState",
                           closed ? "true" : "false", timestamp_usec);
}

// Takes the edges of a port's line that wait.
static void read_edges(Port *port) {
    LinePacket packet;
    size_t count;

    while ((count = line_edges(&port->line, &packet)) > 0) {
        uint64_t boot_usec = now_usec(CLOCK_REALTIME) - now_usec(CLOCK_MONOTONIC);

        for (size_t i = 0; i < count; i++) {
            const LineEdge *edge = &packet.edges[i];

            must("An edge cannot be told", take_edge(port, edge->id == 1, boot_usec + edge->timestamp_ns / 1000));
        }
    }
}

// ---- The root ------------------------------------------------------------------------------------------------------

static const sd_bus_vtable event_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_SIGNAL_WITH_ARGS("Event",
                            SD_BUS_ARGS("s", topic, "a{ss}", source, "a{ss}", data, "t", timestamp_usec, "t", sequence),
                            0),
    SD_BUS_VTABLE_END,
};

// Reads the count of a burst.
static int begin_burst(sd_bus_message *call, uint32_t *count, sd_bus_error *error) {
    if (service.relay_count == 0) {
        return sd_bus_error_set(error, ERROR_NOT_FOUND, "There is no relay1; start the service with a relay.");
    }
    return sd_bus_message_read(call, "u", count);
}

// PropertiesChanged(count): that many changes of relay1 in a row, as fast as sd-bus takes them. What the socket does
// not take waits in the queue of sd-bus, which moves the whole queue for each message: beyond some 20000 signals it is
// that queue that is measured.
static int burst_properties_changed(sd_bus_message *call, void *userdata, sd_bus_error *error) {
    (void)userdata;
    Relay *relay = service.relays;
    uint32_t count;
    int r;

    if ((r = begin_burst(call, &count, error)) < 0) {
        return r;
    }
    for (uint32_t i = 0; i < count; i++) {
        relay->active = !relay->active;
        relay->last_change_usec = now_usec(CLOCK_REALTIME);
        r = sd_bus_emit_properties_changed(service.bus, relay->path, RELAY_INTERFACE, "Active", "LastChangeUsec", NULL);
        if (r < 0) {
            return r;
        }
    }
    return sd_bus_reply_method_return(call, "");
}

// Events(count): that many events of relay1 in a row.
static int burst_events(sd_bus_message *call, void *userdata, sd_bus_error *error) {
    (void)userdata;
    uint32_t count;
    int r;

    if ((r = begin_burst(call, &count, error)) < 0) {
        return r;
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((r = emit_relay_event(service.relays, now_usec(CLOCK_REALTIME))) < 0) {
            return r;
        }
    }
    return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable burst_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("PropertiesChanged", SD_BUS_ARGS("u", count), SD_BUS_NO_RESULT, burst_properties_changed,
                            CALL),
    SD_BUS_METHOD_WITH_ARGS("Events", SD_BUS_ARGS("u", count), SD_BUS_NO_RESULT, burst_events, CALL),
    SD_BUS_VTABLE_END,
};

// ---- Start ---------------------------------------------------------------------------------------------------------

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count > 0 ? count : 1, size);

    if (memory == NULL) {
        fail("There is not enough memory for %zu objects.", count);
    }
    return memory;
}

static void export_ports(uint32_t count, uint64_t now) {
    service.ports = allocate(count, sizeof(Port));
    service.port_count = count;

    for (uint32_t i = 0; i < count; i++) {
        Port *port = &service.ports[i];

        *port = (Port){
            .number = i,
            .usage = "Door",
            .direction = "input",
            .normal_state = "open",
            .state = "open",
            .last_change_usec = now,
            .quality = "good",
            .counter = 1234,
            .debounce_ms = 20,
            .supervisable = true,
            .supervision = "parallel-22k-4k7",
            .hysteresis_levels = 16,
            .hold_ms = 200,
            .supervised_state = "open",
            .level = 2816,
            .ohms = 22044.5,
            .expected_ohms = 22000.0,
            .boot_policy = "normal",
            .failure_policy = "hold",
            .line = {.fd = -1},
        };
        snprintf(port->terminal, sizeof(port->terminal), "I/O %u", i + 1);
        port->terminal_text = port->terminal;
        snprintf(port->connector, sizeof(port->connector), "I/O connector, pin %u", i + 3);
        port->connector_text = port->connector;

        snprintf(port->path, sizeof(port->path), "%s/port/port%u", service.root, i + 1);
        must("A port cannot be exported",
             sd_bus_add_object_vtable(service.bus, NULL, port->path, PORT_INTERFACE, port_vtable, port));
    }
}

static void export_relays(uint32_t count, uint32_t first_number, uint64_t now) {
    service.relays = allocate(count, sizeof(Relay));
    service.relay_count = count;

    for (uint32_t i = 0; i < count; i++) {
        Relay *relay = &service.relays[i];

        *relay = (Relay){
            .number = first_number + i,
            .connector = "Relay connector, pins 2 to 4",
            .contact_form = "form-c",
            .last_change_usec = now,
            .quality = "good",
            .cycles = 1234,
            .running = "idle",
            .boot_policy = "last",
            .failure_policy = "hold",
            .line = {.fd = -1},
        };
        snprintf(relay->terminal, sizeof(relay->terminal), "Relay %u", i + 1);
        relay->terminal_text = relay->terminal;

        snprintf(relay->path, sizeof(relay->path), "%s/relay/relay%u", service.root, i + 1);
        must("A relay cannot be exported",
             sd_bus_add_object_vtable(service.bus, NULL, relay->path, RELAY_INTERFACE, relay_vtable, relay));
    }
}

// Makes /org/axiod/X1 of org.axiod.X1.
static void set_root(const char *name) {
    if (!sd_bus_service_name_is_valid(name)) {
        fail("\"%s\" is not a bus name; give one such as org.axiod.reference1.", name);
    }
    snprintf(service.root, sizeof(service.root), "/%s", name);
    for (char *c = service.root; *c != '\0'; c++) {
        if (*c == '.') {
            *c = '/';
        }
    }
    if (!sd_bus_object_path_is_valid(service.root)) {
        fail("\"%s\" has no object path; a bus name without hyphens has.", name);
    }
}

// Takes the lines of the command line for the ports, and for the relays after them.
static void take_lines(int count, char **names) {
    if ((uint32_t)count > service.port_count + service.relay_count) {
        fail("There are %d lines for %u ports and %u relays.", count, service.port_count, service.relay_count);
    }
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        if (i < service.port_count) {
            Line *line = &service.ports[i].line;

            *line = line_take(names[i], true);
            line_ask(line, LINE_INPUT, 0, "");
        } else {
            Line *line = &service.relays[i - service.port_count].line;

            *line = line_take(names[i], false);
            line_ask(line, LINE_OUTPUT, false, "");
        }
    }
}

// Waits until there is something to do for the bus or a port, and does what the ports have.
static void wait_for_something(void) {
    struct pollfd waiting[MOST_LINES + 1];
    Port *ports[MOST_LINES];
    uint64_t until = UINT64_MAX, now = now_usec(CLOCK_MONOTONIC);
    nfds_t lines = 0;
    int events = sd_bus_get_events(service.bus);

    must("The bus is gone", events);
    must("The bus is gone", sd_bus_get_timeout(service.bus, &until));
    for (uint32_t i = 0; i < service.port_count && service.ports[i].line.fd >= 0; i++) {
        ports[lines] = &service.ports[i];
        waiting[lines++] = (struct pollfd){.fd = service.ports[i].line.fd, .events = POLLIN};
    }
    waiting[lines] = (struct pollfd){.fd = sd_bus_get_fd(service.bus), .events = (short)events};
    int timeout_ms = until == UINT64_MAX ? -1 : until <= now ? 0 : (int)((until - now + 999) / 1000);
    if (poll(waiting, lines + 1, timeout_ms) < 0 && errno != EINTR) {
        fail("Nothing can be waited for: %s.", strerror(errno));
    }
    for (nfds_t i = 0; i < lines; i++) {
        if (waiting[i].revents) {
            read_edges(ports[i]);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 4 + MOST_LINES) {
        fail("usage: service BUS_NAME PORTS RELAYS [LINE...]; at most %d lines", MOST_LINES);
    }
    const char *name = argv[1];
    uint32_t ports = parse_number("PORTS", argv[2], 0, MOST_OBJECTS);
    uint32_t relays = parse_number("RELAYS", argv[3], 0, MOST_OBJECTS);
    uint64_t now = now_usec(CLOCK_REALTIME);

    set_root(name);
    must("The bus cannot be reached", sd_bus_open_system(&service.bus));
    must("The ObjectManager cannot be exported", sd_bus_add_object_manager(service.bus, NULL, service.root));
    must("The events cannot be exported",
         sd_bus_add_object_vtable(service.bus, NULL, service.root, EVENT_INTERFACE, event_vtable, NULL));
    must("The bursts cannot be exported",
         sd_bus_add_object_vtable(service.bus, NULL, service.root, BURST_INTERFACE, burst_vtable, NULL));
    export_ports(ports, now);
    export_relays(relays, ports, now);
    take_lines(argc - 4, argv + 4);
    must("The bus name cannot be had", sd_bus_request_name(service.bus, name, 0));

    puts("ready");
    fflush(stdout);

    for (;;) {
        int r = sd_bus_process(service.bus, NULL);
        must("The bus is gone", r);
        if (r == 0) {
            wait_for_something();
        }
    }
}
