import { readdir, readFile } from 'node:fs/promises'

const ticksPerSecond = 100
const isNumber = /^\d+$/

/** The processor time of a process, of its children, and of those that have ended: seconds, from Linux's /proc. */
export async function processorSeconds(pid: number): Promise<number> {
  const found = new Map<number, { readonly parent: number; readonly ticks: number }>()
  for (const name of await readdir('/proc')) {
    if (!isNumber.test(name)) continue
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null)
    if (text === null) continue
    // proc_pid_stat(5): the name, in parentheses, can hold spaces. utime to cstime are the fields 14 to 17.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    found.set(Number(name), {
      parent: Number(fields[1]),
      ticks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0),
    })
  }
  const belongs = (one: number): boolean => one === pid || (found.has(one) && belongs(found.get(one)?.parent ?? 0))
  let ticks = 0
  for (const [one, process] of found) if (belongs(one)) ticks += process.ticks
  return ticks / ticksPerSecond
}

/**
 * The processor time that the machine had for these processes and their children: what they used, what nobody used, and
 * what the kernel spent in interrupts. The time of all other processes is left out. Seconds, from Linux's /proc.
 */
export async function availableSeconds(pids: readonly number[]): Promise<number> {
  // proc_stat(5): the times of all processors are user, nice, system, idle, iowait, irq and softirq, then others.
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n')
  const [, , , idle = 0, waiting = 0, irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number)
  const own = await Promise.all(pids.map(processorSeconds))
  return own.reduce((sum, seconds) => sum + seconds, (idle + waiting + irq + softirq) / ticksPerSecond)
}

export const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
