import { compile } from 'proxy-addr';

/**
 * Whether a text names proxies as `proxy-addr` takes them: an address, a network, or a name for some networks. It would
 * also take `1` for the address 0.0.0.1, where other programs mean a number of hops.
 */
export function isProxyRange(text: string): boolean {
  try {
    compile(text);
    return !/^\d+$/.test(text);
  } catch {
    return false;
  }
}
