"""A small HTTP/1.1 server for few processors and many slow clients. It knows nothing of what it serves.

Use: give a `Listener` an `Application`, an object that turns a `Request` into an `Answer`, and call `serve_forever`.

    listener = Listener(("::", 8080), app, ConnectionLimits())
    listener.serve_forever()

Threads
-------
The pattern is leader/followers over epoll(7), without followers that stand by. All connections that wait for a request,
and the listening socket, are in one epoll set, the `ConnectionPool`. One thread, the leader, waits for it, and serves
each readable connection itself: it reads the request, has it answered, and sends the answer. Waking another thread for
each request would cost as much as the answer does.

The leader must never block. Before anything that may (the client does not take its answer at once, a stream begins, a
handler reads a disk or asks another process) it *hands off*: another thread becomes the leader, and it continues with
that one connection as a worker. When the answer has been sent, the connection returns to the pool. The transport hands
off before it waits for a client; the application calls `Request.hand_off` before a handler that may block.

A connection over TLS has a thread of its own from the handshake to its end: OpenSSL buffers input that epoll does not
see.

An answer is sent with as few system calls as possible: small bodies together with the head (sendmsg(2)), large ones and
files without a copy (sendfile(2)). An answer may also be a stream, which keeps its thread, or a `PushBody`, to which
other threads write and which needs no thread while nothing is written.

Clients ask for the same thing with the same bytes all day. An answer with a `CachePermission` is kept under
the exact bytes of the request's head, and sent again, with a new Date and age, as long as the application would give
the same one.

Clients that misbehave
----------------------
- Each read and each write has a time-out. Progress is measured by acknowledged bytes, so that a slow client is served
  and one that stalls is dropped.
- Connections are limited, in total and per address. At a limit, a new connection replaces one that is idle, or is
  answered with 503.
- Request heads are parsed strictly: whatever two programs could read in two ways is refused.
- Memory for request bodies is limited per address and in total.

Reading order
-------------
listener       accepts connections
connection_pool the epoll set and its leader
connection     one connection: requests in, answers out
request_reader reads heads and bodies within their time and size limits
parser         bytes of a head to its parts, a pure function
messages       Request, Answer, Refused: what an application works with
response_cache answers that are sent again without being made again
transport      sends and receives with time-outs, plain or over TLS; bodies has what it sends without a copy
limits         slots for connections, memory for bodies
ranges         byte ranges of an answer
tls            the TLS context, reloaded when the certificate's files change; certificates makes and renews them
"""
