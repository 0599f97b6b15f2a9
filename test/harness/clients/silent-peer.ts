import { OwnedProcess } from '../processes/owned-process.js';
import { until } from '../until.js';

/** Longest wait for an answer, ms. */
const WAIT_MS = 5000;
/** Characters of what was received that are kept. */
const KEPT = 100_000;

/** Connects, sends its third argument, after each answer the next one, and prints what it gets. SIGUSR1 sets the filter. */
const PROGRAM = String.raw`
use strict; use Socket; $| = 1;
my ($host, $port, @requests) = @ARGV;
socket(my $tcp, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
connect($tcp, sockaddr_in($port, inet_aton($host))) or die "connect: $!";
my $drop = pack('SCCL', 6, 0, 0, 0); # BPF_RET: keep 0 bytes of the packet
$SIG{USR1} = sub {
  setsockopt($tcp, SOL_SOCKET, 26, pack('S x![p] P', 1, $drop)) or die "SO_ATTACH_FILTER: $!";
  print STDERR "gone\n";
};
syswrite($tcp, pack('H*', shift @requests));
while (1) {
  my $read = sysread($tcp, my $part, 65536);
  if (defined $read) {
    exit if $read == 0;
    syswrite(STDOUT, $part);
    syswrite($tcp, pack('H*', shift @requests)) if @requests;
  } elsif (!$!{EINTR}) {
    exit;
  }
}`;

/**
 * A client that can go as a phone goes that changes networks: its connection stays, and nothing that arrives is
 * acknowledged. A filter on its socket drops every packet before TCP sees it. Node cannot set a filter; perl can, and is
 * part of every Debian.
 */
export class SilentPeer {
  private constructor(private readonly process: OwnedProcess) {}

  /**
   * Connects over IPv4.
   *
   * @param requests bytes (Latin-1): the first are sent at once, and after each answer the next. Resolves at the first answer
   */
  static async open(port: number, ...requests: readonly string[]): Promise<SilentPeer> {
    const env = { PATH: process.env['PATH'] ?? '' };
    const bytes = requests.map((request) => Buffer.from(request, 'latin1').toString('hex'));
    const args = ['-MErrno', '-e', PROGRAM, '127.0.0.1', String(port), ...bytes];
    const run = new OwnedProcess('perl', args, { env, keep: KEPT });
    await until(
      () => run.stdout !== '' || !run.isRunning,
      WAIT_MS,
      () => `an answer to perl; it wrote ${run.stderr}`,
    );
    if (!run.isRunning) throw new Error(`perl ended with ${await run.ending}: ${run.stderr}`);
    return new SilentPeer(run);
  }

  /** What it received. */
  get text(): string {
    return this.process.stdout;
  }

  /** Whether its connection is there, as far as it knows. */
  get isConnected(): boolean {
    return this.process.isRunning;
  }

  /** From now on it acknowledges nothing. */
  async vanish(): Promise<void> {
    this.process.signal('SIGUSR1');
    await until(
      () => this.process.stderr.includes('gone'),
      WAIT_MS,
      () => `the filter to be set; perl wrote ${this.process.stderr}`,
    );
  }

  /** Stops reading. The kernel goes on acknowledging until its buffer is full. */
  freeze(): void {
    this.process.signal('SIGSTOP');
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }
}
