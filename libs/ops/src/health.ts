/** Whether something that the program needs works. False, or an exception, means that it does not. */
export type Probe = () => boolean | Promise<boolean>;

export interface Readiness {
  readonly status: 'ok' | 'not ready';
  /** By name of the probe. Without error texts, because the endpoint needs no authentication. */
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'draining'>>;
}

/** A probe that takes longer counts as failed, ms. Load balancers usually wait one to five seconds. */
const PROBE_TIMEOUT_MS = 1000;

/** Liveness and readiness of one program. */
export class HealthState {
  private readonly probes = new Map<string, Probe>();
  private draining = false;

  /** Adds a condition of readiness. A program that is not ready gets no work, but it is not restarted. */
  require(name: string, probe: Probe): void {
    this.probes.set(name, probe);
  }

  /** The program is not ready from now on, whatever the probes say. */
  drain(): void {
    this.draining = true;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** Any answer means that the event loop runs. A condition that a restart does not mend belongs to readiness. */
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
