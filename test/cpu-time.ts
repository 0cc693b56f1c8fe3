/** Milliseconds of this thread's processor that the work takes: what else the machine does is not counted. */
export function cpuMsOf(work: () => unknown): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000;
}
