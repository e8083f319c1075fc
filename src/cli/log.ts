/** The program's log: pretty on a terminal, JSON lines otherwise. */
import { type Logger, levels, pino } from 'pino'
import pretty from 'pino-pretty'
import { OperatorError } from '../model/errors.ts'
import { didYouMean } from '../model/suggest.ts'

/** What a terminal shows of a line is its sentence; the fields are for programs. */
const fieldsForPrograms = 'pid,hostname,flow,verdict,would,inbound,address,port,code,signal'

/** A log to a stream. Where its reader goes away (`| head`), the log ends and the proxy goes on: flows are recorded in the journal. */
export function createLog(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Logger {
  const level = levelOf(env.RINGFENCE_LOG)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // On Windows a closed pipe shows as EOF.
    if (error.code !== 'EPIPE' && error.code !== 'EOF') throw error
    log.level = 'silent'
  })
  const log = stream.isTTY
    ? pino({ level }, pretty({ destination: stream, ignore: fieldsForPrograms, translateTime: 'SYS:HH:MM:ss' }))
    : pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return log
}

const known = [...Object.values(levels.labels), 'silent']

function levelOf(wanted: string | undefined): string {
  if (wanted === undefined || wanted === '') return 'info'
  if (known.includes(wanted)) return wanted
  throw new OperatorError(`RINGFENCE_LOG: "${wanted}" is not one of ${known.join(', ')}${didYouMean(wanted, known)}`)
}
