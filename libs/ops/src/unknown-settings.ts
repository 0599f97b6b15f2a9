import leven from 'leven';
import { GatewaySettings } from './gateway.settings.js';
import { variableOf } from './settings-reader.js';
import { WorkerSettings } from './worker.settings.js';

/** A variable of the environment that looks like a setting and is none, and the setting whose name is nearest. */
export interface UnknownSetting {
  readonly name: string;
  readonly nearest: string;
}

/** Names that begin like this are meant for Pollcast, or for what it talks to. */
const OURS =
  /^(?:WORKER|GATEWAY|UPSTREAM|IAM|POLL|REDIS|AUTH|HISTORY|SUBSCRIPTION|SSE|SLOW_CONSUMER|DRAIN|ADMIN|POLLCAST)_/;
/** What Kubernetes sets for a service of that name: `GATEWAY_SERVICE_HOST`, `REDIS_PORT_6379_TCP_ADDR`. */
const OF_A_SERVICE = /_SERVICE_(?:HOST|PORT)|_PORT(?:$|_\d+_)/;
/** Shorter names are no settings' alone: `HOME` is near to `HOST`. */
const NAME = /^[A-Z][A-Z0-9_]{7,63}$/;
/** Letters by which a name may differ from a setting's to look like a misspelling of it. */
const MISSPELT = 2;

/** Variables that look like settings of any program, and that no program reads: misspelt, or of another release. */
export function unknownSettings(env: NodeJS.ProcessEnv = process.env): UnknownSetting[] {
  const known = [...new Set([GatewaySettings, WorkerSettings].flatMap((Shape) => Object.keys(new Shape())))].map(
    variableOf,
  );
  const isKnown = new Set(known);
  return Object.keys(env)
    .filter((name) => NAME.test(name) && !isKnown.has(name) && !OF_A_SERVICE.test(name))
    .map((name) => ({ name, ...nearestOf(name, known) }))
    .filter(({ name, distance }) => distance <= MISSPELT || OURS.test(name))
    .map(({ name, nearest }) => ({ name, nearest }));
}

/** The nearest of the settings: of all for a name that is ours, and otherwise of those that it may be a misspelling of. */
function nearestOf(name: string, known: readonly string[]): { nearest: string; distance: number } {
  const near = (other: string) => Math.abs(other.length - name.length) <= MISSPELT;
  const ranked = (OURS.test(name) ? known : known.filter(near)).map((nearest) => ({
    nearest,
    distance: leven(name, nearest),
  }));
  return ranked.reduce((best, each) => (each.distance < best.distance ? each : best), { nearest: '', distance: 99 });
}
