import { variableOf } from './settings-reader.js';

/** Names of settings whose values no line shows. Whatever sounds like one is hidden, so that a new one is, too. */
const SECRET = /token$|secret|password|key$|username$|proxy$/i;
/** Characters of a value that are shown. */
const SHOWN_MAX = 200;

/**
 * The settings that differ from their defaults, by the names of their variables. Secrets are `[set]`; URLs are without user,
 * password and query.
 *
 * @param settings an object whose class has the defaults
 */
export function settingsSummary(settings: object): Record<string, unknown> {
  const defaults = new (settings.constructor as new () => Record<string, unknown>)();
  const differing = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name]),
  );
  return Object.fromEntries(
    differing.map(([name, value]) => [variableOf(name), SECRET.test(name) ? '[set]' : shown(value)]),
  );
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(shown);
  }
  if (typeof value !== 'string') {
    return value;
  }
  const urls = value.split(',').map((part) => (part.includes('://') ? withoutAccess(part.trim()) : part));
  return urls.join(',').slice(0, SHOWN_MAX);
}

function withoutAccess(url: string): string {
  // Patterns of origins, such as `https://*.example.com`, are no URLs.
  return url.replace(/^([a-z+.-]+:\/\/)[^/]*@/i, '$1').replace(/[?#].*$/, '');
}
