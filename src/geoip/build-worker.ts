/** The thread in which a table is built, so that the road never waits for it: specs in, an encoded table out. */
import { parentPort, workerData } from 'node:worker_threads'
import { buildTable } from './build.ts'

buildTable(workerData).then(
  (bytes) => parentPort?.postMessage({ bytes }, [bytes.buffer]),
  // An error keeps its class only as text; the message names the file and the fault.
  (error: unknown) => parentPort?.postMessage({ file: fileOf(error), message: error instanceof Error ? error.message : String(error) }),
)

const fileOf = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'file' in error ? String(error.file) : null
