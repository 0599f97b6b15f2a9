/** Bytes that may be read and thrown away at once, and in each second after that, of all refused clients together. */
const AT_ONCE = 8_388_608;
const PER_S = 1_048_576;

let left = AT_ONCE;
let at = 0;

/**
 * Whether so many bytes of a refused client may be read and thrown away. A client that is still sending hears its answer only
 * if somebody reads what it sends. But Node gives each piece of up to 64 kB a buffer of its own, which stays until the next
 * garbage collection.
 *
 * @param now milliseconds of a clock that only grows
 */
export function mayReadOn(bytes: number, now: number = performance.now()): boolean {
  left = Math.min(AT_ONCE, left + ((now - at) / 1000) * PER_S);
  at = now;
  if (left < bytes) {
    return false;
  }
  left -= bytes;
  return true;
}
