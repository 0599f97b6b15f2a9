/*
 * An HTTP server with an accept queue of two. After it has sent its port, it blocks for a while. When the queue is full, the
 * kernel drops the first SYN of a connection and answers the second one, which comes a second later. So a connection takes
 * as long as over a slow or lossy network.
 */
const { createServer } = require('node:http');

/** Shorter than the second after which a SYN is repeated. */
const STANDS_STILL_MS = 800;

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"last_message_time_id":"1"}');
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write(`${server.address().port}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDS_STILL_MS);
});
