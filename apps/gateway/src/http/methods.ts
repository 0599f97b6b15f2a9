import { METHODS } from 'node:http';

/**
 * Methods by which an event stream is asked for with a JSON body. `QUERY` (RFC 10008) is a GET with a body. Node reads it
 * since 20.19.2 and 22.2; an older one refuses it as malformed.
 */
export const BODY_METHODS: readonly string[] = ['POST', 'QUERY'].filter((method) => METHODS.includes(method));
