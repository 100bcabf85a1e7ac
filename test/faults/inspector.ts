/** The debugger of a gateway process (Chrome DevTools Protocol), for what cannot be seen from outside. */
export interface Inspector {
  /** Bytes in use on the heap after a collection of all garbage, in MB. */
  heapAfterCollection(): Promise<number>
  close(): void
}

export async function openInspector(address: string): Promise<Inspector> {
  const socket = new WebSocket(address)
  const waiting = new Map<number, (result: unknown) => void>()
  let number = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown } // the protocol's own shape
    if (id === undefined) return
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error(`no debugger at ${address}`)))
  })
  const ask = (method: string) =>
    new Promise<unknown>((resolve) => {
      number += 1
      waiting.set(number, resolve)
      socket.send(JSON.stringify({ id: number, method }))
    })
  return {
    async heapAfterCollection() {
      await ask('HeapProfiler.collectGarbage')
      const { usedSize } = (await ask('Runtime.getHeapUsage')) as { usedSize: number } // the protocol's own shape
      return usedSize / 2 ** 20
    },
    close: () => socket.close(),
  }
}
