/**
 * Preloaded into a process (`--require`). At each SIGUSR2 its wall clock jumps: first an hour ahead, then an hour behind, then
 * back to the real time. The monotonic clock and timers are not changed, as on a real machine.
 */
const JUMPS_MS = [3_600_000, -3_600_000, 0];
const RealDate = Date;
let jumps = 0;
let shift = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + shift] : args));
  }

  static now() {
    return RealDate.now() + shift;
  }
};

process.on('SIGUSR2', () => {
  shift = JUMPS_MS[jumps % JUMPS_MS.length];
  jumps += 1;
});
