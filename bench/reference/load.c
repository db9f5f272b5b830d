// SPDX-License-Identifier: Apache-2.0
// The load generator of the benchmark: one measurement of one service, as one line of JSON.
//
//     load BUS_NAME set PATH N                  N calls of Relay.Set(true, {}), one after the other
//     load BUS_NAME toggle PATH N               N calls of Relay.Toggle({}), one after the other
//     load BUS_NAME get PATH N                  N calls of Properties.Get(Active), one after the other
//     load BUS_NAME pipeline PATH N WINDOW      N calls of Relay.Set(true, {}), WINDOW of them under way at any time
//     load BUS_NAME managed ROOT N              N calls of GetManagedObjects, one after the other
//     load BUS_NAME burst ROOT COUNT            COUNT PropertiesChanged from one call of Burst.PropertiesChanged
//     load BUS_NAME events ROOT COUNT           COUNT Events from one call of Burst.Events
//
// PATH is that of a relay, ROOT that of the ObjectManager. The bus is the one in $DBUS_SYSTEM_BUS_ADDRESS.
//
// Every test first makes one call (or a burst of one signal) that is not measured. So neither the look-up of the
// caller's user nor the one change of state that the first Set may make is in the figures.
//
// "cpu" is what the whole service process spent on processors, all its threads, for each call or signal. Times are
// those of this client: from handing the call to sd-bus to having the reply.
//
// Any D-Bus error ends the program with status 1 and a sentence on stderr; so does a service that is silent for 10 s.

#include "common.h"

#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define RELAY_INTERFACE "org.axiod.relays1.Relay"
#define EVENT_INTERFACE "org.axiod.EventSource1"
#define BURST_INTERFACE "org.axiod.bench1.Burst"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define DAEMON_NAME "org.freedesktop.DBus"
#define DAEMON_PATH "/org/freedesktop/DBus"

#define SILENCE_USEC (10 * UINT64_C(1000000))
#define SETTLE_NSEC 50000000 // how long the service may still work after its last reply, before its CPU time is read
#define MOST_CALLS 10000000

static sd_bus *bus;
static const char *service_name;
static char owner[64]; // the unique name behind service_name when the program started
static pid_t service_pid;

static void must(const char *what, int result) {
    if (result < 0) {
        fail("%s: %s.", what, strerror(-result));
    }
}

// ---- Time ----------------------------------------------------------------------------------------------------------

static uint64_t now_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

// The CPU time of the service in ns, its ended threads included, once it had time to finish what it does after a reply.
static uint64_t read_service_cpu(void) {
    const struct timespec settle = {.tv_nsec = SETTLE_NSEC};
    clockid_t clock;

    nanosleep(&settle, NULL);
    int error = clock_getcpuclockid(service_pid, &clock);
    if (error != 0) {
        fail("The CPU time of process %d cannot be read: %s.", (int)service_pid, strerror(error));
    }
    return read_clock(clock);
}

static int compare_times(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

// The time that so many per cent of the calls did not exceed (nearest rank). The times must be sorted.
static uint64_t percentile(const uint64_t *sorted, uint32_t count, uint32_t percent) {
    uint64_t rank = ((uint64_t)count * percent + 99) / 100;

    return sorted[rank > 0 ? rank - 1 : 0];
}

// ---- Calls ---------------------------------------------------------------------------------------------------------

static sd_bus_message *new_call(const char *destination, const char *path, const char *interface, const char *method) {
    sd_bus_message *call = NULL;

    must("A call cannot be made", sd_bus_message_new_method_call(bus, &call, destination, path, interface, method));
    return call;
}

// Sends a call, which it takes, and waits for the reply, which is the caller's to release.
static sd_bus_message *send_call(sd_bus_message *call) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;

    int r = sd_bus_call(bus, call, 0, &error, &reply);
    if (r < 0) {
        fail("%s on %s failed: %s: %s", sd_bus_message_get_member(call), sd_bus_message_get_path(call),
             error.name ? error.name : "error", error.message ? error.message : strerror(-r));
    }
    sd_bus_message_unref(call);
    return reply;
}

static sd_bus_message *new_set(const char *path) {
    sd_bus_message *call = new_call(owner, path, RELAY_INTERFACE, "Set");

    must("A call cannot be made", sd_bus_message_append(call, "ba{sv}", true, 0));
    return call;
}

static sd_bus_message *new_toggle(const char *path) {
    sd_bus_message *call = new_call(owner, path, RELAY_INTERFACE, "Toggle");

    must("A call cannot be made", sd_bus_message_append(call, "a{sv}", 0));
    return call;
}

static sd_bus_message *new_get(const char *path) {
    sd_bus_message *call = new_call(owner, path, PROPERTIES_INTERFACE, "Get");

    must("A call cannot be made", sd_bus_message_append(call, "ss", RELAY_INTERFACE, "Active"));
    return call;
}

static sd_bus_message *new_managed(const char *path) {
    return new_call(owner, path, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
}

// Calls a method of the bus daemon with the name of the service.
static sd_bus_message *ask_daemon(const char *method, const char *name) {
    sd_bus_message *call = new_call(DAEMON_NAME, DAEMON_PATH, DAEMON_NAME, method);

    must("A call cannot be made", sd_bus_message_append(call, "s", name));
    return send_call(call);
}

static void find_service(void) {
    const char *name;
    uint32_t pid;

    sd_bus_message *reply = ask_daemon("GetNameOwner", service_name);
    must("The owner of the name cannot be read", sd_bus_message_read(reply, "s", &name));
    snprintf(owner, sizeof(owner), "%s", name);
    sd_bus_message_unref(reply);

    reply = ask_daemon("GetConnectionUnixProcessID", owner);
    must("The process of the service cannot be read", sd_bus_message_read(reply, "u", &pid));
    service_pid = (pid_t)pid;
    sd_bus_message_unref(reply);
}

// Makes sure that the service is still the same connection, and answers.
static void check_service(void) {
    const char *name;

    sd_bus_message *reply = ask_daemon("GetNameOwner", service_name);
    must("The owner of the name cannot be read", sd_bus_message_read(reply, "s", &name));
    if (strcmp(name, owner) != 0) {
        fail("%s lost its connection: it was %s and is %s.", service_name, owner, name);
    }
    sd_bus_message_unref(reply);
    sd_bus_message_unref(send_call(new_call(owner, "/", "org.freedesktop.DBus.Peer", "Ping")));
}

// Handles what the bus sent, or waits for it. False when nothing came for 10 s.
static bool pump(void) {
    int r = sd_bus_process(bus, NULL);

    if (r == 0) {
        r = sd_bus_wait(bus, SILENCE_USEC);
        if (r == 0) {
            return false;
        }
        r = r == -EINTR ? 0 : r;
    }
    must("The bus is gone", r);
    return true;
}

// ---- One call after the other --------------------------------------------------------------------------------------

typedef struct Figures {
    uint64_t p50_ns;
    uint64_t p99_ns;
    double cpu_ns; // of each call
} Figures;

static Figures measure_sequence(sd_bus_message *(*new_message)(const char *path), const char *path, uint32_t count) {
    uint64_t *times = calloc(count, sizeof(*times));
    if (times == NULL) {
        fail("There is not enough memory for the times of %u calls.", count);
    }

    uint64_t cpu_before = read_service_cpu();
    for (uint32_t i = 0; i < count; i++) {
        sd_bus_message *call = new_message(path);
        uint64_t begin = now_ns();
        sd_bus_message *reply = send_call(call);
        times[i] = now_ns() - begin;
        sd_bus_message_unref(reply);
    }
    uint64_t cpu = read_service_cpu() - cpu_before;

    qsort(times, count, sizeof(*times), compare_times);
    Figures figures = {
        .p50_ns = percentile(times, count, 50),
        .p99_ns = percentile(times, count, 99),
        .cpu_ns = (double)cpu / count,
    };
    free(times);
    return figures;
}

static void test_sequence(const char *test, sd_bus_message *(*new_message)(const char *path), const char *path,
                          uint32_t count) {
    sd_bus_message_unref(send_call(new_message(path)));
    Figures figures = measure_sequence(new_message, path, count);

    printf("{\"test\": \"%s\", \"n\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f, \"cpu_us\": %.2f}\n", test, count,
           figures.p50_ns / 1e3, figures.p99_ns / 1e3, figures.cpu_ns / 1e3);
}

// Counts what is in a reply to GetManagedObjects, so that two services can be seen to have answered the same.
static void count_objects(sd_bus_message *reply, uint32_t *objects, uint32_t *properties) {
    const char *wrong = "The reply to GetManagedObjects cannot be read";
    int more;

    *objects = *properties = 0;
    must(wrong, sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"));
    while ((more = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
        ++*objects;
        must(wrong, sd_bus_message_skip(reply, "o"));
        must(wrong, sd_bus_message_enter_container(reply, 'a', "{sa{sv}}"));
        while ((more = sd_bus_message_enter_container(reply, 'e', "sa{sv}")) > 0) {
            must(wrong, sd_bus_message_skip(reply, "s"));
            must(wrong, sd_bus_message_enter_container(reply, 'a', "{sv}"));
            while ((more = sd_bus_message_at_end(reply, false)) == 0) {
                must(wrong, sd_bus_message_skip(reply, "{sv}"));
                ++*properties;
            }
            must(wrong, more);
            must(wrong, sd_bus_message_exit_container(reply));
            must(wrong, sd_bus_message_exit_container(reply));
        }
        must(wrong, more);
        must(wrong, sd_bus_message_exit_container(reply));
        must(wrong, sd_bus_message_exit_container(reply));
    }
    must(wrong, more);
}

static void test_managed(const char *path, uint32_t count) {
    uint32_t objects, properties;

    sd_bus_message *reply = send_call(new_managed(path));
    count_objects(reply, &objects, &properties);
    sd_bus_message_unref(reply);
    Figures figures = measure_sequence(new_managed, path, count);

    printf("{\"test\": \"managed\", \"n\": %u, \"objects\": %u, \"properties\": %u, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_ms\": %.3f}\n",
           count, objects, properties, figures.p50_ns / 1e6, figures.p99_ns / 1e6, figures.cpu_ns / 1e6);
}

// ---- Many calls at once --------------------------------------------------------------------------------------------

static uint32_t replies; // to the asynchronous calls so far

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *unused) {
    (void)userdata, (void)unused;

    if (sd_bus_message_is_method_error(reply, NULL)) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        fail("A call failed: %s: %s", error->name, error->message ? error->message : "");
    }
    replies++;
    return 1;
}

static void send_async(sd_bus_message *call) {
    must("A call cannot be sent", sd_bus_call_async(bus, NULL, call, on_reply, NULL, 0));
    sd_bus_message_unref(call);
}

static void test_pipeline(const char *path, uint32_t count, uint32_t window) {
    sd_bus_message_unref(send_call(new_set(path)));

    uint64_t cpu_before = read_service_cpu();
    uint64_t begin = now_ns();
    uint32_t sent = 0;
    while (replies < count) {
        while (sent < count && sent - replies < window) {
            send_async(new_set(path));
            sent++;
        }
        if (!pump()) {
            fail("%s was silent for 10 s: %u of %u calls were answered.", service_name, replies, count);
        }
    }
    uint64_t took = now_ns() - begin;
    uint64_t cpu = read_service_cpu() - cpu_before;

    printf("{\"test\": \"pipeline\", \"n\": %u, \"window\": %u, \"calls_per_s\": %.0f, \"cpu_us\": %.2f}\n",
           count, window, count / (took / 1e9), cpu / 1e3 / count);
}

// ---- Bursts of signals ---------------------------------------------------------------------------------------------

static uint32_t signals; // that arrived since the burst began

static int on_signal(sd_bus_message *signal, void *userdata, sd_bus_error *error) {
    (void)signal, (void)userdata, (void)error;

    signals++;
    return 0;
}

// Asks for a burst, and waits for its signals and the reply, whichever comes last.
static void run_burst(const char *root, const char *method, uint32_t count) {
    sd_bus_message *call = new_call(owner, root, BURST_INTERFACE, method);

    must("A call cannot be made", sd_bus_message_append(call, "u", count));
    signals = replies = 0;
    send_async(call);
    while (signals < count || replies < 1) {
        if (!pump()) {
            fail("%s was silent for 10 s: %u of %u signals arrived, and %s reply.", service_name, signals, count,
                 replies > 0 ? "the" : "no");
        }
    }
}

static void test_burst(const char *test, const char *method, const char *rule, const char *root, uint32_t count) {
    char match[512];

    snprintf(match, sizeof(match), "type='signal',sender='%s',path_namespace='%s',%s", owner, root, rule);
    must("The signals cannot be had", sd_bus_add_match(bus, NULL, match, on_signal, NULL));

    run_burst(root, method, 1);
    uint64_t cpu_before = read_service_cpu();
    uint64_t begin = now_ns();
    run_burst(root, method, count);
    uint64_t took = now_ns() - begin;
    uint64_t cpu = read_service_cpu() - cpu_before;
    check_service();

    printf("{\"test\": \"%s\", \"count\": %u, \"ms\": %.2f, \"cpu_us\": %.2f, \"connected\": true}\n", test, count,
           took / 1e6, cpu / 1e3 / count);
}

// ---- The command line ----------------------------------------------------------------------------------------------

int main(int argc, char **argv) {
    const char *test = argc > 2 ? argv[2] : "";
    bool pipeline = strcmp(test, "pipeline") == 0;

    if (argc != (pipeline ? 6 : 5)) {
        fail("usage: load BUS_NAME set|toggle|get RELAY_PATH N\n"
             "       load BUS_NAME pipeline RELAY_PATH N WINDOW\n"
             "       load BUS_NAME managed ROOT_PATH N\n"
             "       load BUS_NAME burst|events ROOT_PATH COUNT");
    }
    service_name = argv[1];
    const char *path = argv[3];
    uint32_t count = parse_number("The count", argv[4], 1, MOST_CALLS);

    must("The bus cannot be reached", sd_bus_open_system(&bus));
    must("The time-out cannot be set", sd_bus_set_method_call_timeout(bus, SILENCE_USEC));
    if (!sd_bus_object_path_is_valid(path)) {
        fail("\"%s\" is not an object path.", path);
    }
    find_service();

    if (strcmp(test, "set") == 0) {
        test_sequence(test, new_set, path, count);
    } else if (strcmp(test, "toggle") == 0) {
        test_sequence(test, new_toggle, path, count);
    } else if (strcmp(test, "get") == 0) {
        test_sequence(test, new_get, path, count);
    } else if (pipeline) {
        test_pipeline(path, count, parse_number("The window", argv[5], 1, MOST_CALLS));
    } else if (strcmp(test, "managed") == 0) {
        test_managed(path, count);
    } else if (strcmp(test, "burst") == 0) {
        test_burst(test, "PropertiesChanged",
                   "interface='" PROPERTIES_INTERFACE "',member='PropertiesChanged',arg0='" RELAY_INTERFACE "'", path,
                   count);
    } else if (strcmp(test, "events") == 0) {
        test_burst(test, "Events", "interface='" EVENT_INTERFACE "',member='Event'", path, count);
    } else {
        fail("There is no test \"%s\"; the tests are set, toggle, get, pipeline, managed, burst and events.", test);
    }

    sd_bus_flush_close_unref(bus);
    return 0;
}
