/** A vitest reporter that counts, for `test/run.mjs`, and keeps what vitest's own JSON leaves out: why a test was skipped. */
import fs from 'node:fs'
import path from 'node:path'

export default class Tally {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: 0, skipped: [], broken: [] }
    for (const error of unhandledErrors) tally.broken.push(`unhandled ${firstLine(error)}`)
    for (const module of modules) {
      const file = path.relative(module.project.config.root, module.moduleId)
      // A file that can't be loaded, and a hook that fails, belong to no test.
      for (const suite of [module, ...module.children.allSuites()]) {
        for (const error of suite.errors()) tally.broken.push(`${file}: ${firstLine(error)}`)
      }
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') tally.passed++
        else if (result.state === 'failed') tally.failed++
        else if (result.state === 'skipped') tally.skipped.push({ name: `${file} > ${test.fullName}`, why: result.note ?? whyNot(test) })
        else tally.broken.push(`${file} > ${test.fullName} never ended`)
      }
    }
    fs.writeFileSync(process.env.RINGFENCE_TALLY, JSON.stringify(tally))
  }
}

const whyNot = (test) => (test.options.mode === 'todo' ? 'to do' : "no reason given, say it with context.skip('why')")

const firstLine = (error) => `${error.name ?? 'Error'}: ${String(error.message).split('\n', 1)[0]}`
