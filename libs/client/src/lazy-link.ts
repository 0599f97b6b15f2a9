import type { Link, TransportListener } from './transport.js';

/** A connection whose transport is being loaded: what is asked of it meanwhile is done afterwards, in the same order. */
export function lazyLink(loading: Promise<Link>, listener: TransportListener): Link {
  loading.catch((error: unknown) => listener.ended(`the transport cannot be loaded: ${String(error)}`));
  const later = (ask: (link: Link) => void) => void loading.then(ask, () => undefined);
  return {
    close: () => later((link) => link.close()),
    join: (request) => later((link) => link.join?.(request)),
    leave: (caseIds) => later((link) => link.leave?.(caseIds)),
    authenticate: (token) => later((link) => link.authenticate?.(token)),
  };
}
