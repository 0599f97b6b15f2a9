import { createRegistry, CredentialMetrics } from '#ops';
import { CredentialsReport } from './credentials-report.js';

describe('CredentialsReport', () => {
  it('counts every attempt, and writes a line only where the outcome is another one than before', async () => {
    const lines: string[] = [];
    const write = (level: string) => (_: object, text: string) => void lines.push(`${level} ${text}`);
    const logger = { info: write('info'), warn: write('warn'), error: write('error') };
    const registry = createRegistry('worker');
    const { tell } = new CredentialsReport(logger as never, new CredentialMetrics(registry));
    tell('accepted', 'accepted');
    ['one', 'two', 'three'].forEach((text) => tell('refused', text));
    ['for 900 s', 'for 899 s'].forEach((text) => tell('withheld', text));
    tell('failed', 'IAM answered 503');
    tell('accepted', 'accepted');
    expect(lines).toEqual([
      'error upstream credentials: one',
      'error upstream credentials: for 900 s',
      'warn upstream credentials: IAM answered 503',
      'info upstream credentials: accepted',
    ]);
    const counted = (await registry.getSingleMetric('pollcast_credential_attempts_total')?.get())?.values ?? [];
    expect(Object.fromEntries(counted.map(({ labels, value }) => [labels['outcome'], value]))).toEqual({
      accepted: 2,
      refused: 3,
      withheld: 2,
      failed: 1,
    });
  });
});
