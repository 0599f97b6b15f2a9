import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryGroup } from './memory-group.js';

describe('the memory that the kernel charges to a process', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pollcast-groups-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  };
  const groupOf = (pid: number) => MemoryGroup.of(pid, join(folder, 'groups'), join(folder, 'proc'));

  it('is read from version 2, with the part of sockets', () => {
    write('proc/7/cgroup', '0::/app\n');
    write('groups/app/cgroup.controllers', 'cpu memory pids\n');
    write('groups/app/cgroup.subtree_control', '\n');
    write('groups/app/pollcast-bench-7/memory.current', '9000000\n');
    write('groups/app/pollcast-bench-7/memory.stat', 'anon 5000000\nsock 65536\nshmem 0\n');
    const group = groupOf(7);
    expect(group).toBeInstanceOf(MemoryGroup);
    expect((group as MemoryGroup).read()).toEqual({ all: 9_000_000, sockets: 65_536 });
    expect(readFileSync(join(folder, 'groups/app/pollcast-bench-7/cgroup.procs'), 'utf8')).toBe('7');
    expect(readFileSync(join(folder, 'groups/app/cgroup.subtree_control'), 'utf8')).toBe('+memory');
  });

  it('is read from version 1, which counts sockets apart and only with a limit', () => {
    write('proc/7/cgroup', '9:name=systemd:/\n4:memory:/app\n0::/\n');
    write('groups/memory/app/pollcast-bench-7/memory.usage_in_bytes', '9000000\n');
    write('groups/memory/app/pollcast-bench-7/memory.kmem.tcp.usage_in_bytes', '65536\n');
    expect((groupOf(7) as MemoryGroup).read()).toEqual({ all: 9_065_536, sockets: 65_536 });
    const limit = join(folder, 'groups/memory/app/pollcast-bench-7/memory.kmem.tcp.limit_in_bytes');
    expect(Number(readFileSync(limit, 'utf8'))).toBeGreaterThan(1e10);
  });

  it('is not known where no group can be made, and says why', () => {
    write('proc/7/cgroup', '0::/app\n');
    write('groups/app/cgroup.controllers', 'cpu pids\n');
    expect(groupOf(7)).toMatch(/app has no memory controller$/);
    write('proc/8/cgroup', '\n');
    expect(groupOf(8)).toBe('it is in no control group');
    expect(groupOf(9)).toMatch(/^a control group for it cannot be made: .*ENOENT/);
  });
});
