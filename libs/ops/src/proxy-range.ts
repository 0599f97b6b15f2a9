import { compile } from 'proxy-addr';

/**
 * Whether `proxy-addr` accepts a text: an IP address, a network, or a name for some networks. A number alone is refused:
 * `proxy-addr` reads `1` as the address 0.0.0.1, but other programs mean a number of hops by it.
 */
export function isProxyRange(text: string): boolean {
  try {
    compile(text);
    return !/^\d+$/.test(text);
  } catch {
    return false;
  }
}
