import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exchange } from '../clients/exchange.js';
import { OwnedProcess } from './owned-process.js';
import { freePort, untilListening } from './ports.js';

/** Longest orderly end, ms. */
const STOP_MS = 5000;

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** A real Prometheus that reads programs once a second, as the one of a cluster would with the labels of its operator. */
export class Prometheus {
  private constructor(
    private readonly process: OwnedProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  /** @param ports of the programs, on 127.0.0.1 */
  static async start(ports: readonly number[], labels: Readonly<Record<string, string>>): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'pollcast-prometheus-'));
    const targets = ports.map((port) => `127.0.0.1:${port}`);
    const jobs = [{ job_name: 'pollcast', static_configs: [{ targets, labels }] }];
    const config = { global: { scrape_interval: '1s' }, scrape_configs: jobs };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML.
    const port = await freePort();
    const { PROMETHEUS_BIN = 'prometheus', PROMETHEUS_LD = '', PATH = '' } = process.env;
    const options = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const env = { PATH, ...(PROMETHEUS_LD ? { LD_LIBRARY_PATH: PROMETHEUS_LD } : {}) };
    const prometheus = new Prometheus(
      new OwnedProcess(PROMETHEUS_BIN, options, { env }),
      folder,
      `http://127.0.0.1:${port}`,
    );
    await untilListening(port, 'Prometheus');
    return prometheus;
  }

  /** The value of an expression; null: it has none. */
  async query(expr: string): Promise<number | null> {
    const { text } = await exchange(`${this.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const [first] = (JSON.parse(text) as QueryAnswer).data.result;
    return first ? Number(first.value[1]) : null;
  }

  async dispose(): Promise<void> {
    await this.process.stop(STOP_MS);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
