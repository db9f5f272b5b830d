# SPDX-License-Identifier: Apache-2.0
"""POP authentication: some mail servers take e-mail from whoever has just looked for new e-mail.

Over TLS where the e-mail is: with STLS, and on port 995 from the first byte.
"""

from __future__ import annotations

import poplib
from typing import TYPE_CHECKING, Any

from axiod.events.sending.blocking import Bounded
from axiod.events.sending.failure import SendFailed, place, shown, unreachable

if TYPE_CHECKING:
    import socket
    import ssl

    from axiod.events.sending.blocking import Cutter
    from axiod.events.sending.job import Job

_TLS_PORT = 995


class _Pop(poplib.POP3):
    def __init__(self, job: Job, tls: ssl.SSLContext | None, cutter: Cutter) -> None:
        self._job, self._cutter = job, cutter
        self._tls = tls if job.recipient.number("PopPort") == _TLS_PORT else None
        host, port = job.recipient.text("PopHost"), job.recipient.number("PopPort")
        try:
            super().__init__(host, port, timeout=job.patience.silence)
        except BaseException:
            if hasattr(self, "file"):
                self.close()
            raise
        self.file: Any = Bounded(self.file)

    def _create_socket(self, timeout: float) -> socket.socket:  # noqa: ARG002 # Patience says how long
        host, port = self._job.recipient.text("PopHost"), self._job.recipient.number("PopPort")
        made = self._cutter.connect(host, port, self._job.patience)
        if self._tls is None:
            return made
        try:
            return self._tls.wrap_socket(made, server_hostname=host)
        except OSError:
            made.close()
            raise


def log_in(job: Job, tls: ssl.SSLContext | None, cutter: Cutter) -> None:
    """Log in and out; raises SendFailed. Called in a thread."""
    host, port = job.recipient.text("PopHost"), job.recipient.number("PopPort")
    where = place(host, port)
    pop = None
    step = "greeting"
    try:
        pop = _Pop(job, tls, cutter)
        if tls is not None and port != _TLS_PORT:
            step = "STLS"
            pop.stls(tls)
        step = "login"
        pop.user(job.recipient.text("PopUsername"))
        pop.pass_(job.secret("PopPassword"))
        pop.quit()
    except poplib.error_proto as error:
        said = shown(error.args[0] if error.args else error)
        if step == "STLS":
            text = f"the POP server {where} offers no STLS ({said}); set PopPort to 995, or Encryption to none"
        elif step == "login":
            text = f"the POP server {where}: login refused ({said}); look at PopUsername and PopPassword"
        else:
            text = f"{where} is no POP server: {said}"
        raise SendFailed(text, final=step != "greeting", begun=False) from error
    except (OSError, UnicodeError) as error:
        raise unreachable(error, host, port) or SendFailed(f"{where}: {shown(error)}", begun=False) from error
    finally:
        if pop is not None:
            pop.close()
