import { expect, test } from 'vitest'
import type { Answer, NameServer, NameServers } from '../../../src/egress/resolver/answer.ts'
import { timedOut } from '../../../src/egress/resolver/failure-words.ts'
import { askInOrder, overdue } from '../../../src/egress/resolver/servers-in-order.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ips, name } from '../support.ts'

const a = name('a.test')
const found: Answer = { kind: 'addresses', ips: ips('192.0.2.1') }
const broken: Answer = { kind: 'failed', why: 'SERVFAIL' }

interface Made extends NameServer {
  readonly turns: number[]
}

/** `silent`: waits until its time is over, and notes how long that was. */
function server(label: string, says: Answer | 'silent', more: Partial<NameServer> = {}): Made {
  const turns: number[] = []
  return {
    label,
    failing: false,
    recall: () => null,
    turns,
    ask: (_name, stop) => {
      const since = performance.now()
      if (says !== 'silent') {
        turns.push(0)
        return Promise.resolve(says)
      }
      return new Promise((resolve) =>
        stop.addEventListener('abort', () => {
          if (stop.reason === overdue) turns.push(performance.now() - since)
          resolve(timedOut)
        }),
      )
    },
    ...more,
  }
}

const list = (servers: readonly NameServer[], known: Answer | null = null): NameServers => ({
  label: 'list',
  known: async () => known,
  servers: () => servers,
})
const times = { lookUpMs: 240, serverMs: 150, monotonic: () => performance.now() }
const ask = (lists: readonly NameServers[], stop = new StopSource(), admit = async () => {}) => askInOrder(lists, a, stop, times, admit)

test('each server has its even share of what is left, and what one does not need goes to the next', async () => {
  const [first, quick, second, last] = [server('1', 'silent'), server('2', broken), server('3', 'silent'), server('4', 'silent')]
  expect(await ask([list([first, quick]), list([second, last])])).toMatchObject({
    failures: [{ label: '1' }, { label: '2' }, { label: '3' }, { label: '4' }],
  })
  const [one = 0, three = 0, four = 0] = [first, second, last].map(({ turns }) => turns[0])
  expect(one).toBeGreaterThan(50)
  expect(one).toBeLessThan(85)
  expect(three).toBeGreaterThan(70)
  expect(one + three + four).toBeLessThan(300)
})

test('a single server has no more than a server may have', async () => {
  const only = server('1', 'silent')
  await ask([list([only])])
  expect(only.turns[0]).toBeGreaterThan(140)
  expect(only.turns[0]).toBeLessThan(220)
})

test('one that said nothing of late is asked last, and only of its own list', async () => {
  const [gone, good] = [server('gone', broken, { failing: true }), server('good', found)]
  expect(await ask([list([gone, good])])).toMatchObject({ label: 'good' })
  expect(gone.turns).toEqual([])
  expect(await ask([list([gone]), list([good])])).toMatchObject({ label: 'good' })
  expect(gone.turns).toEqual([0])
})

test('what is known needs no server and no place; so does what any server of the list said before', async () => {
  const admit = () => Promise.reject(new Error('full'))
  expect(await ask([list([server('1', broken)], found)], undefined, admit)).toEqual({ label: 'list', answer: found })
  const remembering = server('2', broken, { recall: () => found })
  expect(await ask([list([server('1', broken), remembering])], undefined, admit)).toEqual({ label: '2', answer: found })
  await expect(ask([list([server('1', found)])], undefined, admit)).rejects.toThrow('full')
})

test('a list that has nobody to ask hands on to the next', async () => {
  expect(await ask([list([])])).toMatchObject({ failures: [{ label: 'list', answer: { why: 'has no name server set' } }] })
  expect(await ask([list([]), list([server('2', found)])])).toMatchObject({ label: '2' })
})

test('where it cannot be told what is known without a server, none is asked', async () => {
  const unreadable = list([server('never', found)], { kind: 'failed', why: 'the hosts file cannot be read' })
  const next = server('2', found)
  expect(await ask([list([]), unreadable, list([next])])).toMatchObject({
    failures: [{ answer: { why: 'has no name server set' } }, { label: 'list', answer: { why: 'the hosts file cannot be read' } }],
  })
  expect(next.turns).toEqual([])
})

test('who leaves ends it', async () => {
  const stop = new StopSource()
  const next = server('2', found)
  const left = ask([list([server('1', 'silent'), next])], stop)
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort(new Error('gone'))
  expect(await left).toMatchObject({ failures: [{ label: '1' }] })
  expect(next.turns).toEqual([])
})
