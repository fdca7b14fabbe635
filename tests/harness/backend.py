"""The service behind the gateway: a plain HTTP/1.1 server of ours in a thread, or a plain echo."""

import asyncio
import contextlib
import threading


class Backend:
    """Listens on a port of 127.0.0.1 that the kernel chose, or on the one that is named. A request is answered with `greeting`; `kind="echo"` sends back
    whatever comes. Counts connections and keeps the first octets, so that tests can say what reached it, or that nothing did."""

    KEPT = 1 << 20

    def __init__(self, kind="http", greeting="hello from the backend", port=0):
        self.kind, self.greeting, self.port = kind, greeting, port
        self.connections = 0
        self.received = b""
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise TimeoutError("the backend does not start")

    def _serve(self, started):
        asyncio.set_event_loop(self._loop)
        handler = self._http if self.kind == "http" else self._echo
        server = self._loop.run_until_complete(asyncio.start_server(handler, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _keep(self, octets):
        if len(self.received) < self.KEPT:
            self.received += octets

    async def _http(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                self._keep(head)
                body = self.greeting.encode() + b"\n"
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n\r\n" % len(body) + body
                )
                await writer.drain()
                if b"connection: close" in head.lower():
                    break
        writer.close()

    async def _echo(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self._keep(data)
                writer.write(data)
                await writer.drain()
            writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
