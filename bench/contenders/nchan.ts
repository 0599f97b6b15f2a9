import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DialectName } from '../load/dialect.js';
import { ticketName } from '../load/commands.js';
import { freePort, untilListening } from '../../test/harness/processes/ports.js';
import { BenchProcess } from '../support/process.js';
import { MeasuredProcess } from '../support/measured-process.js';
import type { Contender, ContenderKind, Posting } from './contender.js';
import { eventData, eventId } from './event-data.js';

/** The folder of Debian's nginx and libnginx-mod-nchan. */
const ROOT = process.env['NCHAN_ROOT'] ?? '/';
const NGINX = join(ROOT, 'usr/sbin/nginx');
const MODULE = join(ROOT, 'usr/lib/nginx/modules/ngx_nchan_module.so');
const LIBRARIES = join(ROOT, 'usr/lib/x86_64-linux-gnu');
/**
 * nginx with nchan creates the folder that it was compiled with, whatever the configuration says. If the package is
 * only unpacked, the parent of that folder is missing. Then nginx gets a private /var/lib in a mount namespace.
 */
const COMPILED_FOLDER = '/var/lib/nginx';
const IN_OWN_VAR_LIB = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /var/lib && mkdir "$0" && exec "$@"'];

/** nchan, an nginx module in C. Messages are published to it over HTTP. */
export class Nchan implements ContenderKind {
  constructor(
    readonly name: string,
    private readonly dialect: DialectName,
  ) {}

  absent(): string | null {
    const missing = [NGINX, MODULE].filter((path) => !existsSync(path));
    return missing.length > 0 ? `${missing.join(', ')}: install nginx and libnginx-mod-nchan, or set NCHAN_ROOT` : null;
  }

  async start(): Promise<Contender> {
    const [port, publishPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), 'pollcast-nchan-'));
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, publishPort));
    const nginx = [NGINX, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf'), '-p', folder];
    const wrapped = existsSync(COMPILED_FOLDER) ? nginx : [...IN_OWN_VAR_LIB, COMPILED_FOLDER, ...nginx];
    const [command = NGINX, ...args] = wrapped;
    const master = BenchProcess.command(command, args, { LD_LIBRARY_PATH: LIBRARIES });
    await untilListening(port, this.name);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    return {
      name: this.name,
      server: new MeasuredProcess(workerOf(master.pid)),
      endpoint: { dialect: this.dialect, port, path: '/sub?ticket={ticket}', subscribes: false },
      publish: async (postings) => {
        await Promise.all(byTicket(postings).map((own) => post(agent, publishPort, own)));
      },
      stop: async () => {
        agent.destroy();
        await master.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
}

function configuration(folder: string, port: number, publishPort: number): string {
  return `load_module ${MODULE};
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; user root;
events { worker_connections 16000; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  nchan_max_reserved_memory 512M;
  server { listen 127.0.0.1:${port} backlog=1024;
    location /sub { nchan_subscriber eventsource websocket; nchan_channel_id $arg_ticket;
      nchan_subscriber_first_message newest; } }
  server { listen 127.0.0.1:${publishPort};
    location /pub { nchan_publisher; nchan_channel_id $arg_ticket; nchan_message_buffer_length 500; } }
}
`;
}

/** The process that serves clients: the child of nginx's master process. */
function workerOf(master: number): number {
  const isWorker = (pid: string) =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(master);
  return Number(
    readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/stat`) && isWorker(pid)),
  );
}

/** Groups messages by ticket. Messages of one ticket are sent in order; those of different tickets at the same time. */
function byTicket(postings: readonly Posting[]): Posting[][] {
  const tickets = new Map<number, Posting[]>();
  postings.forEach((posting) => tickets.set(posting.ticket, [...(tickets.get(posting.ticket) ?? []), posting]));
  return [...tickets.values()];
}

async function post(agent: Agent, port: number, postings: readonly Posting[]): Promise<void> {
  for (const posting of postings) {
    await new Promise<void>((resolve, reject) => {
      const path = `/pub?ticket=${ticketName(posting.ticket)}`;
      const headers = { 'x-eventsource-event': 'message', 'x-id': eventId(posting.number) };
      const sent = request({ agent, port, host: '127.0.0.1', path, method: 'POST', headers }, (response) => {
        response.resume().once('end', resolve);
      });
      sent.once('error', reject);
      sent.end(eventData(posting));
    });
  }
}
