/* SPDX-License-Identifier: Apache-2.0 */
/* A Modbus RTU or TCP server made with libmodbus, as an independent peer of the fieldbus service.
   rtu DEVICE BAUD UNIT | tcp PORT
   Holding register n has the value n + 1000, input register n the value n + 2000; writes count. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_mapping_t *map = modbus_mapping_new(100, 100, 100, 100);
    int tcp = argc > 1 && !strcmp(argv[1], "tcp");
    modbus_t *ctx;
    int server = -1;

    if (argc < (tcp ? 3 : 5) || !map)
        return 2;
    ctx = tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
    for (int n = 0; n < 100; n++) {
        map->tab_registers[n] = n + 1000;
        map->tab_input_registers[n] = n + 2000;
    }
    if (tcp)
        server = modbus_tcp_listen(ctx, 4);
    else
        modbus_set_slave(ctx, atoi(argv[4]));
    if (tcp ? server < 0 : modbus_connect(ctx) < 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    do {
        if (tcp && modbus_tcp_accept(ctx, &server) < 0)
            return 1;
        for (;;) {
            int size = modbus_receive(ctx, query);
            if (size > 0)
                modbus_reply(ctx, query, size, map);
            else if (size < 0 && tcp)
                break;
        }
    } while (tcp);
    return 0;
}
