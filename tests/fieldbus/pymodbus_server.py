# SPDX-License-Identifier: Apache-2.0
"""A Modbus server made with pymodbus, as an independent peer: rtu DEVICE BAUD | tcp PORT | rtu-over-tcp PORT.

Units 1 to 3; holding register n of unit u has the value 100 * u + n.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

from pymodbus import FramerType  # noqa: E402 # after the filter
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext  # noqa: E402 # after the filter
from pymodbus.server import ModbusSerialServer, ModbusTcpServer  # noqa: E402 # after the filter


async def main(kind: str, where: str, baud: str = "9600") -> None:
    """Serve until the process ends."""
    block: Any = ModbusSequentialDataBlock
    units: Any = {unit: ModbusDeviceContext(hr=block(1, [100 * unit + n for n in range(50)])) for unit in (1, 2, 3)}
    context = ModbusServerContext(devices=units, single=False)
    server: Any
    if kind == "rtu":
        server = ModbusSerialServer(context, framer=FramerType.RTU, port=where, baudrate=int(baud))
    else:
        framer = FramerType.SOCKET if kind == "tcp" else FramerType.RTU
        server = ModbusTcpServer(context, framer=framer, address=("127.0.0.1", int(where)))
    await server.serve_forever(background=True)
    print("ready", flush=True)  # for whoever started it
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
