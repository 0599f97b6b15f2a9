/** What a visitor may do at the other side. It exists where `npm start` runs, and nowhere else. */
export class DemoApi {
  constructor(private readonly token: string) {}

  post(message: { case_id: string; content: string; role: string; count?: number }): Promise<boolean> {
    return this.send('messages', message);
  }

  setStatus(caseId: string, status: 0 | 1): Promise<boolean> {
    return this.send('status', { case_id: caseId, status });
  }

  breakUpstream(isDown: boolean): Promise<boolean> {
    return this.send('upstream', { down: isDown });
  }

  killWorker(): Promise<boolean> {
    return this.send('worker/kill', {});
  }

  /** What is posted since then, as it is posted, until the signal; first of all, from when on. Null: from now on. */
  async follow(
    since: number | null,
    listener: (told: Posted | { readonly since: number }) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await fetch(`/demo/ledger${since === null ? '' : `/${since}`}`, { headers: this.headers(), signal });
    if (!answer.ok || !answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data: ')) listener(JSON.parse(line.slice(6)) as Posted | { since: number });
      }
    }
  }

  private async send(action: string, body: object): Promise<boolean> {
    try {
      const headers = { ...this.headers(), 'content-type': 'application/json' };
      return (await fetch(`/demo/${action}`, { method: 'POST', headers, body: JSON.stringify(body) })).ok;
    } catch {
      return false;
    }
  }

  private headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }
}

/** One message in the ticket system. */
export interface Posted {
  readonly seq: number;
  readonly case_id: string;
  readonly content: string;
  /** ms since 1970. */
  readonly time_ms: number;
}
