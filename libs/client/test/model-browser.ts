type Request = { readonly held: () => Promise<void> | void; readonly signal: AbortSignal | undefined };

/** Web Locks, which Node has not before version 24: each lock has one holder, and the next one in line gets it. */
class ModelLocks {
  private readonly lines = new Map<string, Request[]>();

  async request(
    name: string,
    { signal }: { readonly signal?: AbortSignal },
    held: () => Promise<void> | void,
  ): Promise<void> {
    const line = this.lines.get(name) ?? [];
    this.lines.set(name, line);
    const request = { held, signal };
    line.push(request);
    if (line[0] === request) await this.hold(line);
  }

  private async hold(line: Request[]): Promise<void> {
    for (let first = line[0]; first; first = line[0]) {
      if (!first.signal?.aborted) await first.held();
      line.shift();
    }
  }
}

/** What tabs need of a browser and Node has not. @returns how to take it away again */
export function modelBrowser(): () => void {
  const page = new EventTarget();
  const given = {
    ...{ addEventListener: page.addEventListener.bind(page), dispatchEvent: page.dispatchEvent.bind(page) },
    document: new EventTarget(),
    navigator: { locks: new ModelLocks() },
  };
  const before = Object.keys(given).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
}
