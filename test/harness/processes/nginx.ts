import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { certificate } from '../upstream/certificate.js';
import { OwnedProcess } from './owned-process.js';
import { freePort, untilListening } from './ports.js';
import { ROOT } from './repository.js';

/** Longest orderly end, ms. */
const STOP_MS = 5000;
const DAY_MS = 86_400_000;
/** Where the configuration that users copy lies. */
const SHIPPED = join(ROOT, 'deploy/nginx');

/** Why there is no nginx on this machine; null if there is one. `npm test` finds or fetches it. */
export const nginxMissing: string | null =
  process.env['NGINX_MISSING'] ?? (process.env['NGINX_BIN'] ? null : 'NGINX_BIN is not set: run npm test');

/** A real nginx with the configuration of deploy/nginx, in front of gateways. It speaks HTTP/1.1, and HTTP/2 over TLS. */
export class Nginx {
  private constructor(
    private readonly process: OwnedProcess,
    private readonly folder: string,
    readonly port: number,
    readonly tlsPort: number,
  ) {}

  /** @param gateways ports of 127.0.0.1 */
  static async start(gateways: readonly number[]): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'pollcast-nginx-'));
    const [port, tlsPort] = [await freePort(), await freePort()];
    const { key, cert } = certificate(new Date(Date.now() - DAY_MS), new Date(Date.now() + DAY_MS));
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, gateways, port, tlsPort));
    const { NGINX_BIN = 'nginx', NGINX_LD = '', PATH = '' } = process.env;
    const run = new OwnedProcess(NGINX_BIN, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
      env: { PATH, ...(NGINX_LD ? { LD_LIBRARY_PATH: NGINX_LD } : {}) },
    });
    const nginx = new Nginx(run, folder, port, tlsPort);
    try {
      await untilListening(port, 'nginx');
    } catch (error) {
      await nginx.dispose();
      throw new Error(`${String(error)}\n${run.stderr}`);
    }
    return nginx;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get tlsUrl(): string {
    return `https://127.0.0.1:${this.tlsPort}`;
  }

  /** What it complained about, one line each: level `error` and above. */
  get errors(): string[] {
    return this.process.stderr.split('\n').filter((line) => /\[(?:error|crit|alert|emerg)\]/.test(line));
  }

  async dispose(): Promise<void> {
    await this.process.stop(STOP_MS);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, gateways: readonly number[], port: number, tlsPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    worker_processes 1;
    pid nginx.pid;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 4096; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ')}
      include ${SHIPPED}/pollcast.conf;
      upstream gateways {
        ${gateways.map((gateway) => `server 127.0.0.1:${gateway} max_fails=0;`).join(' ')}
        keepalive 64;
      }
      server {
        listen 127.0.0.1:${port};
        listen 127.0.0.1:${tlsPort} ssl http2;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        include ${SHIPPED}/pollcast-locations.conf;
      }
    }`;
}
