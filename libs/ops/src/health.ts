/** Tells whether something that the program needs is well: by false, or by throwing, that it is not. */
export type Probe = () => boolean | Promise<boolean>;

export interface Readiness {
  readonly status: 'ok' | 'not ready';
  /** By name of the probe. No error texts: the endpoint is open to everybody who reaches the port. */
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'draining'>>;
}

/** A probe that takes longer (ms) is failing. Load balancers commonly wait one to five seconds. */
const PROBE_TIMEOUT_MS = 1000;

/** Whether a program lives, and whether it wants work. */
export class HealthState {
  private readonly probes = new Map<string, Probe>();
  private draining = false;

  /** Adds what readiness depends on. Not ready: no work is sent here; the process is not restarted for it. */
  require(name: string, probe: Probe): void {
    this.probes.set(name, probe);
  }

  /** Not ready from now on, whatever the probes say. */
  drain(): void {
    this.draining = true;
  }

  /** An answer at all means that the event loop turns. What a restart would not mend belongs into readiness. */
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  async ready(): Promise<Readiness> {
    const checks = await Promise.all(
      [...this.probes].map(async ([name, probe]) => [name, (await passes(probe)) ? 'ok' : 'failing'] as const),
    );
    const ok = !this.draining && checks.every(([, state]) => state === 'ok');
    return {
      status: ok ? 'ok' : 'not ready',
      checks: { ...Object.fromEntries(checks), ...(this.draining ? { program: 'draining' } : {}) },
    };
  }
}

async function passes(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
