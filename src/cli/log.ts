/** The program's log: pretty on a terminal, JSON lines otherwise. */
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

const level = process.env.RINGFENCE_LOG ?? 'info'

export function createLog(stream: NodeJS.WriteStream): Logger {
  if (!stream.isTTY) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return pino(
    { level },
    pretty({ destination: 1, sync: true, ignore: 'pid,hostname,flow,verdict,would,inbound,address,port', translateTime: 'SYS:HH:MM:ss' }),
  )
}
