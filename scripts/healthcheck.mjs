/**
 * Of the container: exits with 0 if the program on `PORT` (3000 unless set) is alive, and with 1 otherwise. A program that
 * waits for Redis is alive and not ready, and a restart would not help it.
 */
const url = `http://127.0.0.1:${process.env.PORT || 3000}/health/live`;
const answer = await fetch(url, { signal: AbortSignal.timeout(2500) }).catch(({ message }) => ({ ok: false, message }));
if (!answer.ok) console.error(`${url}: ${answer.message ?? answer.status}`);
process.exit(answer.ok ? 0 : 1);
